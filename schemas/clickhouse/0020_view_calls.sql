-- Views run with the rights of whoever migrated, so that a reader needs rights on `sales` alone.
-- A call without an end is judged when it is read: after four hours nobody knows how it ended.
CREATE OR REPLACE VIEW sales.calls DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    call_id,
    source,
    nullIf(direction, '') AS direction,
    customer,
    nullIf(`group`, '') AS `group`,
    nullIf(manager, '') AS manager,
    nullIf(line, '') AS line,
    started_at,
    answered_at,
    ended_at,
    wait_ms / 1000 AS wait_s,
    wait_total_ms / 1000 AS wait_total_s,
    talk_ms / 1000 AS talk_s,
    hold_ms / 1000 AS hold_s,
    if(outcome = 'in_progress' AND ifNull(started_at, answered_at) < now64(3, 'UTC') - INTERVAL 4 HOUR, 'unknown', outcome)
        AS outcome,
    in_hours,
    nullIf(excluded_reason, '') AS excluded_reason,
    offers,
    offers_missed,
    nullIf(ended_by, '') AS ended_by,
    nullIf(end_reason, '') AS end_reason,
    transferred,
    nullIf(recording, '') AS recording,
    nullIf(recovered_by, '') AS recovered_by,
    recovered_at,
    recovery_ms / 1000 AS recovery_s,
    first_callback_at,
    rating
FROM sales_rows.calls FINAL;
