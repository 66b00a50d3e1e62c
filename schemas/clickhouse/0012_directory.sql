-- The directory as configured, written by the sink when it starts.
CREATE TABLE IF NOT EXISTS sales_rows.groups
(
    `group` String,
    name String,
    time_zone LowCardinality(String) COMMENT 'IANA name; days and today begin at its midnight',
    active Bool,
    version UInt64 COMMENT 'when it was written, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY `group`
COMMENT 'Groups of the directory; unassigned stands for whatever has no zone of its own';
CREATE TABLE IF NOT EXISTS sales_rows.managers
(
    manager String,
    name String,
    `group` String COMMENT 'group now',
    time_zone LowCardinality(String) COMMENT 'of that group',
    active Bool,
    version UInt64 COMMENT 'when it was written, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY manager
COMMENT 'Managers of the directory';
