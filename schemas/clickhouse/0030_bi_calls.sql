-- For BI: a call with names instead of ids and the local time of its group, ready for a pivot table.
-- Excluded calls are left out. The customer is shown masked.
CREATE OR REPLACE VIEW sales.bi_calls DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
WITH
    (SELECT if(max(time_zone) = '', 'UTC', max(time_zone)) FROM sales.groups WHERE `group` = 'unassigned') AS default_zone
SELECT
    c.source AS source,
    c.call_id AS call_id,
    c.direction AS direction,
    c.outcome AS outcome,
    c.`group` AS `group`,
    if(g.name = '', ifNull(c.`group`, 'unassigned'), g.name) AS group_name,
    c.manager AS manager,
    if(m.name = '', c.manager, m.name) AS manager_name,
    c.customer AS customer,
    nullIf(p.phone_masked, '') AS phone_masked,
    c.started_at AS started_at,
    toDateTime(toString(assumeNotNull(c.started_at), if(g.time_zone = '', default_zone, g.time_zone)), 'UTC') AS started_local,
    toDate(started_local) AS day,
    toDayOfWeek(started_local) AS weekday,
    toHour(started_local) AS hour,
    c.in_hours AS in_hours,
    c.wait_s AS wait_s,
    c.talk_s AS talk_s,
    c.offers AS offers,
    c.offers_missed AS offers_missed,
    c.recovered_by AS recovered_by,
    c.recovery_s AS recovery_s
FROM sales.calls AS c
LEFT JOIN sales.groups AS g ON g.`group` = ifNull(c.`group`, 'unassigned')
LEFT JOIN sales.managers AS m ON m.manager = ifNull(c.manager, '')
LEFT JOIN sales.customers_masked AS p ON p.customer = c.customer
WHERE c.excluded_reason IS NULL AND c.started_at IS NOT NULL;
