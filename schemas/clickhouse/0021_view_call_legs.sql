CREATE OR REPLACE VIEW sales.call_legs DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    source,
    call_id,
    leg,
    customer,
    manager,
    nullIf(`group`, '') AS `group`,
    offered_at,
    answered_at,
    left_at,
    ring_ms / 1000 AS ring_s,
    talk_ms / 1000 AS talk_s,
    nullIf(end_reason, '') AS end_reason
FROM sales_rows.call_legs FINAL;
