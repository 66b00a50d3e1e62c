"""Views `kpi_daily` and `kpi_period`: the value of every KPI over days.

What has been counted comes from table `kpi_days` for the days up to the one that `kpi_days_kept`
names, and for all later ones from the panes and calls themselves: so today's row equals the live value
at once, and a day that nobody has added up yet is right too. Sums are added up first and evaluated
then, so that a share of a month is of the month's calls and no mean of the days' shares.

A row stands where something was counted. A KPI whose facts are dated ahead, at deadlines, has its row
from the day on at which one is due, with value null until the first deadline has passed.
"""

from collections.abc import Iterable, Mapping

from streams.kpis.declarations import KPIS
from streams.kpis.formulas import Distinct, Quantile, Quotient, ServiceLevel
from streams.kpis.kpi import Kpi
from streams.kpis.sql_day_counts import (
    DAYS,
    NOTHING,
    counted_in_panes,
    dated_ahead,
    dated_calls,
    dated_panes,
    declared,
    summed,
    unfolded,
)
from streams.kpis.sql_days import CLOSED, DIMENSION, Per, local_day, zone_lists
from streams.kpis.sql_formulas import divisor, quantile
from streams.kpis.sql_levels import level_lists, level_of, level_param, level_parts, levels_among

KEPT = "sales_rows.kpi_days_kept"

_KINDS = "['m', 'g', 'a', 'l'], ['manager', 'group', 'all', 'line']"
#: The earliest moment at which a day begins anywhere, before its midnight in UTC.
_EARLIEST = "INTERVAL 15 HOUR"

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
)


def daily_view_sql(kpis: Mapping[str, Kpi] = KPIS) -> list[str]:
    """Statements that define `sales.kpi_daily` and `sales.kpi_period(from, to)`, days both included."""
    columns = ",\n".join(f"    {name} {kind} COMMENT '{what}'" for name, kind, what in _COLUMNS)
    return [
        f"""CREATE OR REPLACE VIEW sales.kpi_daily
(
{columns}
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
{daily_select("day", kpis)}
COMMENT 'A KPI of a day; equal to the last value of its window today on that day'""",
        f"""CREATE OR REPLACE VIEW sales.kpi_period
DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
{daily_select("period", kpis)}
COMMENT 'A KPI over the local days from .. to, both included; from sums, never an average of averages'""",
    ]


def daily_select(per: Per, kpis: Mapping[str, Kpi] = KPIS) -> str:
    """SELECT of one row per subject and KPI, and per day, for the whole period, or per closed period."""
    known = list(kpis.values())
    levels = _among(kpi for kpi, _ in levels_among(known))
    shared = _among(kpi for kpi in known if _is_shared(kpi))
    of = f"{DIMENSION[per]}\n    " if DIMENSION[per] else ""
    closed = f"{CLOSED},\n" if per == "closed" else ""
    return f"""WITH
{closed}{zone_lists()},
{level_lists()},
    {_through(kpis)} AS through,
{NOTHING}
SELECT
    {of}transform(substring(who, 1, 1), {_KINDS}, '') AS subject_kind,
    substring(who, 3) AS subject,
    kpi,
    {_value(known, shared)} AS value,
    n,
    if({shared}, upper / {divisor(known)}, NULL) AS num,
    if({shared}, n, NULL) AS den,
    n / due AS mature,
    revised_at,
    param
FROM
({_reckoned(per, kpis, levels)}
)
WHERE due != 0"""


def _is_shared(kpi: Kpi) -> bool:
    """Whether `upper` is divided by n."""
    formula = kpi.formula
    return isinstance(formula, ServiceLevel) or (isinstance(formula, Quotient) and formula.shared)


def _reckoned(per: Per, kpis: Mapping[str, Kpi], levels: str) -> str:
    """What was counted; of service levels what their raw counts are by the variant that holds now."""
    of = f"{DIMENSION[per]} " if DIMENSION[per] else ""
    return f"""
SELECT
    {of}who, kpi, counts, revised_at, if({levels}, parts.1, added) AS upper,
    if({levels}, parts.2, rests) AS n, if({levels}, parts.2, expected) AS due,
    if({levels}, {level_param()}, NULL) AS param
FROM
(
    SELECT
        {of}who, kpi, counts, revised_at, upper AS added, n AS rests, due AS expected,
        {level_of("who")} AS level, {level_parts("counts")} AS parts
    FROM
({_counted(per, kpis)}
)
)"""


def _value(kpis: list[Kpi], shared: str) -> str:
    quantiles = [(kpi, f) for kpi in kpis if isinstance(f := kpi.formula, Quantile)]
    ids = ", ".join(f"'{kpi.id}'" for kpi, _ in quantiles)
    percents = ", ".join(str(formula.percent) for _, formula in quantiles)
    middle = quantile("counts", f"transform(kpi, [{ids}], [{percents}], 0)")
    spread = f"{_among(kpi for kpi, _ in quantiles)}, {middle} / {divisor(kpis)}, " if quantiles else ""
    return f"multiIf(n = 0, NULL, {spread}upper / (if({shared}, n, 1) * {divisor(kpis)}))"


def _counted(per: Per, kpis: Mapping[str, Kpi]) -> str:
    parts = "\nUNION ALL".join((_kept(per, kpis), _of_panes(per, kpis), _of_lines(per)))
    if per == "day":
        return parts
    once = _among(kpi for kpi in kpis.values() if isinstance(kpi.formula, Distinct))
    closed = per == "closed"
    ranges = "ARRAY JOIN arrayFilter(range -> day BETWEEN range.1 AND range.2, closed_ranges) AS period"
    return f"""
SELECT
    {"period.1 AS period_start, period.2 AS period_end, " if closed else ""}kpi, who, if({once}, toInt64(length(groupUniqArrayArray(tags) AS seen)), sum(upper)) AS upper,
    if({once}, toInt64(length(seen)), sum(n)) AS n,
    if({once}, toInt64(length(groupUniqArrayArray(arrayConcat(tags, ahead)))), sum(due)) AS due,
    sumMap(counts) AS counts, max(revised_at) AS revised_at
FROM
({parts}
)
{ranges if closed else ""}
GROUP BY kpi, who{", period" if closed else ""}"""


def _kept(per: Per, kpis: Mapping[str, Kpi]) -> str:
    """Days that have been added up: they are over, so all that was due is counted."""
    return f"""
SELECT
    kpi, day, subject AS who, upper, n, n AS due, counts, tags, no_tags AS ahead, revised_at
FROM {DAYS} FINAL
WHERE day <= through{_period(per, "day")} AND {_among(counted_in_panes(kpis))}"""


def _of_panes(per: Per, kpis: Mapping[str, Kpi]) -> str:
    counted = counted_in_panes(kpis)
    ahead = _among(kpi for kpi in counted if dated_ahead(kpi))
    begun = f"minute <= now('UTC') OR day <= {local_day('now()', 'subject')}"
    where = f"minute >= {_first_moment()} AND day > through AND ({begun}){_period(per, 'minute')}"
    return f"""
SELECT
    kept.1 AS kpi, day, subject AS who, sumIf(kept.2, begun) AS upper, sumIf(kept.3, begun) AS n,
    sumIf(kept.3, begun OR {ahead.replace("kpi", "kept.1")}) AS due, sumMapIf(kept.4, begun) AS counts,
    groupUniqArrayArrayIf(kept.5, begun) AS tags, groupUniqArrayArrayIf(kept.5, NOT begun) AS ahead,
    max(revised_at) AS revised_at
FROM
(
    SELECT subject, day, panes.minute <= now('UTC') AS begun,
        {summed("panes")},
        max(inserted_at) AS revised_at
    FROM ({dated_panes(where)}) AS panes
    GROUP BY subject, day, begun
)
ARRAY JOIN {unfolded(counted)} AS kept
WHERE kept.3 != 0 OR kept.2 != 0
GROUP BY kpi, day, who"""


def _of_lines(per: Per) -> str:
    since = _first_moment()
    recent = " OR ".join(f"{moment} >= {since}" for moment in ("started_at", "answered_at", "ended_at"))
    return f"""
SELECT
    kpi, day, subject AS who, sum(upper) AS upper, toInt64(count()) AS n, n AS due,
    no_counts AS counts, no_tags AS tags, no_tags AS ahead, max(inserted_at) AS revised_at
FROM ({dated_calls(f"({recent}) AND day > through{_period(per, 'at')}")})
GROUP BY kpi, day, who"""


def _through(kpis: Mapping[str, Kpi]) -> str:
    return f"(SELECT max(through) FROM {KEPT} FINAL WHERE declared = '{declared(kpis)}')"


def _first_moment() -> str:
    """No moment before it is of a day after `through`."""
    return f"toDateTime(through + 1, 'UTC') - {_EARLIEST}"


def _period(per: Per, moment: str) -> str:
    """Condition that the day lies in the period asked for; the moment lets the table skip the rest."""
    if per == "day":
        return ""
    first, last = ("first_closed", "last_closed") if per == "closed" else ("{from:Date}", "{to:Date}")
    asked = f" AND day BETWEEN {first} AND {last}"
    return asked if moment == "day" else f" AND toDate({moment}) BETWEEN {first} - 1 AND {last} + 1{asked}"


def _among(kpis: Iterable[Kpi]) -> str:
    ids = ", ".join(f"'{kpi.id}'" for kpi in kpis)
    return f"kpi IN ({ids})" if ids else "0"
