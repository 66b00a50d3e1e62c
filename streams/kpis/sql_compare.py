"""Views `kpi_compare` and `kpi_compare_period`: a KPI beside what it was before.

A change is the value minus the earlier one; its share is of the size of the earlier one, null when that
was 0 or nothing was counted then.
"""

from collections.abc import Mapping

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import Kpi
from streams.kpis.sql_daily import daily_select
from streams.kpis.sql_views import view

_OF_DAYS = (
    ("day", "Date", "in the time zone of the group, of the group of the manager, else of the directory"),
    ("subject_kind", "String", "manager, group, all or line"),
    ("subject", "String", "id of the directory, unmapped:<source>:<name>, all, or the line"),
    ("kpi", "String", "id of the KPI"),
    ("value", "Nullable(Float64)", "as in kpi_daily"),
    ("n", "Int64", "how many the value rests on"),
    ("day_before", "Nullable(Float64)", "value of the previous day; null without one"),
    ("day_before_n", "Int64", "how many that one rests on"),
    ("day_change", "Nullable(Float64)", "value minus day_before"),
    ("day_change_share", "Nullable(Float64)", "day_change as a share of day_before"),
    ("week_before", "Nullable(Float64)", "value of the same weekday a week before; null without one"),
    ("week_before_n", "Int64", "how many that one rests on"),
    ("week_change", "Nullable(Float64)", "value minus week_before"),
    ("week_change_share", "Nullable(Float64)", "week_change as a share of week_before"),
)
_BY = "PARTITION BY kpi, subject_kind, subject ORDER BY toUInt16(day)"


def compare_view_sql(kpis: Mapping[str, Kpi] = KPIS) -> list[str]:
    """Statements that define `sales.kpi_compare` and `sales.kpi_compare_period(from, to)`."""
    return [
        view(
            "kpi_compare",
            _of_days(),
            "A KPI of a day beside the previous day and the same weekday a week before",
            _OF_DAYS,
        ),
        view(
            "kpi_compare_period",
            _of_halves(kpis),
            "A KPI over the local days from .. to beside as many days before; both included",
        ),
    ]


def _of_days() -> str:
    return f"""SELECT
    day, subject_kind, subject, kpi, value, n,
    day_before, day_before_n, {_change("day_before")} AS day_change, {_share("day_before")} AS day_change_share,
    week_before, week_before_n, {_change("week_before")} AS week_change, {_share("week_before")} AS week_change_share
FROM
(
    SELECT day, subject_kind, subject, kpi, value, n,
        {_earlier("value", 1)} AS day_before, {_earlier("n", 1)} AS day_before_n,
        {_earlier("value", 7)} AS week_before, {_earlier("n", 7)} AS week_before_n
    FROM sales.kpi_daily
)"""


def _of_halves(kpis: Mapping[str, Kpi]) -> str:
    return f"""SELECT
    subject_kind, subject, kpi, value, n, before, before_n,
    {_change("before")} AS change, {_share("before")} AS change_share
FROM
(
    SELECT
        halves.subject_kind AS subject_kind, halves.subject AS subject, halves.kpi AS kpi,
        maxIf(halves.value, later) AS value, sumIf(halves.n, later) AS n,
        maxIf(halves.value, NOT later) AS before, sumIf(halves.n, NOT later) AS before_n
    FROM
    (
{daily_select("halves", kpis)}
    ) AS halves
    GROUP BY subject_kind, subject, kpi
)"""


def _earlier(column: str, days: int) -> str:
    return f"max({column}) OVER ({_BY} RANGE BETWEEN {days} PRECEDING AND {days} PRECEDING)"


def _change(earlier: str) -> str:
    return f"value - {earlier}"


def _share(earlier: str) -> str:
    return f"if({earlier} = 0, NULL, (value - {earlier}) / abs({earlier}))"
