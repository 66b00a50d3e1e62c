-- A deal's item has the customer of the deal; whose journey wrote it stands apart.
ALTER TABLE sales_rows.open_items
    ADD COLUMN IF NOT EXISTS owner String DEFAULT customer COMMENT 'key of the journey that writes it: a customer, or deal:<source>:<id>' AFTER expires_at,
    ADD INDEX IF NOT EXISTS by_owner owner TYPE bloom_filter(0.01) GRANULARITY 1;
