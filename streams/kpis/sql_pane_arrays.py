"""Columns of the pane table that hold all its counters as three arrays, for questions about many KPI.

A view that names each of some hundred columns takes longer to plan than to read, and a part of the table
has several files a column. ClickHouse computes the arrays when it stores a row; where they were declared
otherwise they are dropped and made anew, so that a place always means what `number_place`, `spread_place` and
`set_place` say.
"""

from collections.abc import Iterable

from streams.kpis.declarations import KPIS
from streams.kpis.formulas import Term
from streams.kpis.sql_levels import levels_among, raw_counts
from streams.kpis.sql_panes import PANES, column, pane_columns

#: Names of the columns: counts and sums, histograms, and whom to count once.
NUMBERS, SPREADS, SETS = "numbers", "spreads", "tag_sets"

_NUMBERS = [name for name, kind in pane_columns() if kind == "Int64"]
#: Histograms, and the raw counts of service levels, which are reckoned when they are read.
_HISTOGRAMS = [
    name for name, kind in pane_columns() if name.endswith("_hist") and kind == "Map(UInt16, Int64)"
]
_LEVELS = [raw_counts(formula) for _, formula in levels_among(KPIS.values())]
_SPREADS = [*_HISTOGRAMS, *dict.fromkeys(_LEVELS)]
_SETS = [name for name, _ in pane_columns() if name.endswith("_set")]

#: How many histograms and sets a row has.
SPREAD_COUNT, SET_COUNT = len(_SPREADS), len(_SETS)
_ARRAYS = (
    (NUMBERS, "Array(Int64)", _NUMBERS, "all counts and sums, in the order of their columns"),
    (SPREADS, "Array(Map(UInt16, Int64))", _SPREADS, "all histograms, and raw counts of service levels"),
    (SETS, "Array(Array(String))", [f"mapKeys({name})" for name in _SETS], "whom to count once"),
)


def pane_arrays_sql(table: str = PANES) -> list[str]:
    """Statements that give the table these columns; they bear being run again."""
    dropped = ", ".join(f"DROP COLUMN IF EXISTS {name}" for name, *_ in _ARRAYS)
    added = ", ".join(
        f"ADD COLUMN {name} {kind} MATERIALIZED [{', '.join(elements)}] COMMENT '{comment}'"
        for name, kind, elements, comment in _ARRAYS
    )
    # Rows that are there already are read as if they had them, and get them in the background.
    stored = ", ".join(f"MATERIALIZE COLUMN {name}" for name, *_ in _ARRAYS)
    return [f"ALTER TABLE {table} {change}" for change in (dropped, added, stored)]


def number_places(term: Term) -> list[int]:
    """Where the numbers of a term stand, from 1."""
    part = "n" if term.of == "count" else "sum"
    return [_NUMBERS.index(column(name, part)) + 1 for name in term.names]


def spread_place(spread: str) -> int:
    """Where a histogram's column, or an expression of raw counts, stands, from 1."""
    return _SPREADS.index(spread) + 1


def set_place(name: str) -> int:
    """Where the set of a measurement stands, from 1."""
    return _SETS.index(column(name, "set")) + 1


def set_places(names: Iterable[tuple[str, str]]) -> str:
    """Array of id and place, of pairs of an id and a measurement."""
    pairs = ", ".join(f"('{id}', {set_place(name)})" for id, name in names)
    return f"[{pairs}]"
