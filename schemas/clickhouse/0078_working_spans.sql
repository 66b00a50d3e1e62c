CREATE TABLE IF NOT EXISTS sales_rows.working_spans
(
    `group` LowCardinality(String),
    day Date COMMENT 'local day on which the spans begin',
    opens_at Array(DateTime64(3, 'UTC')) COMMENT 'when each span of working time begins; none on a day off',
    closes_at Array(DateTime64(3, 'UTC')) COMMENT 'when each ends; spans do not overlap',
    version UInt64 COMMENT 'when it was written, ms',
    gone UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (`group`, day)
COMMENT 'Working hours of the directory as moments, from 400 days before the sink started to 400 after';
-- What waits now, with its age by the calendar and on the working clock of its group. A group that nobody listed
-- is always open, so there both are the same.
CREATE OR REPLACE VIEW sales.open_items
(
    source String COMMENT 'system that it came from',
    kind String COMMENT 'missed_call, lead or deal_stage',
    item_id String COMMENT 'identifies it with source and kind',
    customer String COMMENT 'customer key, never a phone',
    manager Nullable(String) COMMENT 'whose it is',
    name Nullable(String) COMMENT 'name of that manager in the directory',
    `group` Nullable(String) COMMENT 'group that is to see to it',
    line Nullable(String) COMMENT 'number that the customer called',
    state String COMMENT 'new, attempted or taken',
    misses UInt32 COMMENT 'missed calls of this customer since it opened',
    attempts UInt32 COMMENT 'attempts to reach the customer',
    last_attempt_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the last of them began',
    taken_by Nullable(String) COMMENT 'manager who took it on',
    since DateTime64(3, 'UTC') COMMENT 'when it began to wait',
    due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it should be settled',
    expires_at Nullable(DateTime64(3, 'UTC')) COMMENT 'from then on it waits no more: it is given up',
    age_s Float64 COMMENT 'seconds since it began to wait',
    age_work_s Float64 COMMENT 'working seconds of its group since then'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
WITH
    spans AS
    (
        SELECT
            `group`, opens, closes,
            sum(length_ms) OVER (PARTITION BY `group` ORDER BY opens ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
                - length_ms AS before_ms
        FROM
        (
            SELECT toString(`group`) AS `group`, opens, least(closes, now64(3, 'UTC')) AS closes,
                dateDiff('millisecond', opens, closes) AS length_ms
            FROM sales_rows.working_spans FINAL
            ARRAY JOIN opens_at AS opens, closes_at AS closes
            WHERE opens < now64(3, 'UTC')
        )
    ),
    worked AS (SELECT `group`, sum(dateDiff('millisecond', opens, closes)) AS ms FROM spans GROUP BY `group`)
SELECT
    i.source AS source,
    i.kind AS kind,
    i.item_id AS item_id,
    i.customer AS customer,
    nullIf(i.manager, '') AS manager,
    nullIf(m.name, '') AS name,
    nullIf(i.`group`, '') AS `group`,
    nullIf(i.line, '') AS line,
    i.state AS state,
    i.misses AS misses,
    i.attempts AS attempts,
    i.last_attempt_at AS last_attempt_at,
    nullIf(i.taken_by, '') AS taken_by,
    i.since AS since,
    i.due_at AS due_at,
    i.expires_at AS expires_at,
    dateDiff('millisecond', i.since, now64(3, 'UTC')) / 1000 AS age_s,
    if(
        w.`group` = '', age_s,
        (w.ms - s.before_ms - if(s.`group` = '', 0, dateDiff('millisecond', s.opens, least(i.since, s.closes)))) / 1000)
        AS age_work_s
FROM sales_rows.open_items AS i FINAL
LEFT JOIN worked AS w ON w.`group` = i.`group`
ASOF LEFT JOIN spans AS s ON s.`group` = i.`group` AND s.opens <= i.since
LEFT JOIN sales_rows.managers AS m FINAL ON m.manager = i.manager
WHERE i.expires_at IS NULL OR i.expires_at > now64(3, 'UTC')
COMMENT 'What waits now';
