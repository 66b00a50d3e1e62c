-- Live values; what the worker has not renewed for two minutes reads as null (view sales.kpi_now).
CREATE TABLE IF NOT EXISTS sales_rows.kpi_now
(
    subject LowCardinality(String) COMMENT 'm:<manager>, g:<group> or a:all',
    kpi LowCardinality(String),
    window LowCardinality(String) COMMENT '5m, 15m, 30m, 1h, today, or now for states',
    as_of DateTime64(3, 'UTC') COMMENT 'the moment that the value is true for',
    value Nullable(Float64),
    n Int64 COMMENT 'how many the value rests on',
    version UInt64 COMMENT 'as_of in ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (subject, kpi, window)
TTL toDateTime(as_of) + INTERVAL 7 DAY DELETE
COMMENT 'Live values of KPI';
