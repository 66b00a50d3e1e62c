-- Open deals as they stand. Amounts are in the company currency.
CREATE OR REPLACE VIEW sales.pipeline_now
(
    pipeline String COMMENT 'id of funnel.yaml, or unmapped:<source>:<name>',
    stage String COMMENT 'id of funnel.yaml, or unmapped:<source>:<name>',
    stage_name Nullable(String) COMMENT 'name in funnel.yaml; null when it is not listed',
    position Nullable(UInt32) COMMENT 'order in funnel.yaml; null when it is not listed',
    manager Nullable(String) COMMENT 'who is responsible',
    name Nullable(String) COMMENT 'name of that manager in the directory',
    `group` Nullable(String) COMMENT 'his group when he became responsible',
    deals UInt64 COMMENT 'how many are open',
    amount Nullable(Decimal(18, 2)) COMMENT 'sum of the known amounts; null when none is known',
    oldest_s Nullable(Float64) COMMENT 'seconds since the oldest of them began its first stage',
    longest_in_stage_s Nullable(Float64) COMMENT 'seconds for which one of them has been in this stage',
    overdue UInt64 COMMENT 'how many are longer in the stage than it allows'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    d.pipeline AS pipeline,
    d.stage AS stage,
    nullIf(any(f.name), '') AS stage_name,
    if(any(f.stage) = '', NULL, any(f.position)) AS position,
    nullIf(d.manager, '') AS manager,
    nullIf(any(m.name), '') AS name,
    nullIf(d.`group`, '') AS `group`,
    count() AS deals,
    toDecimal128(sum(d.amount_minor), 2) / 100 AS amount,
    dateDiff('millisecond', min(d.created_at), now64(3, 'UTC')) / 1000 AS oldest_s,
    dateDiff('millisecond', min(d.stage_since), now64(3, 'UTC')) / 1000 AS longest_in_stage_s,
    countIf(d.due_at <= now64(3, 'UTC')) AS overdue
FROM sales_rows.deals AS d FINAL
LEFT JOIN sales_rows.funnel_stages AS f FINAL ON f.pipeline = d.pipeline AND f.stage = d.stage
LEFT JOIN sales_rows.managers AS m FINAL ON m.manager = d.manager
WHERE d.stage_kind = 'open'
GROUP BY d.pipeline, d.stage, d.manager, d.`group`
COMMENT 'Open deals by pipeline, stage and manager';
