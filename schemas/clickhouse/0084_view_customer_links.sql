-- A key is handed over to one other, which may be handed over in its turn: the view follows to the end.
CREATE OR REPLACE VIEW sales.customer_links
(
    customer String COMMENT 'key under which events came that count under another',
    root String COMMENT 'key under which they count'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
WITH RECURSIVE chain AS
(
    SELECT customer, root FROM sales_rows.customer_links FINAL
    UNION ALL
    SELECT chain.customer AS customer, further.root AS root
    FROM chain
    INNER JOIN sales_rows.customer_links AS further FINAL ON further.customer = chain.root
)
SELECT customer, min(root) AS root
FROM chain
GROUP BY customer
COMMENT 'Customers that are known under another key';
ALTER TABLE sales_rows.customer_links
    COMMENT COLUMN root 'key to which they were handed over, which may have been handed over since';
