"""How old what has waited longest is at the end of a day: a SELECT for each KPI, and what it comes to.

Ages are working time of the group whose clock it is, as they are live: table `working_spans` has the hours
of each group as moments. Its hours of today hold for all days, like its time zone. A group that nobody
listed is always open, so there an age is by the calendar.
"""

from streams.kpis.sql_days import MANAGERS, ZONE, dated, local_date
from streams.kpis.sql_records import FACTS
from streams.kpis.sql_states import WAITING

SPANS = "sales_rows.working_spans"
#: Clock of what is aged by the calendar: no group has this name.
_CALENDAR = "''"


def _span(name: str) -> str:
    """Of a manager's own part the clock is that of the group that he is in now."""
    return f"""SELECT at AS since, fromUnixTimestamp64Milli(value, 'UTC') AS until, toString(facts.manager) AS manager,
    toString(facts.`group`) AS `group`, whole,
    multiIf(facts.`group` != '', toString(facts.`group`), m.`group` != '', toString(m.`group`), 'unassigned') AS clock
FROM (SELECT * FROM {FACTS} FINAL WHERE name = '{name}') AS facts
LEFT JOIN (SELECT manager, `group` FROM {MANAGERS} FINAL) AS m ON m.manager = facts.manager"""


#: By id of the KPI: since, until (DateTime64), manager, group, whole (for whom), clock (group, or empty).
OLDEST: dict[str, str] = {
    "open_missed_oldest_s": _span("span_missed"),
    "uncalled_missed_oldest_s": _span("span_uncalled"),
    "open_leads_oldest_s": _span("span_lead"),
    "longest_waiting_s": f"SELECT since, until, manager, `group`, whole, {_CALENDAR} AS clock FROM ({WAITING})",
}

#: Local midnight of any zone, in quarters of an hour around that of UTC.
_QUARTERS = "range(-60, 60)"
#: The last moment of a local day.
_ENDS = f"""toDateTime64(arrayFirst(quarter -> toDate(formatDateTime(quarter, '%F', zone)) > day,
            arrayMap(step -> toDateTime(day + 1, 'UTC') + step * 900, {_QUARTERS})), 3, 'UTC') - toIntervalMillisecond(1)"""


def _worked(place: str, moment: str) -> str:
    """Working ms of a group up to a moment, given its last span that began by then."""
    within = f"dateDiff('millisecond', {place}.opens, least({moment}, {place}.closes))"
    return f"if({place}.clock = '', 0, {place}.before_ms + {within})"


def oldest_select(kpi: str, subjects: str) -> str:
    """SELECT of day, subject, upper (ms), n: a row per day that is over, from the first on which anything waited.

    `subjects`: expression of the subjects for which a row counts.
    """
    each = f"SELECT {subjects} AS subject, since, until, clock FROM ({OLDEST[kpi]}) WHERE since < until"
    further = f"least({local_date('rows.until')}, today) AS last, {ZONE} AS zone,"
    ages = f"{_worked('ended', 'held.ends')} - {_worked('begun', 'held.oldest')}"
    return f"""SELECT day, subject, toInt64(max(aged.upper)) AS upper, toInt64(sum(aged.n)) AS n
FROM
(
    WITH
    stays AS ({dated(each, "1", "since", "subject", further)}),
    open AS
    (
        SELECT subject, zone, clock, toDate(number) AS day, min(since) AS oldest, count() AS n
        FROM
        (
            SELECT subject, zone, clock, since, arrayJoin(range(toUInt16(day), toUInt16(last))) AS number FROM stays
        )
        GROUP BY subject, zone, clock, day
    ),
    ends AS (SELECT zone, day, {_ENDS} AS moment FROM (SELECT DISTINCT zone, day FROM open)),
    spans AS ({_SPANS})
    SELECT held.subject AS subject, held.day AS day, held.n AS n,
        greatest(0, if(held.clock IN (SELECT clock FROM spans), {ages},
            dateDiff('millisecond', held.oldest, held.ends))) AS upper
    FROM
    (
        SELECT open.subject AS subject, open.clock AS clock, open.day AS day, open.oldest AS oldest, open.n AS n,
            ends.moment AS ends
        FROM open
        INNER JOIN ends ON ends.zone = open.zone AND ends.day = open.day
    ) AS held
    ASOF LEFT JOIN spans AS begun ON begun.clock = held.clock AND begun.opens <= held.oldest
    ASOF LEFT JOIN spans AS ended ON ended.clock = held.clock AND ended.opens <= held.ends
    UNION ALL
    SELECT subject, toDate(arrayJoin(range(toUInt16(first), toUInt16(until)))) AS day, 0 AS n, 0 AS upper
    FROM (SELECT subject, min(day) AS first, max(today) AS until FROM stays GROUP BY subject)
) AS aged
GROUP BY day, subject"""


#: Spans of working time with how much of it lay before each, ms.
_SPANS = f"""SELECT clock, opens, closes,
            sum(length_ms) OVER (PARTITION BY clock ORDER BY opens ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
                - length_ms AS before_ms
        FROM
        (
            SELECT toString(`group`) AS clock, opens, closes, dateDiff('millisecond', opens, closes) AS length_ms
            FROM {SPANS} FINAL
            ARRAY JOIN opens_at AS opens, closes_at AS closes
        )"""
