-- What the configuration says about pipelines, plans and bonuses; the sink writes it when it starts.
CREATE TABLE IF NOT EXISTS sales_rows.funnel_stages
(
    pipeline String,
    stage String,
    name String,
    position UInt32 COMMENT 'order within the pipeline',
    kind LowCardinality(String) COMMENT 'open, won or lost',
    max_stay_ms Nullable(Int64) COMMENT 'longest stay allowed, ms; null without a limit',
    version UInt64 COMMENT 'when it was written, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (pipeline, stage)
COMMENT 'Stages of funnel.yaml';
CREATE TABLE IF NOT EXISTS sales_rows.plans
(
    subject_kind LowCardinality(String) COMMENT 'manager, group or all',
    subject String,
    kpi LowCardinality(String),
    period_start Date,
    period_end Date COMMENT 'last day',
    value Float64 COMMENT 'in the unit of the KPI',
    version UInt64 COMMENT 'when it was written, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (subject_kind, subject, kpi, period_start, period_end)
COMMENT 'Plans of plans.csv';
CREATE TABLE IF NOT EXISTS sales_rows.bonus_terms
(
    `group` String COMMENT 'whose managers it is for',
    kpi LowCardinality(String) COMMENT 'a personal KPI',
    base Float64 COMMENT 'bonus of a month at full attainment, in the currency',
    weight Float64 COMMENT 'share of the base that this KPI decides',
    target Nullable(Float64) COMMENT 'of a month, in the unit of the KPI; null: the plan of the manager',
    cap Float64 COMMENT 'attainment above which nothing is added',
    min_n Int64 COMMENT 'below so many the KPI pays nothing',
    direction LowCardinality(String) COMMENT 'up or down: what is good',
    currency LowCardinality(String),
    version UInt64 COMMENT 'when it was written, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (`group`, kpi)
COMMENT 'Terms of bonus.yaml';
