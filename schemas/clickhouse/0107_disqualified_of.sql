-- A lead that is given away after it was disqualified stays with who had it then, as in disqualified_share.
ALTER TABLE sales_rows.leads
    ADD COLUMN IF NOT EXISTS disqualified_of LowCardinality(String) COMMENT 'who had it when it was disqualified, else who has it' AFTER disqualify_reason;
-- Why deals are lost and leads disqualified; add up n and amount over any days. A deal counts at each entry into a
-- lost stage from one that is not lost, and for whoever was responsible then, as in deals_lost.
CREATE OR REPLACE VIEW sales.reasons
(
    day Date COMMENT 'when it was lost or disqualified, in the time zone of the group',
    kind String COMMENT 'lost (a deal) or disqualified (a lead)',
    reason Nullable(String) COMMENT 'as the source says it; null when it says none',
    manager Nullable(String) COMMENT 'who was responsible for the deal when it was lost, or had the lead when it was disqualified',
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
    SELECT 'disqualified', disqualify_reason, toString(if(disqualified_of = '', manager, disqualified_of)), toString(`group`), assumeNotNull(disqualified_at), NULL
    FROM sales_rows.leads FINAL
    WHERE disqualified_at IS NOT NULL
) AS found
LEFT JOIN sales_rows.groups AS g FINAL ON g.`group` = found.`group`
GROUP BY day, kind, reason, manager, `group`
COMMENT 'Losses and disqualifications by reason, manager, group and day';
