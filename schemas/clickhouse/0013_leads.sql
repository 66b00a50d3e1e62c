CREATE TABLE IF NOT EXISTS sales_rows.leads
(
    source LowCardinality(String),
    lead_id String COMMENT 'as the source names it; with the source it identifies the lead',
    customer String COMMENT 'customer key, never a phone',
    channel LowCardinality(String) COMMENT 'web_form, callback, chat, email, call, other',
    manager LowCardinality(String) COMMENT 'last assigned, else who first tried to reach the customer',
    `group` LowCardinality(String) COMMENT 'named first by an event, else of the first owner, else unassigned',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'null while its creation is not known: then it is in no KPI',
    first_attempt_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first outbound call from 120 s before, inbound conversation or other contact',
    first_attempt_ms Nullable(Int64) COMMENT 'ms by the calendar from created_at, 0 for what lay before',
    first_contact_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first conversation or other contact',
    first_contact_ms Nullable(Int64) COMMENT 'ms by the calendar from created_at, 0 for what lay before',
    attempts UInt32 COMMENT 'outbound calls up to and including the one that made contact',
    disqualified_at Nullable(DateTime64(3, 'UTC')),
    disqualify_reason String COMMENT 'as the source says it',
    version UInt64 COMMENT 'epoch << 44 | offset in the events topic',
    gone UInt8 DEFAULT 0 COMMENT '1: the lead was removed',
    INDEX by_customer customer TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_creation created_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (source, lead_id)
COMMENT 'Leads and how they were answered';
