CREATE TABLE IF NOT EXISTS sales_rows.customer_links
(
    customer String COMMENT 'key under which events came that count under another',
    root String COMMENT 'key to which they were handed over; the least of them is the one under which they count',
    version UInt64 COMMENT 'epoch << 44 | rank << 38 | offset in the events topic',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (customer, root)
COMMENT 'Customers that are known under another key';
CREATE OR REPLACE VIEW sales.customer_links
(
    customer String COMMENT 'key under which events came that count under another',
    root String COMMENT 'key under which they count'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT customer, min(root) AS root
FROM sales_rows.customer_links FINAL
GROUP BY customer
COMMENT 'Customers that are known under another key';
