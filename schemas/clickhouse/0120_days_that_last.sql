-- Days that last are kept in `kpi_days` too: a question adds up days and never minutes.
ALTER TABLE sales_rows.kpi_days ADD COLUMN IF NOT EXISTS due Int64 DEFAULT n COMMENT 'how many it will rest on, deadlines ahead included' AFTER n;
ALTER TABLE sales_rows.kpi_days ADD COLUMN IF NOT EXISTS foreseen Array(String) COMMENT 'whom to count once at deadlines ahead' AFTER tags;
DROP TABLE IF EXISTS sales_rows.kpi_days_kept SYNC;
