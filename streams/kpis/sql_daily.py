"""Views `kpi_daily` and `kpi_period`: the value of every KPI over days, from the stored panes.

Panes are added up first and evaluated then, so that a share of a month is of the month's calls and
no mean of the days' shares. A row stands where something was counted. A KPI whose facts are dated
ahead, at deadlines, has its row from the day on at which one is due, with value null until the
first deadline has passed.
"""

from collections.abc import Iterable, Mapping

from streams.kpis.declarations import KPIS
from streams.kpis.formulas import Distinct, Quantile, Quotient
from streams.kpis.kpi import NOW, Kpi
from streams.kpis.sql_days import Per, in_period, local_day, zone_lists
from streams.kpis.sql_formulas import divisor, quantile, size
from streams.kpis.sql_pane_rows import distinct_rows, line_rows, quantile_rows, quotient_rows

#: A moment that has come; what lies ahead is not true yet.
_BEGUN = "at <= now('UTC')"
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
    ("revised_at", "DateTime64(3, 'UTC')", "when the newest of what it rests on was stored"),
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
    """SELECT of one row per subject and KPI, and per day or for the whole period."""
    counted = [kpi for kpi in kpis.values() if kpi.windows != NOW]
    quotients = [(kpi, f) for kpi in counted if isinstance(f := kpi.formula, Quotient)]
    distincts = [(kpi, f) for kpi in counted if isinstance(f := kpi.formula, Distinct)]
    quantiles = [(kpi, f) for kpi in counted if isinstance(f := kpi.formula, Quantile)]
    parts = (
        ([_quotients(quotients, per)] if quotients else [])
        + ([_distincts(distincts, per)] if distincts else [])
        + ([_quantiles(quantiles, per)] if quantiles else [])
    )
    day = "day,\n    " if per == "day" else ""
    return f"""WITH
{zone_lists()}
SELECT
    {day}transform(substring(who, 1, 1), {_KINDS}, '') AS subject_kind,
    substring(who, 3) AS subject,
    toString(kpi) AS kpi,
    if(n = 0, NULL, quotient) AS value,
    n,
    num,
    den,
    n / due AS mature,
    revised_at
FROM
({_union(parts)}
)
WHERE due != 0"""


def _union(parts: Iterable[str]) -> str:
    return "\nUNION ALL".join(parts)


def _quotients(quotients: list[tuple[Kpi, Quotient]], per: Per) -> str:
    kpis = [kpi for kpi, _ in quotients]
    below = divisor(kpis)
    shared = f"has([{_listed(kpi for kpi, formula in quotients if formula.shared)}], kpi)"
    return f"""
SELECT
    {_key(per)}, upper / (if({shared}, n, 1) * {below}) AS quotient, n,
    if({shared}, upper / {below}, NULL) AS num, if({shared}, n, NULL) AS den, due, revised_at
FROM
(
    SELECT {_key(per)}, sumIf(upper, {_BEGUN}) AS upper, sumIf(rests, {_BEGUN}) AS n, sum(rests) AS due,
        max(inserted_at) AS revised_at
    FROM ({_dated(quotient_rows(quotients) + line_rows(kpis), per)}
    )
    GROUP BY {_key(per)}
)"""


def _distincts(distincts: list[tuple[Kpi, Distinct]], per: Per) -> str:
    return f"""
SELECT
    {_key(per)}, toFloat64(n) AS quotient, toInt64(uniqExactArrayIf(tags, {_BEGUN})) AS n,
    NULL AS num, NULL AS den, toInt64(uniqExactArray(tags)) AS due, max(inserted_at) AS revised_at
FROM ({_dated(distinct_rows(distincts), per)}
)
GROUP BY {_key(per)}"""


def _quantiles(quantiles: list[tuple[Kpi, Quantile]], per: Per) -> str:
    ids = _listed(kpi for kpi, _ in quantiles)
    percents = ", ".join(str(formula.percent) for _, formula in quantiles)
    middle = quantile("histogram", f"transform(toString(kpi), [{ids}], [{percents}], 0)")
    return f"""
SELECT
    {_key(per)}, {middle} / {divisor([kpi for kpi, _ in quantiles])} AS quotient, {size("histogram")} AS n,
    NULL AS num, NULL AS den, due, revised_at
FROM
(
    SELECT {_key(per)}, sumMapIf(counts, {_BEGUN}) AS histogram, sum({size("counts")}) AS due,
        max(inserted_at) AS revised_at
    FROM ({_dated(quantile_rows(quantiles), per)}
    )
    GROUP BY {_key(per)}
)"""


def _key(per: Per) -> str:
    return "who, day, kpi" if per == "day" else "who, kpi"


def _dated(rows: list[str], per: Per) -> str:
    """The rows with their local day; none of a day that has not begun, or outside the period."""
    day = local_day("at", "zoned")
    wanted = f"at <= now('UTC') OR day <= {local_day('now()', 'zoned')}" if per == "day" else in_period("day")
    return f"""
    SELECT *, {day} AS day
    FROM ({_union(rows)}
    )
    WHERE {wanted}"""


def _listed(kpis: Iterable[Kpi]) -> str:
    return ", ".join(f"'{kpi.id}'" for kpi in kpis)
