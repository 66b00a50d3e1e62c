"""CONTRIBUTING, "Adding a KPI": one declaration gives the live value and the SQL."""

from streams.kpis.formulas import Ratio
from streams.kpis.kpi import Kpi, evaluate, registry
from streams.kpis.sql import rolling_select
from streams.kpis.table import markdown_table
from streams.records import PaneState
from streams.windows.items import OpenItems
from streams.windows.pane import apply
from streams.windows.totals import Totals
from tests.kpis.conftest import Tables
from tests.kpis.test_sql_rolling import store

ADDED = registry(
    [
        Kpi(
            id="meetings_held_share",
            title="Meetings that took place",
            unit="share",
            good="up",
            subjects="mga",
            formula=Ratio("meeting_held", "meeting_missed"),
            needs=frozenset({"meetings"}),
            help="Meetings held / (held + missed), each at its time.",
            personal=False,
            min_n=10,
        )
    ]
)


def pane(held: int, missed: int) -> PaneState:
    """A minute with so many meetings."""
    made = PaneState()
    for name, times in (("meeting_held", held), ("meeting_missed", missed)):
        for _ in range(times):
            apply(made, name, None, 1)
    return made


def test_the_live_value_follows_from_the_declaration() -> None:
    kpi = ADDED["meetings_held_share"]
    found = evaluate(kpi, Totals(pane(3, 1)), OpenItems(), 0, lambda _g, a, b: b - a)
    assert found == (0.75, 4)


def test_the_line_of_the_readme_follows_too() -> None:
    assert "| `meetings_held_share` | Meetings that took place | manager, group, all |" in markdown_table(
        ADDED
    )


def test_its_history_in_sql_follows_as_well(tables: Tables) -> None:
    minute = 29_470_140
    store(tables, {("g:sales", minute): pane(3, 1), ("g:sales", minute + 2): pane(1, 3)})
    first, last = str(minute * 60), str((minute + 2) * 60)
    rows = tables.rows(
        f"SELECT value, n FROM ({rolling_select(first, last, ADDED)}) WHERE window = '5m' ORDER BY as_of"
    )
    # 3 of 4, still so a minute later, then 4 of 8.
    assert rows == [(0.75, 4), (0.75, 4), (0.5, 8)]
