CREATE TABLE IF NOT EXISTS sales_rows.absences
(
    manager String,
    day Date COMMENT 'whole day of the time zone of the directory',
    kind LowCardinality(String) COMMENT 'vacation, sick, off, training or other; never a medical reason',
    version UInt64 COMMENT 'when it was written, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (manager, day)
COMMENT 'Days of absences.csv';
