-- Where a phone may stand, files of parts that were rewritten without it are removed from the disk after a minute
-- instead of eight.
ALTER TABLE sales_rows.customers MODIFY SETTING old_parts_lifetime = 60;
ALTER TABLE sales_rows.dead_letters MODIFY SETTING old_parts_lifetime = 60;
ALTER TABLE sales_rows.events MODIFY SETTING old_parts_lifetime = 60;
