-- KPI of days that rest on records and not on minutes: what became of leads and deals, and what was open at
-- the end of a day. The sink computes them again whenever the records have changed, and writes what differs.
CREATE TABLE IF NOT EXISTS sales_rows.kpi_day_records
(
    kpi String COMMENT 'id of the KPI',
    day Date COMMENT 'local day of the subject',
    subject LowCardinality(String) COMMENT 'm:<manager>, g:<group> or a:all',
    upper Int64 COMMENT 'the value of a count or state, what stands above the line of a share',
    n Int64 COMMENT 'how many it rests on',
    due Int64 COMMENT 'how many it will rest on when all deadlines have passed; 1 for states',
    counts Map(UInt16, Int64) COMMENT 'histogram of a median: bucket to count',
    percent UInt8 COMMENT 'of a quantile; 0: the value is no quantile',
    shared UInt8 COMMENT '1: the value is upper / n; 2: a state; 3: a state without value when n is 0; 4: a state whose value is not known',
    divisor Int64 COMMENT 'turns ms into the unit of the value',
    revised_at DateTime64(3, 'UTC') COMMENT 'when the row became different',
    version UInt64 COMMENT 'when it was computed, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
PARTITION BY toYYYYMM(day)
ORDER BY (kpi, day, subject)
COMMENT 'KPI of days that are computed from records';
-- Few of the measurements, by name, so that those KPI need not look for them among all the others.
CREATE TABLE IF NOT EXISTS sales_rows.day_facts
(
    entity String COMMENT '<source>/<call_id>, <source>/<deal_id> and the like',
    name LowCardinality(String) COMMENT 'what was measured, see streams/kpis',
    manager LowCardinality(String) COMMENT 'counts for this manager, unless empty',
    `group` LowCardinality(String) COMMENT 'counts for this group, unless empty',
    whole Bool COMMENT 'counts for the whole centre',
    at DateTime64(3, 'UTC') COMMENT 'when it counts',
    value Int64 COMMENT 'milliseconds, or 1 for what is only counted',
    customer String COMMENT 'customer key, never a phone',
    version UInt64 COMMENT 'epoch << 44 | offset in the events topic',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (name, at, entity, manager, `group`, whole)
COMMENT 'Measurements that KPI of days are computed from, a copy';
CREATE MATERIALIZED VIEW IF NOT EXISTS sales_rows.to_day_facts TO sales_rows.day_facts AS
SELECT entity, name, manager, `group`, whole, at, value, customer, version, gone
FROM sales_rows.measurements
WHERE name IN ('missed_item', 'missed_item_reached', 'span_missed', 'span_uncalled', 'span_lead', 'deal_win',
    'meeting_scheduled', 'meeting_held', 'meeting_missed');
INSERT INTO sales_rows.day_facts
SELECT entity, name, manager, `group`, whole, at, value, customer, version, gone
FROM sales_rows.measurements
WHERE name IN ('missed_item', 'missed_item_reached', 'span_missed', 'span_uncalled', 'span_lead', 'deal_win',
    'meeting_scheduled', 'meeting_held', 'meeting_missed');
