-- What a group's KPI are measured against, as configured: views reckon with it when they are read.
ALTER TABLE sales_rows.groups
    ADD COLUMN IF NOT EXISTS answer_within_ms UInt32 DEFAULT 20000 COMMENT 'T of the service level',
    ADD COLUMN IF NOT EXISTS short_abandon_ms UInt32 DEFAULT 5000 COMMENT 'S, the longest wait of a short abandon',
    ADD COLUMN IF NOT EXISTS sl_variant LowCardinality(String) DEFAULT 'SL6' COMMENT 'how the service level is reckoned',
    ADD COLUMN IF NOT EXISTS min_n Map(String, UInt32) COMMENT 'by KPI: least sample, in place of the one the KPI declares';
