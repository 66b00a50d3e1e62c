-- Only now: where somebody was at other times is not kept. Parts of calls older than four hours are calls whose
-- end was lost, as in view calls; a status of more than a day ago is nobody's state.
CREATE OR REPLACE VIEW sales.managers_now
(
    manager String COMMENT 'id of the directory, or unmapped:<source>:<name>',
    name Nullable(String) COMMENT 'name in the directory',
    `group` String COMMENT 'group of the manager now',
    state String COMMENT 'on_call, ringing, available, wrap_up, paused or offline',
    since Nullable(DateTime64(3, 'UTC')) COMMENT 'when the state began; null while nothing was heard for a day',
    source Nullable(String) COMMENT 'how it is known: calls, or event (agent.status); null while nothing was heard',
    call_id Nullable(String) COMMENT 'call that is running or rings'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
WITH
    r.part.1 OR (r.manager != '' AND s.status != 'on_call') AS from_calls,
    statuses AS
    (
        SELECT manager, told[-1].3 AS status, told[arrayLastIndex(each -> each.3 != status, told) + 1].1 AS since
        FROM
        (
            SELECT manager, arraySort(groupArray((at, event_id, toString(status)))) AS told
            FROM sales_rows.agent_statuses FINAL
            WHERE at > now64(3, 'UTC') - INTERVAL 1 DAY AND manager != ''
            GROUP BY manager
        )
    ),
    running AS
    (
        SELECT
            manager,
            argMax(
                (answered_at IS NOT NULL, call_id, assumeNotNull(ifNull(answered_at, offered_at))),
                (answered_at IS NOT NULL, ifNull(answered_at, offered_at))) AS part
        FROM sales_rows.call_legs FINAL
        WHERE left_at IS NULL AND manager != ''
            AND ifNull(answered_at, offered_at) > now64(3, 'UTC') - INTERVAL 4 HOUR
            AND (source, call_id, leg) IN
            (
                SELECT source, call_id, leg FROM sales_rows.call_legs
                WHERE left_at IS NULL AND ifNull(answered_at, offered_at) > now64(3, 'UTC') - INTERVAL 4 HOUR
            )
        GROUP BY manager
    ),
    known AS
    (
        SELECT manager FROM sales_rows.managers FINAL WHERE active
        UNION DISTINCT SELECT toString(manager) FROM statuses
        UNION DISTINCT SELECT toString(manager) FROM running
    )
SELECT
    known.manager AS manager,
    nullIf(m.name, '') AS name,
    if(m.`group` = '', 'unassigned', m.`group`) AS `group`,
    multiIf(r.part.1 OR s.status = 'on_call', 'on_call', r.manager != '', 'ringing', s.status != '', s.status, 'offline') AS state,
    multiIf(from_calls, r.part.3, s.status != '', s.since, NULL) AS since,
    multiIf(from_calls, 'calls', s.status != '', 'event', NULL) AS source,
    if(from_calls, r.part.2, NULL) AS call_id
FROM known
LEFT JOIN sales_rows.managers AS m FINAL ON m.manager = known.manager
LEFT JOIN statuses AS s ON s.manager = known.manager
LEFT JOIN running AS r ON r.manager = known.manager
COMMENT 'A manager now: state, since when, on which call';
