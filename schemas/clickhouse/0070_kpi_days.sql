-- What days add up to, so that a question about a month need not add up its minutes. Kept by the sink; every
-- row of it can be computed again from `kpi_minutes`, the calls and the other records.
CREATE TABLE IF NOT EXISTS sales_rows.kpi_days
(
    kpi String COMMENT 'id of the KPI; empty: the row that says what the rows of the day rest on',
    day Date COMMENT 'local day of the subject',
    subject LowCardinality(String) COMMENT 'm:<manager>, g:<group>, a:all or l:<line>',
    upper Int64 COMMENT 'what is added up, or stands above the line of a share or mean; ms, minor units or a count',
    n Int64 COMMENT 'how many it rests on',
    counts Map(UInt16, Int64) COMMENT 'histogram of a quantile: bucket to count',
    tags Array(String) COMMENT 'whom to count once',
    percent UInt8 COMMENT 'of a quantile; 0: the value is no quantile',
    shared UInt8 COMMENT '1: the value is upper / n',
    divisor Int64 COMMENT 'turns ms, minor units or thousandths into the unit of the value',
    revised_at DateTime64(3, 'UTC') COMMENT 'when the newest of what it rests on was stored',
    stamp UInt64 COMMENT 'of the empty KPI: hash of the rows that the day rests on, of its zone and of the declarations',
    version UInt64 COMMENT 'when it was computed, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
PARTITION BY toYYYYMM(day)
ORDER BY (kpi, day, subject)
COMMENT 'Sums of the panes and of the calls of lines by local day';
CREATE TABLE IF NOT EXISTS sales_rows.kpi_days_kept
(
    declared String COMMENT 'hash of the declarations by which the rows were computed',
    through Date COMMENT 'all days up to this one, included, are in kpi_days; later ones are added up when read',
    version UInt64 COMMENT 'when it was written, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY declared
COMMENT 'How far kpi_days goes';
ALTER TABLE sales_rows.kpi_minutes ADD INDEX IF NOT EXISTS by_storing inserted_at TYPE minmax GRANULARITY 1;
ALTER TABLE sales_rows.kpi_minutes MATERIALIZE INDEX by_storing;
ALTER TABLE sales_rows.calls ADD INDEX IF NOT EXISTS by_storing inserted_at TYPE minmax GRANULARITY 1;
ALTER TABLE sales_rows.calls MATERIALIZE INDEX by_storing;
ALTER TABLE sales_rows.calls ADD INDEX IF NOT EXISTS by_end ended_at TYPE minmax GRANULARITY 1;
ALTER TABLE sales_rows.calls MATERIALIZE INDEX by_end;
ALTER TABLE sales_rows.calls ADD INDEX IF NOT EXISTS by_answer answered_at TYPE minmax GRANULARITY 1;
ALTER TABLE sales_rows.calls MATERIALIZE INDEX by_answer;
