-- For BI: what a manager did on a day of his group's time zone. Counts of distinct calls come from the
-- measured facts, so they agree with the KPI of the same names; sums may be added up, averages may not.
CREATE OR REPLACE VIEW sales.bi_manager_day DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
WITH
    (SELECT if(max(time_zone) = '', 'UTC', max(time_zone)) FROM sales.groups WHERE `group` = 'unassigned') AS default_zone
SELECT
    toDate(toDateTime(toString(f.measured_at, if(m.time_zone = '', default_zone, m.time_zone)), 'UTC')) AS day,
    f.subject AS manager,
    any(if(m.name = '', f.subject, m.name)) AS manager_name,
    any(m.`group`) AS `group`,
    countIf(f.name = 'handled') AS calls_handled,
    countIf(f.name = 'call_answered_by') AS calls_answered,
    countIf(f.name = 'offer') AS offers,
    countIf(f.name = 'offer_missed') AS offers_missed,
    countIf(f.name = 'dial') AS dials,
    countIf(f.name = 'dial_conversation') AS dials_conversations,
    countIf(f.name = 'quality') AS quality_calls,
    sumIf(f.value, f.name = 'talk') / 1000 AS talk_s,
    countIf(f.name = 'callback_made') AS callbacks_made,
    countIf(f.name = 'callback_reached') AS callbacks_reached,
    max(f.measured_at) AS last_at
FROM sales.measurements AS f
LEFT JOIN sales.managers AS m ON m.manager = f.subject
WHERE f.subject_kind = 'manager'
GROUP BY day, manager;
