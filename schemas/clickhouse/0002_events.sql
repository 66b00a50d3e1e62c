-- Every canonical event, once by (source, event_id). The first in the log counts: `version` falls as the
-- offset grows, so that the lowest offset of the newest epoch wins. `raw_*`, `logged_at` and `config` are
-- what a refold needs to fold the event again exactly as it was folded before.
CREATE TABLE IF NOT EXISTS sales_rows.events
(
    source LowCardinality(String) COMMENT 'system that the event came from',
    event_id String COMMENT 'unique within its source',
    type LowCardinality(String) COMMENT 'call.started, call.answered, ...',
    at DateTime64(3, 'UTC') COMMENT 'when it happened',
    customer String COMMENT 'customer key, never a phone',
    manager LowCardinality(String) COMMENT 'id of the directory, unmapped:<source>:<name>, or empty',
    `group` LowCardinality(String) COMMENT 'id of the directory, unmapped:<source>:<name>, or empty',
    data String CODEC(ZSTD(3)) COMMENT 'JSON: further fields that the contract knows',
    extra String CODEC(ZSTD(3)) COMMENT 'JSON: fields that the contract does not know',
    raw_topic UInt8 COMMENT 'public topic of the raw record: index in topics.EVENT_TOPICS',
    raw_partition Int32 COMMENT 'partition of the raw record',
    raw_offset Int64 COMMENT 'offset of the raw record',
    logged_at DateTime64(3, 'UTC') COMMENT 'when Kafka got the raw record',
    config LowCardinality(String) COMMENT 'version of the configuration that resolved the names',
    place UInt64 COMMENT 'epoch << 44 | offset in the events topic: the order of the log',
    item UInt32 COMMENT 'position within the record at that offset',
    version UInt64 COMMENT 'epoch << 44 | (2^44 - 1 - offset in the events topic)',
    gone UInt8 DEFAULT 0,
    INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_time at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (source, event_id)
COMMENT 'Canonical events as accepted; the truth for refolds';
