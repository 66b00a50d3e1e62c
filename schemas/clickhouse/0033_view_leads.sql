-- Leads that were removed are not shown. Durations are seconds by the calendar.
CREATE OR REPLACE VIEW sales.leads DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    lead_id,
    source,
    customer,
    nullIf(channel, '') AS channel,
    nullIf(manager, '') AS manager,
    `group`,
    created_at,
    first_attempt_at,
    first_attempt_ms / 1000 AS first_attempt_s,
    first_contact_at,
    first_contact_ms / 1000 AS first_contact_s,
    attempts,
    disqualified_at,
    nullIf(disqualify_reason, '') AS disqualify_reason
FROM sales_rows.leads FINAL;
