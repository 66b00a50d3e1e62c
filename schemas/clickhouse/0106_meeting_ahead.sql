-- A deal with a meeting ahead is not stalled, unless funnel.yaml says otherwise.
ALTER TABLE sales_rows.stage_stays
    ADD COLUMN IF NOT EXISTS meeting_ahead Array(Tuple(Int64, Int64)) COMMENT 'when a meeting that names the deal lay ahead: from, to (ms; 0: it is to come); empty where that keeps no deal from being stalled' AFTER owners;
