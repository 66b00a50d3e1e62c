-- One row per transition; view sales.alerts folds them into one row per alert. Written twice is written once.
CREATE TABLE IF NOT EXISTS sales_rows.alerts
(
    alert_id String COMMENT 'the same for one episode',
    at DateTime64(3, 'UTC') COMMENT 'when this transition happened',
    state LowCardinality(String) COMMENT 'firing, resolved',
    severity LowCardinality(String) COMMENT 'warning, critical',
    rule LowCardinality(String),
    subject_kind LowCardinality(String),
    subject LowCardinality(String),
    kpi LowCardinality(String),
    window LowCardinality(String),
    value Nullable(Float64),
    threshold Nullable(Float64),
    n Nullable(Int64),
    started_at DateTime64(3, 'UTC'),
    summary String,
    runbook String,
    version UInt64 COMMENT 'when Kafka got the record, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (alert_id, at, state, severity)
COMMENT 'Transitions of alerts';
