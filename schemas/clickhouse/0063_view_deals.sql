-- Removed deals are not shown. Amounts are in the company currency, whole and hundredths.
CREATE OR REPLACE VIEW sales.deals
(
    source String COMMENT 'system that has the deal',
    deal_id String COMMENT 'as the source names it',
    pipeline String COMMENT 'id of funnel.yaml, or unmapped:<source>:<name>',
    stage String COMMENT 'present stage',
    stage_kind String COMMENT 'open, won or lost',
    customer String COMMENT 'customer key',
    manager Nullable(String) COMMENT 'who is responsible now',
    `group` Nullable(String) COMMENT 'his group when he became responsible',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when its first stage began',
    closed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was won or lost; null while open',
    stage_since Nullable(DateTime64(3, 'UTC')) COMMENT 'when its present stage began',
    due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the limit of its present open stage passes',
    amount Nullable(Decimal(18, 2)) COMMENT 'in the company currency; null when unknown',
    currency Nullable(String) COMMENT 'in which the source named the amount',
    loss_reason Nullable(String) COMMENT 'as the source says it',
    lead_id Nullable(String) COMMENT 'lead that it came from, if the source says so',
    proposed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first proposal'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    source, deal_id, pipeline, stage, stage_kind, customer,
    nullIf(manager, '') AS manager,
    nullIf(`group`, '') AS `group`,
    created_at, closed_at, stage_since, due_at,
    toDecimal128(amount_minor, 2) / 100 AS amount,
    nullIf(currency, '') AS currency,
    nullIf(loss_reason, '') AS loss_reason,
    nullIf(lead_id, '') AS lead_id,
    proposed_at
FROM sales_rows.deals FINAL
COMMENT 'A deal as it stands';
CREATE OR REPLACE VIEW sales.stage_stays
(
    source String COMMENT 'system that has the deal',
    event_id String COMMENT 'event that opened the stay; identifies it with the source',
    deal_id String COMMENT 'as the source names it',
    pipeline String COMMENT 'id of funnel.yaml, or unmapped:<source>:<name>',
    stage String COMMENT 'id of funnel.yaml, or unmapped:<source>:<name>',
    stage_kind String COMMENT 'open, won or lost',
    entered_at DateTime64(3, 'UTC') COMMENT 'when the deal came into the stage',
    left_at Nullable(DateTime64(3, 'UTC')) COMMENT 'next change of the same deal; null while it lasts',
    dwell_s Nullable(Float64) COMMENT 'seconds from entered_at to left_at',
    due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the limit of the stage passes',
    manager Nullable(String) COMMENT 'who was responsible at its end, or is now',
    `group` Nullable(String) COMMENT 'his group when the stay began',
    customer String COMMENT 'customer key',
    amount Nullable(Decimal(18, 2)) COMMENT 'in the company currency, at its end or now',
    currency Nullable(String) COMMENT 'in which the source named the amount',
    loss_reason Nullable(String) COMMENT 'as the source says it'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    source, event_id, deal_id, pipeline, stage, stage_kind, entered_at, left_at,
    dwell_ms / 1000 AS dwell_s,
    due_at,
    nullIf(manager, '') AS manager,
    nullIf(`group`, '') AS `group`,
    customer,
    toDecimal128(amount_minor, 2) / 100 AS amount,
    nullIf(currency, '') AS currency,
    nullIf(loss_reason, '') AS loss_reason
FROM sales_rows.stage_stays FINAL
COMMENT 'A stay of a deal in a stage';
CREATE OR REPLACE VIEW sales.tasks
(
    source String COMMENT 'system that has the task',
    task_id String COMMENT 'as the source names it',
    customer String COMMENT 'customer key',
    manager Nullable(String) COMMENT 'who is to do it',
    `group` Nullable(String) COMMENT 'his group when he got it',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was made',
    due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'as last named',
    done_at Nullable(DateTime64(3, 'UTC')) COMMENT 'null while it is not done'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    source, task_id, customer,
    nullIf(manager, '') AS manager,
    nullIf(`group`, '') AS `group`,
    created_at, due_at, done_at
FROM sales_rows.tasks FINAL
COMMENT 'A task as it stands';
