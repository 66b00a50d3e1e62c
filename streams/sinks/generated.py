"""The parts of the schema that follow from the KPI declarations instead of a numbered file.

A new measurement adds its columns and a new KPI its formula without a migration of their own: each
part is applied again whenever its text changes. Columns are only ever added.
"""

from typing import Any

from streams.kpis.measurements import MEASUREMENTS
from streams.kpis.sql import (
    closed_views_sql,
    compare_view_sql,
    daily_view_sql,
    funnel_view_sql,
    leaderboard_period_view_sql,
    leaderboard_view_sql,
    now_view_sql,
    pane_arrays_sql,
    pane_columns,
    pane_row,
    planning_views_sql,
    rolling_view_sql,
)
from streams.records import PaneState
from streams.sinks.connection import ROWS, VIEWS

_PLACES: dict[str, int] = {name: place for place, (name, _) in enumerate(pane_columns())}
#: The row of a pane that counts nothing. Its empty maps are shared by rows, which nobody changes.
_NOTHING: list[Any] = pane_row(PaneState())


def pane_values(state: PaneState) -> list[Any]:
    """A pane's values in the order of `pane_column_names`.

    The same as `pane_row`, some times faster: a pane fills few of the columns. Raises KeyError for a
    measurement that this version does not know.
    """
    row = _NOTHING.copy()
    for name, (count, total) in state.counters.items():
        row[_PLACES[f"{name}_n"]] = count
        if total:
            row[_PLACES[f"{name}_sum"]] = total
    for name, histogram in state.histograms.items():
        row[_PLACES[f"{name}_hist"]] = histogram
    for name, tags in state.sets.items():
        row[_PLACES[f"{name}_set"]] = tags
    return row


def pane_column_names() -> tuple[str, ...]:
    """The counters' columns of table `kpi_minutes`, in order."""
    return tuple(name for name, _ in pane_columns())


def generated_statements() -> list[tuple[str, list[str]]]:
    """Name and statements of each part, in order; all of them bear being run again."""
    return [
        ("kpi_minutes_columns", [_add_columns()]),
        ("kpi_minutes_arrays", pane_arrays_sql()),
        ("view_kpi_minutes", [_minutes_view()]),
        ("view_kpi_rolling", rolling_view_sql()),
        ("view_kpi_daily", daily_view_sql()),
        ("view_kpi_now", now_view_sql()),
        ("view_kpi_compare", compare_view_sql()),
        ("view_leaderboard", leaderboard_view_sql()),
        ("view_leaderboard_period", leaderboard_period_view_sql()),
        ("view_funnel", funnel_view_sql()),
        ("view_planning", planning_views_sql()),
        ("view_adjustments", closed_views_sql()),
    ]


def _add_columns() -> str:
    added = ",\n    ".join(
        f"ADD COLUMN IF NOT EXISTS {name} {kind} COMMENT '{_comment(name)}'" for name, kind in pane_columns()
    )
    return f"ALTER TABLE {ROWS}.kpi_minutes\n    {added}"


def _comment(column: str) -> str:
    name, part = column.rsplit("_", 1)
    unit = MEASUREMENTS[name].unit
    what = {"n": "how many", "sum": f"sum, {unit}", "hist": "bucket to count", "set": "whom to count"}
    return f"{what[part]}: {MEASUREMENTS[name].help}".replace("\\", "\\\\").replace("'", "\\'")


def _minutes_view() -> str:
    counters = ",\n    ".join(_shown(name) for name, _ in pane_columns())
    return f"""CREATE OR REPLACE VIEW {VIEWS}.kpi_minutes DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    {subject_columns()},
    toDateTime64(minute, 3, 'UTC') AS minute,
    {counters}
FROM {ROWS}.kpi_minutes FINAL"""


def subject_columns() -> str:
    """SQL of subject_kind and subject from `m:<manager>`, `g:<group>` or `a:all`."""
    kinds = "['m', 'g', 'a'], ['manager', 'group', 'all'], ''"
    return (
        f"transform(substring(kpi_minutes.subject, 1, 1), {kinds}) AS subject_kind,\n"
        "    substring(kpi_minutes.subject, 3) AS subject"
    )


def _shown(column: str) -> str:
    """A counter as people read it: durations in seconds, distinct customers as their number."""
    name, part = column.rsplit("_", 1)
    if part == "sum" and MEASUREMENTS[name].unit == "ms":
        return f"{column} / 1000 AS {name}_s"
    if part == "set":
        return f"toInt64(length({column})) AS {name}_n"
    return column
