-- Payloads may hold phones: kept for 30 days, not for the BI role.
CREATE TABLE IF NOT EXISTS sales_rows.dead_letters
(
    origin String COMMENT '<topic>/<partition>/<offset>, gateway/<source>/<sha256> or import/<sha256>/<ordinal>',
    topic LowCardinality(String),
    partition Int32 COMMENT '-1 when it never was in Kafka',
    offset Int64 COMMENT '-1 when it never was in Kafka',
    received_at DateTime64(3, 'UTC'),
    source LowCardinality(String),
    reason LowCardinality(String),
    detail String,
    payload String CODEC(ZSTD(3)),
    encoding LowCardinality(String) COMMENT 'utf8 or base64',
    version UInt64 COMMENT 'when Kafka got the dead letter, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY origin
TTL toDateTime(received_at) + INTERVAL 30 DAY DELETE
COMMENT 'What could not be used, once per origin';
