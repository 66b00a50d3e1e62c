-- What was forgotten stays in files of old parts until ClickHouse looks for them: by its defaults up to five
-- minutes after their minute is over, if nobody writes the table.
ALTER TABLE sales_rows.customers MODIFY SETTING cleanup_delay_period = 10, max_cleanup_delay_period = 30;
ALTER TABLE sales_rows.dead_letters MODIFY SETTING cleanup_delay_period = 10, max_cleanup_delay_period = 30;
ALTER TABLE sales_rows.events MODIFY SETTING cleanup_delay_period = 10, max_cleanup_delay_period = 30;
