-- What the sources of the directory provide, and which KPI can therefore mean anything; the sink writes it.
CREATE TABLE IF NOT EXISTS sales_rows.sources
(
    source String,
    provides Array(LowCardinality(String)) COMMENT 'inputs that it tells of; where no source says any, all are taken for connected',
    calls LowCardinality(String) COMMENT 'primary: its calls are counted; enrich: they only add to those of another',
    version UInt64 COMMENT 'when it was written, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY source
COMMENT 'Sources of directory.yaml';
CREATE TABLE IF NOT EXISTS sales_rows.kpis
(
    kpi LowCardinality(String),
    title String COMMENT 'what people call it',
    unit LowCardinality(String) COMMENT 'count, s, share, money or score',
    good LowCardinality(String) COMMENT 'up, down or neutral: which direction is good',
    personal Bool COMMENT 'within the power of one person',
    min_n UInt32 COMMENT 'least sample for comparing, unless the group has its own',
    needs Array(LowCardinality(String)) COMMENT 'inputs that sources must provide',
    connected Bool COMMENT 'whether they do; if not, the KPI has no value',
    version UInt64 COMMENT 'when it was written, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY kpi
COMMENT 'KPI of this version of Salespulse';
CREATE OR REPLACE VIEW sales.sources
(
    source String COMMENT 'system that events come from',
    provides Array(LowCardinality(String)) COMMENT 'inputs that it tells of',
    calls LowCardinality(String) COMMENT 'primary: its calls are counted; enrich: they only add to those of another'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT source, provides, calls FROM sales_rows.sources FINAL
COMMENT 'Sources of the directory';
CREATE OR REPLACE VIEW sales.kpis
(
    kpi LowCardinality(String) COMMENT 'id',
    title String COMMENT 'what people call it',
    unit LowCardinality(String) COMMENT 'count, s, share, money or score',
    good LowCardinality(String) COMMENT 'up, down or neutral: which direction is good',
    personal Bool COMMENT 'within the power of one person',
    min_n UInt32 COMMENT 'least sample for comparing, unless the group has its own',
    needs Array(LowCardinality(String)) COMMENT 'inputs that sources must provide',
    connected Bool COMMENT 'whether they do; if not, the KPI has no value'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT kpi, title, unit, good, personal, min_n, needs, connected FROM sales_rows.kpis FINAL
COMMENT 'What is measured, and whether what it needs is connected';
ALTER TABLE sales_rows.absences COMMENT COLUMN day 'day of the time zone of the manager on which he is away from midnight to midnight';
