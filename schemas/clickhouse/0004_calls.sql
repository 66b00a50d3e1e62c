-- A call as its customer's journey stands. Ordered by identity, never partitioned by a time: the start of a
-- call can become known, or change, after its first row was written.
CREATE TABLE IF NOT EXISTS sales_rows.calls
(
    source LowCardinality(String),
    call_id String COMMENT 'unique within its source',
    customer String COMMENT 'customer key, never a phone',
    direction LowCardinality(String) COMMENT 'in, out, internal; empty until call.started came',
    `group` LowCardinality(String) COMMENT 'group that the call came in for',
    manager LowCardinality(String) COMMENT 'first who answered; for out the caller',
    line LowCardinality(String),
    started_at Nullable(DateTime64(3, 'UTC')),
    answered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first answer',
    ended_at Nullable(DateTime64(3, 'UTC')),
    wait_ms Nullable(Int64) COMMENT 'from the first queueing, offer or start to the answer or end',
    wait_total_ms Nullable(Int64) COMMENT 'from the start to the answer or end',
    talk_ms Nullable(Int64) COMMENT 'first answer to end, hold inside',
    hold_ms Nullable(Int64),
    outcome LowCardinality(String) COMMENT 'in_progress until the end is known; see view sales.calls',
    in_hours Nullable(Bool) COMMENT 'whether the wait began within working hours of the group',
    excluded_reason LowCardinality(String) COMMENT 'why it is in no KPI, or empty',
    offers UInt32,
    offers_missed UInt32,
    ended_by LowCardinality(String),
    end_reason LowCardinality(String),
    transferred Nullable(Bool),
    recording String,
    recovered_by LowCardinality(String) COMMENT 'in, out, other; empty while not recovered',
    recovered_at Nullable(DateTime64(3, 'UTC')),
    recovery_ms Nullable(Int64),
    first_callback_at Nullable(DateTime64(3, 'UTC')),
    rating Nullable(Float64),
    version UInt64 COMMENT 'epoch << 44 | offset in the events topic',
    gone UInt8 DEFAULT 0,
    INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_start started_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (source, call_id)
COMMENT 'Calls, newest version of each';
