-- The only place inside that holds a phone.
CREATE TABLE IF NOT EXISTS sales_rows.customers
(
    customer String COMMENT 'key derived from the phone, crm:<id>, anonymous:<call> or ext:<extension>',
    phone String COMMENT 'E.164, empty when unknown',
    phone_masked String,
    name String,
    kind LowCardinality(String),
    flags Array(LowCardinality(String)),
    version UInt64 COMMENT 'epoch << 44 | offset in the customers topic',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY customer
COMMENT 'Customer key to phone';
