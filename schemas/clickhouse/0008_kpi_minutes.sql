-- A subject's minute. The counters' columns are added by the runner from the declarations in streams/kpis, so
-- that a new measurement needs no migration. `minute` is part of the identity and may partition.
CREATE TABLE IF NOT EXISTS sales_rows.kpi_minutes
(
    subject LowCardinality(String) COMMENT 'm:<manager>, g:<group> or a:all',
    minute DateTime('UTC') COMMENT 'start of the minute',
    version UInt64 COMMENT 'epoch << 44 | offset in the measurements topic',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, subject)
COMMENT 'Minute panes: counters, sums and histograms that add up';
