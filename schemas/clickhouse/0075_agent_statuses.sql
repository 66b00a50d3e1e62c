-- Events that are looked up by something else than their id, beside the events themselves, so that nobody who
-- asks who is at work now reads years of calls. Both follow every insert into `events` and keep its rule: the
-- first in the log counts.
CREATE TABLE IF NOT EXISTS sales_rows.agent_statuses
(
    source LowCardinality(String),
    event_id String COMMENT 'unique within its source',
    at DateTime64(3, 'UTC') COMMENT 'when the status began',
    manager LowCardinality(String) COMMENT 'id of the directory, or unmapped:<source>:<name>',
    status LowCardinality(String) COMMENT 'available, on_call, wrap_up, paused, offline',
    version UInt64 COMMENT 'as in events',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (source, event_id)
TTL toDateTime(at) + INTERVAL 3 DAY DELETE
COMMENT 'Status events of the last days; who was where before is not looked up';
CREATE MATERIALIZED VIEW IF NOT EXISTS sales_rows.agent_statuses_feed TO sales_rows.agent_statuses
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT source, event_id, at, manager, JSONExtractString(data, 'status') AS status, version, gone
FROM sales_rows.events
WHERE type = 'agent.status' AND at > now64(3, 'UTC') - INTERVAL 3 DAY;
INSERT INTO sales_rows.agent_statuses (source, event_id, at, manager, status, version, gone)
SELECT source, event_id, at, manager, JSONExtractString(data, 'status'), version, gone
FROM sales_rows.events
WHERE type = 'agent.status' AND at > now64(3, 'UTC') - INTERVAL 3 DAY;
CREATE TABLE IF NOT EXISTS sales_rows.customer_flags
(
    source LowCardinality(String),
    event_id String COMMENT 'unique within its source',
    customer String COMMENT 'customer key, never a phone',
    flag LowCardinality(String) COMMENT 'spam, test, shared, staff, supplier, do_not_call',
    version UInt64 COMMENT 'as in events',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (source, event_id)
COMMENT 'What customers were flagged as';
CREATE MATERIALIZED VIEW IF NOT EXISTS sales_rows.customer_flags_feed TO sales_rows.customer_flags
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT source, event_id, customer, JSONExtractString(data, 'flag') AS flag, version, gone
FROM sales_rows.events
WHERE type = 'customer.flagged';
INSERT INTO sales_rows.customer_flags (source, event_id, customer, flag, version, gone)
SELECT source, event_id, customer, JSONExtractString(data, 'flag'), version, gone
FROM sales_rows.events
WHERE type = 'customer.flagged';
