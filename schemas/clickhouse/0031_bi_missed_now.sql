-- For BI and the lead's list: missed calls that nobody has settled, oldest first when ordered by since.
CREATE OR REPLACE VIEW sales.bi_missed_now DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    i.since AS since,
    i.due_at AS due_at,
    i.age_s / 60 AS waiting_minutes,
    ifNull(i.due_at < now64(3, 'UTC'), false) AS overdue,
    i.state AS state,
    i.misses AS misses,
    i.attempts AS attempts,
    i.last_attempt_at AS last_attempt_at,
    i.`group` AS `group`,
    if(g.name = '', ifNull(i.`group`, 'unassigned'), g.name) AS group_name,
    i.taken_by AS taken_by,
    i.customer AS customer,
    nullIf(p.phone_masked, '') AS phone_masked,
    i.source AS source,
    i.item_id AS item_id
FROM sales.open_items AS i
LEFT JOIN sales.groups AS g ON g.`group` = ifNull(i.`group`, 'unassigned')
LEFT JOIN sales.customers_masked AS p ON p.customer = i.customer
WHERE i.kind = 'missed_call';
