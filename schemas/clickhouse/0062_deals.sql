CREATE TABLE IF NOT EXISTS sales_rows.deals
(
    source LowCardinality(String),
    deal_id String COMMENT 'as the source names it; with the source it identifies the deal',
    pipeline LowCardinality(String) COMMENT 'id of funnel.yaml, or unmapped:<source>:<name>',
    stage LowCardinality(String) COMMENT 'present stage: id of funnel.yaml, or unmapped:<source>:<name>',
    stage_kind LowCardinality(String) COMMENT 'open, won or lost',
    customer String COMMENT 'customer key, never a phone; as last named',
    manager LowCardinality(String) COMMENT 'who is responsible now',
    `group` LowCardinality(String) COMMENT 'his group when he became responsible',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when its first stage began',
    closed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was won or lost; null while it is open',
    stage_since Nullable(DateTime64(3, 'UTC')) COMMENT 'when its present stage began',
    due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the limit of its present open stage passes',
    amount_minor Nullable(Int64) COMMENT 'hundredths of the company currency; null when unknown',
    currency LowCardinality(String) COMMENT 'in which the source named the amount',
    loss_reason String COMMENT 'as the source says it',
    lead_id String COMMENT 'lead that it came from, if the source says so',
    proposed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first proposal',
    owner String COMMENT 'key of the journey that writes it: deal:<source>:<id>',
    version UInt64 COMMENT 'epoch << 44 | offset in the events topic',
    gone UInt8 DEFAULT 0 COMMENT '1: the deal was removed',
    INDEX by_owner owner TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_creation created_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (source, deal_id)
COMMENT 'Deals as they stand';
CREATE TABLE IF NOT EXISTS sales_rows.stage_stays
(
    source LowCardinality(String),
    event_id String COMMENT 'event that opened the stay; with the source it identifies the stay',
    deal_id String,
    pipeline LowCardinality(String) COMMENT 'id of funnel.yaml, or unmapped:<source>:<name>',
    stage LowCardinality(String) COMMENT 'id of funnel.yaml, or unmapped:<source>:<name>',
    stage_kind LowCardinality(String) COMMENT 'open, won or lost',
    entered_at DateTime64(3, 'UTC'),
    left_at Nullable(DateTime64(3, 'UTC')) COMMENT 'next change of the same deal; null while it lasts',
    dwell_ms Nullable(Int64) COMMENT 'ms from entered_at to left_at',
    due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the limit of the stage passes; null without one',
    manager LowCardinality(String) COMMENT 'who was responsible at its end, or is now',
    `group` LowCardinality(String) COMMENT 'his group when the stay began',
    customer String COMMENT 'customer key, never a phone',
    amount_minor Nullable(Int64) COMMENT 'hundredths of the company currency at its end or now',
    currency LowCardinality(String) COMMENT 'in which the source named the amount',
    loss_reason String COMMENT 'as the source says it',
    owner String COMMENT 'key of the journey that writes it: deal:<source>:<id>',
    version UInt64 COMMENT 'epoch << 44 | offset in the events topic',
    gone UInt8 DEFAULT 0,
    INDEX by_owner owner TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_entry entered_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (source, event_id)
COMMENT 'Stays of deals in stages';
CREATE TABLE IF NOT EXISTS sales_rows.tasks
(
    source LowCardinality(String),
    task_id String COMMENT 'as the source names it; with the source it identifies the task',
    customer String COMMENT 'customer key, never a phone; as last named',
    manager LowCardinality(String) COMMENT 'who is to do it',
    `group` LowCardinality(String) COMMENT 'his group when he got it',
    created_at Nullable(DateTime64(3, 'UTC')),
    due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'as last named',
    done_at Nullable(DateTime64(3, 'UTC')) COMMENT 'null while it is not done',
    owner String COMMENT 'key of the journey that writes it: task:<source>:<id>',
    version UInt64 COMMENT 'epoch << 44 | offset in the events topic',
    gone UInt8 DEFAULT 0 COMMENT '1: the task was removed',
    INDEX by_owner owner TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (source, task_id)
COMMENT 'Tasks as they stand';
