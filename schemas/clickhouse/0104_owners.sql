-- Who was responsible when: what a deal or task counted as on a past day does not change when it is given away today.
-- Rows of before have none until their deal or task is heard of again, or `salespulse rebuild` makes them anew.
ALTER TABLE sales_rows.stage_stays
    ADD COLUMN IF NOT EXISTS owners Array(Tuple(Int64, String, String)) COMMENT 'who was responsible: since when (ms), manager, group then; in order, the first from the entry on' AFTER owner;
ALTER TABLE sales_rows.tasks
    ADD COLUMN IF NOT EXISTS owners Array(Tuple(Int64, String, String)) COMMENT 'who was to do it: since when (ms), manager, group then; in order' AFTER owner;
