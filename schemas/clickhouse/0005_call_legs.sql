CREATE TABLE IF NOT EXISTS sales_rows.call_legs
(
    source LowCardinality(String),
    call_id String,
    leg UInt32 COMMENT 'ordinal within the call',
    customer String COMMENT 'customer key, never a phone',
    manager LowCardinality(String),
    `group` LowCardinality(String) COMMENT 'group of the manager at that time',
    offered_at Nullable(DateTime64(3, 'UTC')),
    answered_at Nullable(DateTime64(3, 'UTC')),
    left_at Nullable(DateTime64(3, 'UTC')),
    ring_ms Nullable(Int64),
    talk_ms Nullable(Int64),
    end_reason LowCardinality(String),
    version UInt64 COMMENT 'epoch << 44 | offset in the events topic',
    gone UInt8 DEFAULT 0,
    INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_offer offered_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (source, call_id, leg)
COMMENT 'A manager''s part of a call';
