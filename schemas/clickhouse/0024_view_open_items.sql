-- What waits now, with its age by the calendar.
CREATE OR REPLACE VIEW sales.open_items DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    source,
    kind,
    item_id,
    customer,
    nullIf(manager, '') AS manager,
    nullIf(`group`, '') AS `group`,
    nullIf(line, '') AS line,
    state,
    misses,
    attempts,
    last_attempt_at,
    nullIf(taken_by, '') AS taken_by,
    since,
    due_at,
    expires_at,
    dateDiff('millisecond', since, now64(3, 'UTC')) / 1000 AS age_s,
    CAST(NULL AS Nullable(Float64)) AS age_work_s
FROM sales_rows.open_items FINAL
WHERE expires_at IS NULL OR expires_at > now64(3, 'UTC');
