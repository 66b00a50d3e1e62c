-- One row per measured fact, with manager, group and the whole centre side by side: a fact that counts for
-- three subjects is still one fact. `at` is part of the identity (a fact that moves in time is the end of one
-- row and the start of another), so ordering and partitioning by it are safe, and make minutes quick to recompute.
CREATE TABLE IF NOT EXISTS sales_rows.measurements
(
    entity String COMMENT '<source>/<call_id>, or the id of an item',
    name LowCardinality(String) COMMENT 'what was measured, see streams/kpis',
    manager LowCardinality(String) COMMENT 'counts for this manager, unless empty',
    `group` LowCardinality(String) COMMENT 'counts for this group, unless empty',
    whole Bool COMMENT 'counts for the whole centre',
    at DateTime64(3, 'UTC') COMMENT 'when it counts',
    value Int64 COMMENT 'milliseconds, or 1 for what is only counted',
    tag String COMMENT 'whom or what is counted, for sets and open items',
    customer String COMMENT 'customer key, never a phone',
    version UInt64 COMMENT 'epoch << 44 | offset in the events topic',
    gone UInt8 DEFAULT 0,
    INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, gone)
PARTITION BY toYYYYMM(at)
ORDER BY (at, name, entity, manager, `group`, whole)
COMMENT 'Measured facts: the log from which every minute pane can be recomputed';
