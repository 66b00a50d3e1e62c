-- A loss is of who was responsible when the deal was lost; the stay's own manager is who was so at its end.
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
    loss_reason Nullable(String) COMMENT 'as the source says it',
    manager_at_entry Nullable(String) COMMENT 'who was responsible when the deal came into the stage'
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
    nullIf(loss_reason, '') AS loss_reason,
    nullIf(if(empty(owners), toString(manager), owners[1].2), '') AS manager_at_entry
FROM sales_rows.stage_stays FINAL
COMMENT 'A stay of a deal in a stage';
-- Why deals are lost and leads disqualified; add up n and amount over any days. A deal counts at each entry into a
-- lost stage from one that is not lost, and for whoever was responsible then, as in deals_lost.
CREATE OR REPLACE VIEW sales.reasons
(
    day Date COMMENT 'when it was lost or disqualified, in the time zone of the group',
    kind String COMMENT 'lost (a deal) or disqualified (a lead)',
    reason Nullable(String) COMMENT 'as the source says it; null when it says none',
    manager Nullable(String) COMMENT 'who was responsible for the deal when it was lost, or has the lead',
    `group` Nullable(String) COMMENT 'group of the manager when it was lost, or of the lead',
    n UInt64 COMMENT 'how many',
    amount Nullable(Decimal(18, 2)) COMMENT 'known amounts of lost deals, in the company currency; null when none is known'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
WITH
    (SELECT if(max(time_zone) = '', 'UTC', toString(max(time_zone))) FROM sales_rows.groups FINAL WHERE `group` = 'unassigned') AS default_zone
SELECT
    toDate(formatDateTime(found.at, '%F', if(g.time_zone = '', assumeNotNull(default_zone), toString(g.time_zone)))) AS day,
    found.kind AS kind,
    nullIf(found.reason, '') AS reason,
    nullIf(found.manager, '') AS manager,
    nullIf(found.`group`, '') AS `group`,
    count() AS n,
    toDecimal128(sum(found.amount_minor), 2) / 100 AS amount
FROM
(
    SELECT 'lost' AS kind, loss_reason AS reason, manager, `group`, entered_at AS at, amount_minor
    FROM
    (
        SELECT
            loss_reason, entered_at, amount_minor, stage_kind,
            if(empty(owners), toString(manager), owners[1].2) AS manager, if(empty(owners), toString(`group`), owners[1].3) AS `group`,
            lagInFrame(toString(stage_kind)) OVER
                (PARTITION BY source, deal_id ORDER BY entered_at, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
        FROM sales_rows.stage_stays FINAL
    )
    WHERE stage_kind = 'lost' AND before != 'lost'
    UNION ALL
    SELECT 'disqualified', disqualify_reason, toString(manager), toString(`group`), assumeNotNull(disqualified_at), NULL
    FROM sales_rows.leads FINAL
    WHERE disqualified_at IS NOT NULL
) AS found
LEFT JOIN sales_rows.groups AS g FINAL ON g.`group` = found.`group`
GROUP BY day, kind, reason, manager, `group`
COMMENT 'Losses and disqualifications by reason, manager, group and day';
