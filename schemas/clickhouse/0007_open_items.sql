CREATE TABLE IF NOT EXISTS sales_rows.open_items
(
    source LowCardinality(String),
    kind LowCardinality(String) COMMENT 'missed_call, lead, deal_stage',
    item_id String,
    customer String COMMENT 'customer key, never a phone',
    manager LowCardinality(String),
    `group` LowCardinality(String),
    line LowCardinality(String),
    state LowCardinality(String) COMMENT 'new, attempted, taken',
    misses UInt32 COMMENT 'missed calls of this customer since it opened',
    attempts UInt32,
    last_attempt_at Nullable(DateTime64(3, 'UTC')),
    taken_by LowCardinality(String),
    since DateTime64(3, 'UTC'),
    due_at Nullable(DateTime64(3, 'UTC')),
    expires_at Nullable(DateTime64(3, 'UTC')) COMMENT 'from then on it waits no more: it is given up',
    version UInt64 COMMENT 'epoch << 44 | offset in the events topic',
    gone UInt8 DEFAULT 0,
    INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (source, kind, item_id)
COMMENT 'What waits now';
