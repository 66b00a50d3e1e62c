-- Events for drill-down; what the contract does not know (extra) stays inside, nobody can say what it holds.
CREATE OR REPLACE VIEW sales.events DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    source,
    event_id,
    type,
    at AS occurred_at,
    customer,
    nullIf(manager, '') AS manager,
    nullIf(`group`, '') AS `group`,
    data,
    logged_at
FROM sales_rows.events FINAL;
