-- What was paid stays readable as it was paid. A closing is a row of `closed_periods`, written last: rows of the other
-- tables belong to it by its version, so a closing that was cut off has never been. `salespulse period` writes them.
CREATE TABLE IF NOT EXISTS sales_rows.closed_periods
(
    period_start Date COMMENT 'first local day',
    period_end Date COMMENT 'last local day',
    closed_by String COMMENT 'who closed it',
    closed_at DateTime64(3, 'UTC') COMMENT 'when it was closed',
    version UInt64 COMMENT 'closed_at in ms; rows of its closing have the same',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (period_start, period_end)
COMMENT 'Periods that are closed';
CREATE TABLE IF NOT EXISTS sales_rows.kpi_closed
(
    period_start Date COMMENT 'first local day',
    period_end Date COMMENT 'last local day',
    subject_kind LowCardinality(String) COMMENT 'manager, group, all or line',
    subject String COMMENT 'as in kpi_period',
    kpi LowCardinality(String) COMMENT 'id of the KPI',
    value Nullable(Float64) COMMENT 'as it was at the closing, in the unit of the KPI',
    n Int64 COMMENT 'how many the value rests on',
    num Nullable(Float64) COMMENT 'numerator of a share or mean, else null',
    den Nullable(Int64) COMMENT 'denominator of a share or mean, else null',
    mature Float64 COMMENT 'share of the cohort whose deadline had passed',
    revised_at DateTime64(3, 'UTC') COMMENT 'when the newest was stored that the value rests on',
    param Nullable(String) COMMENT 'how a service level was reckoned',
    version UInt64 COMMENT 'of the closing',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (period_start, period_end, subject_kind, subject, kpi)
COMMENT 'Values of KPI as they were when their period was closed';
CREATE TABLE IF NOT EXISTS sales_rows.deals_closed
(
    period_start Date COMMENT 'first local day',
    period_end Date COMMENT 'last local day',
    entity String COMMENT '<source>/<deal_id>',
    name LowCardinality(String) COMMENT 'deal_won or won_amount',
    manager LowCardinality(String) COMMENT 'for whom it counted',
    `group` LowCardinality(String) COMMENT 'for which group it counted',
    value Int64 COMMENT 'deals won less those reopened, or minor units of the company currency',
    version UInt64 COMMENT 'of the closing',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (period_start, period_end, entity, name, manager, `group`)
COMMENT 'Deals that deals_won and won_amount of a closed period rested on';
CREATE TABLE IF NOT EXISTS sales_rows.bonus_closed
(
    period_start Date COMMENT 'first local day',
    period_end Date COMMENT 'last local day',
    `group` String COMMENT 'whose formula it is',
    manager String COMMENT 'whose bonus it is',
    kpi LowCardinality(String) COMMENT 'term of the formula',
    value Nullable(Float64) COMMENT 'of the KPI, as it was at the closing',
    n Int64 COMMENT 'how many the value rests on',
    target Nullable(Float64) COMMENT 'in the unit of the KPI',
    weight Float64 COMMENT 'share of the base',
    attainment Nullable(Float64) COMMENT 'from 0 to the cap',
    cap Float64 COMMENT 'attainment above which nothing is added',
    money Float64 COMMENT 'of this term, in the currency',
    note String COMMENT 'why it is what it is, where that needs saying',
    currency LowCardinality(String),
    version UInt64 COMMENT 'of the closing',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (period_start, period_end, `group`, manager, kpi)
COMMENT 'Bonus proposals as they were when their period was closed, term by term';
CREATE TABLE IF NOT EXISTS sales_rows.bonus_approvals
(
    period_start Date COMMENT 'first local day',
    period_end Date COMMENT 'last local day',
    `group` String COMMENT 'whose bonuses are approved',
    approved_by String COMMENT 'the person who decided',
    approved_at DateTime64(3, 'UTC') COMMENT 'when',
    version UInt64 COMMENT 'approved_at in ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (period_start, period_end, `group`)
COMMENT 'Who approved the bonus proposals of a group';
CREATE TABLE IF NOT EXISTS sales_rows.adjustments_closed
(
    period_start Date COMMENT 'first local day of the period that it corrects',
    period_end Date COMMENT 'last local day of the period that it corrects',
    kind LowCardinality(String) COMMENT 'kpi or bonus',
    subject_kind LowCardinality(String) COMMENT 'manager, group, all or line',
    subject String COMMENT 'whose value it is',
    `group` String COMMENT 'of a bonus: whose formula it is; else empty',
    kpi LowCardinality(String) COMMENT 'id of the KPI',
    closed_value Nullable(Float64) COMMENT 'before',
    value Nullable(Float64) COMMENT 'afterwards; what later corrections are compared with',
    n Nullable(Int64) COMMENT 'how many the value rests on',
    param Nullable(String) COMMENT 'how a service level is reckoned',
    revised_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the newest was stored that the value rests on',
    settled_start Date COMMENT 'first local day of the period with which it was closed',
    settled_end Date COMMENT 'last local day of the period with which it was closed',
    version UInt64 COMMENT 'of that closing',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (settled_start, settled_end, period_start, period_end, kind, subject_kind, subject, `group`, kpi)
COMMENT 'Corrections of closed periods that were taken into a later one when that was closed';
