-- Each stored call in exactly one class, so that a day adds up to what the telephone system counts itself. The day
-- is that of the directory's time zone, for a source knows no groups; of the answer or end while the start is
-- unknown, and null while no time is known at all.
CREATE OR REPLACE VIEW sales.call_classes
(
    day Nullable(Date) COMMENT 'when the call started, in the time zone of the directory',
    source String COMMENT 'system that reported the calls',
    class String COMMENT 'in_<outcome>, in_<outcome>_off_hours, out_<outcome>, unknown, in_progress, internal, excluded, without_start',
    n UInt64 COMMENT 'how many calls'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
WITH
    (SELECT if(max(time_zone) = '', 'UTC', toString(max(time_zone))) FROM sales_rows.groups FINAL WHERE `group` = 'unassigned') AS zone
SELECT
    toDate(formatDateTime(coalesce(started_at, answered_at, ended_at), '%F', zone)) AS day,
    source,
    multiIf(
        started_at IS NULL OR direction IS NULL, 'without_start',
        direction = 'internal', 'internal',
        excluded_reason IS NOT NULL, 'excluded',
        outcome IN ('in_progress', 'unknown'), outcome,
        direction = 'out', concat('out_', outcome),
        concat('in_', outcome, if(ifNull(in_hours, true), '', '_off_hours'))) AS class,
    count() AS n
FROM sales.calls
GROUP BY day, source, class
COMMENT 'Calls of a day and source by class; the classes add up to all calls';
