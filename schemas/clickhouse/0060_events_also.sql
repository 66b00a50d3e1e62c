-- An event is folded under further keys than its customer: of the deal, task or lead that it is about, and
-- of the customers that a link names.
ALTER TABLE sales_rows.events
    ADD COLUMN IF NOT EXISTS also Array(String) COMMENT 'further keys under which it is folded: deal:<source>:<id>, ...' AFTER item,
    ADD INDEX IF NOT EXISTS by_also also TYPE bloom_filter(0.01) GRANULARITY 1;
