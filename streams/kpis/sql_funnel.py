"""Views `funnel` and `funnel_between`: how far the deals that came into a stage have come since.

A deal is in the cohort of a stage once, by its first entry. It has left forward when it later came to
an open stage further on in the same pipeline (skipping stages counts), or was won. The order is that
of funnel.yaml; stages that it does not list follow in the order in which they first appeared.
"""

import re
from collections.abc import Iterable

from streams.kpis.sql_views import Column, view

_TODAY = "toDate(formatDateTime(now64(3, 'UTC'), '%F', zone))"
#: Name and first day of the periods that end today.
_PERIODS = (
    f"[('7d', {_TODAY} - 6), ('30d', {_TODAY} - 29), ('90d', {_TODAY} - 89), "
    f"('month', toStartOfMonth({_TODAY}))]"
)
#: Whole days and one more, for zones; entries before these are in no period.
_OLDEST = "now64(3, 'UTC') - INTERVAL 91 DAY"

#: Name, type and comment of the columns, in order.
_PERIOD = ("period", "String", "7d, 30d, 90d (local days, today among them) or month (the running one)")
_COLUMNS = (
    ("pipeline", "String", "id of funnel.yaml, or unmapped:<source>:<name>"),
    ("position", "UInt64", "order of the stage within the pipeline, from 1"),
    ("stage", "String", "id of funnel.yaml, or unmapped:<source>:<name>"),
    ("stage_name", "Nullable(String)", "name in funnel.yaml; null when it is not listed"),
    ("stage_kind", "String", "open, won or lost"),
    ("manager", "Nullable(String)", "responsible during that stay; null: all deals"),
    ("group", "Nullable(String)", "group of the manager now; null: all deals"),
    ("entered", "UInt64", "deals whose first entry into the stage lies in the period"),
    ("left_forward", "UInt64", "of these, how many came to a later stage or were won since"),
    ("won", "UInt64", "how many of these are won now"),
    ("lost", "UInt64", "how many of these are lost now"),
    (
        "conversion",
        "Nullable(Float64)",
        "left_forward / entered; null when none entered, or no stage follows",
    ),
    ("conversion_group", "Nullable(Float64)", "the same of all managers of the group; null: all deals"),
    ("conversion_all", "Nullable(Float64)", "the same of all deals"),
    ("difference", "Nullable(Float64)", "conversion less conversion_all; below 0 is weaker than all"),
    (
        "mature",
        "Nullable(Float64)",
        "share of the cohort that left forward or is closed: the rest may come yet",
    ),
    ("dwell_p50_s", "Nullable(Float64)", "median of the finished ones of these stays; half took no longer"),
)


def funnel_view_sql() -> list[str]:
    """Statements that define `sales.funnel` and `sales.funnel_between(from, to)`, both days included."""
    with_period = (_PERIOD, *_COLUMNS)
    one_period = "[('', {from:Date})]"
    since = "toDateTime64({from:Date} - 1, 3, 'UTC')"
    return [
        view(
            "funnel",
            _select(_PERIODS, _TODAY, _OLDEST, with_period),
            "Stages of a pipeline over a period, of all deals and of each manager",
            with_period,
        ),
        view(
            "funnel_between",
            _select(one_period, "{to:Date}", since, _COLUMNS),
            "The same over the days from .. to of the time zone of the directory, both included",
            _COLUMNS,
        ),
    ]


def _select(periods: str, last: str, oldest: str, columns: Iterable[Column]) -> str:
    """SELECT of these columns; `last` is the last day of all periods."""
    shown = ", ".join(f"`{column}`" for column, _, _ in columns)
    given = {"@periods": periods, "@last": last, "@oldest": oldest, "@shown": shown}
    return re.sub("|".join(given), lambda place: given[place.group()], _TEXT)


_TEXT = """WITH
    (
        SELECT if(max(time_zone) = '', 'UTC', toString(max(time_zone)))
        FROM sales_rows.groups FINAL WHERE `group` = 'unassigned'
    ) AS zone,
    stages AS
    (
        SELECT
            pipeline, stage, any(name) AS stage_name, argMax(kind, listed) AS stage_kind,
            row_number() OVER
            (
                PARTITION BY pipeline
                ORDER BY max(listed) DESC, max(place), indexOf(['open', 'won', 'lost'], stage_kind),
                    min(seen), stage
            ) AS position
        FROM
        (
            SELECT toString(pipeline) AS pipeline, toString(stage) AS stage, toString(name) AS name,
                toString(kind) AS kind, toInt64(position) AS place, 1 AS listed,
                toDateTime64(0, 3, 'UTC') AS seen
            FROM sales_rows.funnel_stages FINAL
            UNION ALL
            SELECT toString(pipeline), toString(stage), '', toString(argMax(stage_kind, entered_at)), -1, 0,
                min(entered_at)
            FROM sales_rows.stage_stays FINAL
            GROUP BY pipeline, stage
        )
        GROUP BY pipeline, stage
    ),
    paths AS
    (
        SELECT arraySort(groupArray(
            (s.entered_at, s.event_id, toString(s.pipeline), toString(s.stage), toString(s.stage_kind),
            p.position, toString(s.manager), s.dwell_ms))) AS path
        FROM sales_rows.stage_stays AS s FINAL
        JOIN stages AS p ON p.pipeline = s.pipeline AND p.stage = s.stage
        WHERE (s.source, s.deal_id) IN
            (SELECT source, deal_id FROM sales_rows.stage_stays WHERE entered_at >= @oldest)
        GROUP BY s.source, s.deal_id
    ),
    entries AS
    (
        SELECT
            path[at] AS stay,
            toDate(formatDateTime(stay.1, '%F', zone)) AS day,
            path[-1].5 AS standing,
            arrayExists(
                later -> later.5 = 'won' OR (later.3 = stay.3 AND later.5 = 'open' AND later.6 > stay.6),
                arraySlice(path, at + 1)) AS forward
        FROM paths
        ARRAY JOIN arrayFilter(
            (at, nth) -> nth = 1, arrayEnumerate(path),
            arrayEnumerateUniq(arrayMap(each -> (each.3, each.4), path))) AS at
    ),
    counted AS
    (
        SELECT
            of.1 AS period, stay.3 AS pipeline, stay.4 AS stage, who AS manager,
            count() AS entered, countIf(forward) AS left_forward,
            countIf(standing = 'won') AS won, countIf(standing = 'lost') AS lost,
            countIf(forward OR standing != 'open') AS settled,
            quantileExactLowIf(0.5)(assumeNotNull(stay.8), stay.8 IS NOT NULL) / 1000 AS dwell,
            countIf(stay.8 IS NOT NULL) AS finished
        FROM entries
        ARRAY JOIN @periods AS of
        ARRAY JOIN if(stay.7 = '', [''], ['', stay.7]) AS who
        WHERE day BETWEEN of.2 AND @last
        GROUP BY period, pipeline, stage, manager
    ),
    subjects AS
    (
        SELECT period, pipeline, manager, groupArrayArray(held) AS held
        FROM
        (
            SELECT
                period, pipeline, manager,
                groupArray((stage, entered, left_forward, won, lost, settled, dwell, finished)) AS held
            FROM counted
            GROUP BY period, pipeline, manager
            UNION ALL
            SELECT arrayJoin(@periods).1, pipeline, '',
                CAST([], 'Array(Tuple(String, UInt64, UInt64, UInt64, UInt64, UInt64, Float64, UInt64))')
            FROM (SELECT DISTINCT pipeline FROM stages)
        )
        GROUP BY period, pipeline, manager
    )
SELECT @shown
FROM
(
    SELECT
        s.period AS period, s.pipeline AS pipeline, p.position AS position, p.stage AS stage,
        nullIf(p.stage_name, '') AS stage_name, p.stage_kind AS stage_kind,
        nullIf(s.manager, '') AS manager,
        if(s.manager = '', NULL, if(m.`group` = '', 'unassigned', m.`group`)) AS `group`,
        held[indexOf(held.1, p.stage)] AS counts,
        counts.2 AS entered, counts.3 AS left_forward, counts.4 AS won, counts.5 AS lost,
        if(stage_kind = 'open' AND entered > 0, left_forward / entered, NULL) AS conversion,
        sum(left_forward) OVER (PARTITION BY period, pipeline, stage, `group`) AS forward_group,
        sum(entered) OVER (PARTITION BY period, pipeline, stage, `group`) AS entered_group,
        if(manager IS NULL OR stage_kind != 'open' OR entered_group = 0, NULL, forward_group / entered_group)
            AS conversion_group,
        maxIf(conversion, manager IS NULL) OVER (PARTITION BY period, pipeline, stage) AS conversion_all,
        conversion - conversion_all AS difference,
        if(entered > 0, counts.6 / entered, NULL) AS mature,
        if(counts.8 > 0, counts.7, NULL) AS dwell_p50_s
    FROM subjects AS s
    JOIN stages AS p ON p.pipeline = s.pipeline
    LEFT JOIN sales_rows.managers AS m FINAL ON m.manager = s.manager
)"""
