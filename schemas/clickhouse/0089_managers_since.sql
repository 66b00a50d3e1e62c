-- From when on the directory lists a manager, so that who is new and has not won yet is not measured from before.
ALTER TABLE sales_rows.managers ADD COLUMN IF NOT EXISTS
    since_ms Int64 DEFAULT 0 COMMENT 'from when on he is in his first group, ms since the epoch; 0: it is not said' AFTER time_zone;
