"""Views `kpi_daily` and `kpi_period`: the value of every KPI over days.

What has been counted comes from table `kpi_days`, which the sink keeps within seconds of the panes, today's
rows too: a question adds up days and never minutes. Sums are added up first and evaluated then, so that a share of a month is of the
month's calls and no mean of the days' shares. What is computed from records stands in
`kpi_day_records`; a state has of a period the value at the end of its last day.

A KPI of which no source provides what it needs has no value and n 0, like its live one.

A row stands where something was counted; of a service level also where nothing of it goes into the share, then
with value null and n 0, as on a day of nothing but short abandons. A KPI whose facts are dated ahead, at deadlines, has its row
from the day on at which one is due, with value null until the first deadline has passed.
"""

from collections.abc import Mapping

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import Kpi
from streams.kpis.sql_connected import COLUMN as CONNECTED
from streams.kpis.sql_connected import UNCONNECTED
from streams.kpis.sql_day_counts import (
    DAYS,
    NO_TAGS,
    VALUE,
)
from streams.kpis.sql_days import DIMENSION, RANGES, Per
from streams.kpis.sql_levels import known_levels, level_param, level_parts, levelled, levels_among
from streams.kpis.sql_record_days import RECORD_DAYS
from streams.kpis.sql_views import view

_KINDS = "['m', 'g', 'a', 'l'], ['manager', 'group', 'all', 'line']"
#: Name, type and comment of the columns, in order.
_COLUMNS = (
    ("day", "Date", "in the time zone of the group, of the group of the manager, else of the directory"),
    ("subject_kind", "String", "manager, group, all or line"),
    ("subject", "String", "id of the directory, unmapped:<source>:<name>, all, or the line"),
    ("kpi", "String", "id of the KPI"),
    ("value", "Nullable(Float64)", "seconds, a share of 1 or a number; null when nothing was counted"),
    ("n", "Int64", "how many the value rests on"),
    ("num", "Nullable(Float64)", "numerator of a share or mean, else null"),
    ("den", "Nullable(Int64)", "denominator of a share or mean, else null"),
    ("mature", "Float64", "share of the cohort whose deadline has passed; 1 where there is no deadline"),
    ("revised_at", "DateTime64(3, 'UTC')", "when the newest was stored that the day of the subject rests on"),
    ("param", "Nullable(String)", "how a service level is reckoned, such as SL6 T=20 s S=5 s; else null"),
    CONNECTED,
)


def daily_view_sql(kpis: Mapping[str, Kpi] = KPIS) -> list[str]:
    """Statements that define `sales.kpi_daily` and `sales.kpi_period(from, to)`, days both included."""
    return [
        view(
            "kpi_daily",
            daily_select("day", kpis),
            "A KPI of a day; equal to the last value of its window today on that day",
            _COLUMNS,
        ),
        view(
            "kpi_period",
            daily_select("period", kpis),
            "A KPI over the local days from .. to, both included; from sums, never an average of averages",
        ),
    ]


def daily_select(per: Per, kpis: Mapping[str, Kpi] = KPIS, among: str = "1") -> str:
    """SELECT of one row per subject and KPI, and per day or for the whole period.

    `among`: condition over kpi and subject (such as `g:sales`) of the tables' rows, by which they are skipped
    where a condition on what is selected would come too late.
    """
    of = f"{DIMENSION[per]}\n    " if DIMENSION[per] else ""
    closed = f"{RANGES[per]},\n" if per in RANGES else ""
    return f"""WITH
{closed}{known_levels()}
SELECT
    {of}transform(substring(who, 1, 1), {_KINDS}, '') AS subject_kind,
    substring(who, 3) AS subject,
    kpi,
    if(connected, {VALUE}, NULL) AS value,
    n,
    if(shared = 1 AND connected, upper / divisor, NULL) AS num,
    if(shared = 1 AND connected, n, NULL) AS den,
    if(shared >= 2 OR NOT connected OR isNotNull(param), 1, n / due) AS mature,
    revised_at,
    param,
    connected
FROM
({_reckoned(per, kpis, among)}
)
WHERE due != 0"""


def _reckoned(per: Per, kpis: Mapping[str, Kpi], among: str) -> str:
    """What was counted; of service levels what their raw counts are by the variant that holds now."""
    of = f"{DIMENSION[per]} " if DIMENSION[per] else ""
    ids = ", ".join(f"'{kpi.id}'" for kpi, _ in levels_among(kpis.values()))
    levels = f"kpi IN ({ids})" if ids else "0"
    return f"""
SELECT
    {of}who, kpi, counts, revised_at, percent, shared, divisor, if({levels}, parts.1, added) AS upper,
    kpi NOT IN {UNCONNECTED} AS connected,
    multiIf(NOT connected, 0, {levels}, parts.2, rests) AS n, due,
    if({levels}, {level_param()}, NULL) AS param
FROM
(
    SELECT
        {of}who, kpi, counts, revised_at, percent, shared, divisor,
        upper AS added, n AS rests, due, level, {level_parts("counts")} AS parts
    FROM
({levelled(_counted(per, kpis, among), "who")}
)
)"""


def _counted(per: Per, kpis: Mapping[str, Kpi], among: str) -> str:
    """Rows of days, or of the whole period: kpi, who, upper, n, due, counts, revised_at, how it follows."""
    parts = f"{_kept(per, kpis, among)}\nUNION ALL{_of_records(per, among)}"
    if per == "day":
        return parts
    further, by = _PARTED.get(per, ("", ""))
    ranges = "ARRAY JOIN arrayFilter(range -> day BETWEEN range.1 AND range.2, closed_ranges) AS period"
    return f"""
SELECT
    kpi, who{further}, any(percent) AS percent, any(shared) AS shared, any(divisor) AS divisor,
    sumMap(parts.counts) AS counts, max(parts.revised_at) AS revised_at,
    groupUniqArrayArray(tags) AS seen, groupUniqArrayArray(parts.foreseen) AS foreseen,
    multiIf(shared >= 2, argMax(parts.upper, day), empty(seen), sum(parts.upper), toInt64(length(seen))) AS upper,
    multiIf(shared >= 2, argMax(parts.n, day), empty(seen), sum(parts.n), toInt64(length(seen))) AS n,
    if(empty(seen) AND empty(foreseen), sum(parts.due), toInt64(length(arrayDistinct(arrayConcat(seen, foreseen)))))
        AS due
FROM
({parts}
) AS parts
{ranges if per in RANGES else ""}
GROUP BY kpi, who{by}"""


#: What the parts of a period are told apart by: expressions, and columns to group by.
_PARTED: dict[Per, tuple[str, str]] = {
    "halves": (", day >= {from:Date} AS later", ", later"),
    **dict.fromkeys(RANGES, (", period.1 AS period_start, period.2 AS period_end", ", period")),
}


def _kept(per: Per, kpis: Mapping[str, Kpi], among: str) -> str:
    """What was added up from panes and calls. Facts dated ahead are due on a day that has begun."""
    ids = ", ".join(f"'{id}'" for id in kpis)
    return f"""
SELECT
    kpi, day, toString(subject) AS who, upper, n, due, counts, tags, foreseen, percent, shared, divisor, revised_at
FROM {DAYS} FINAL
WHERE kpi IN ({ids}) AND (n != 0 OR upper != 0 OR due != 0) AND {among}{_asked(per)}"""


def _of_records(per: Per, among: str) -> str:
    """What was computed from records: some know already what will be due, states count at the day's end."""
    return f"""
SELECT
    kpi, day, toString(subject) AS who, upper, n, due, counts, {NO_TAGS} AS tags, {NO_TAGS} AS foreseen,
    percent, shared, divisor, revised_at
FROM {RECORD_DAYS} FINAL
WHERE {among}{_asked(per)}"""


def _asked(per: Per) -> str:
    """Condition that the day lies in the period asked for."""
    if per == "day":
        return ""
    first, last = ("first_closed", "last_closed") if per in RANGES else ("{from:Date}", "{to:Date}")
    if per == "halves":
        first = f"{first} - {_LENGTH}"
    return f" AND day BETWEEN {first} AND {last}"


#: How many days are asked for.
_LENGTH = "(toInt32({to:Date} - {from:Date}) + 1)"
