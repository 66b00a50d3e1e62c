-- The sink writes these copies beside the rows that they are of. A materialized view stays with its table when
-- `salespulse rebuild` puts another in its place, so after a rebuild what it had copied was of the epoch before.
-- Installations that have rebuilt get them anew when the sink starts (streams/sinks/rebuilt_tables.py).
DROP VIEW IF EXISTS sales_rows.to_day_facts;
DROP VIEW IF EXISTS sales_rows.agent_statuses_feed;
DROP VIEW IF EXISTS sales_rows.customer_flags_feed;
