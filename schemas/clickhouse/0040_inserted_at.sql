-- When a row was stored, so that a day's value can say when what it rests on last changed. The columns of
-- rows that were stored before are written once, or they would read as now at every reading.
ALTER TABLE sales_rows.kpi_minutes ADD COLUMN IF NOT EXISTS inserted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
    COMMENT 'when this version of the row was stored';
ALTER TABLE sales_rows.kpi_minutes MATERIALIZE COLUMN inserted_at;
ALTER TABLE sales_rows.calls ADD COLUMN IF NOT EXISTS inserted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
    COMMENT 'when this version of the row was stored';
ALTER TABLE sales_rows.calls MATERIALIZE COLUMN inserted_at;
