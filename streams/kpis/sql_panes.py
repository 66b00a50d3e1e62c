"""The columns of the pane table, and how to recompute panes from facts.

One column per part of a measurement: `<name>_n` (count), `<name>_sum`, `<name>_hist` (bucket ->
count), `<name>_set` (tag -> count). Items and spans are not in panes.
"""

from collections.abc import Callable, Iterable
from typing import Any

from streams.kpis.measurements import MEASUREMENTS, NOT_IN_PANES, Kind
from streams.records import PaneState
from streams.windows.seconds import BEYOND

FACTS = "sales_rows.measurements"
PANES = "sales_rows.kpi_minutes"

#: Bucket of a value: `streams.windows.histogram.bucket` in SQL, whole numbers only.
_SHIFT = "toUInt8(greatest(bitCount(roundToExp2(value) - 1), 4) - 4)"
BUCKET = f"toUInt16(if(value < 32, greatest(value, 0), {_SHIFT} * 16 + bitShiftRight(value, {_SHIFT})))"
#: `streams.windows.seconds.bucket` in SQL.
SECOND = f"toUInt16(least(intDiv(greatest(value, 0) + 999, 1000), {BEYOND}))"

_TYPES = {
    "n": "Int64",
    "sum": "Int64",
    "hist": "Map(UInt16, Int64)",
    "set": "Map(String, Int64)",
}
_PARTS: dict[Kind, tuple[str, ...]] = {
    "n": ("n",),
    "sum": ("n", "sum"),
    "hist": ("n", "sum", "hist"),
    "seconds": ("n", "sum", "hist"),
    "set": ("set",),
    "item": (),
    "span": (),
}
_RECOUNT = {
    "n": "countIf(name = '{name}')",
    "sum": "sumIf(value, name = '{name}')",
    "hist": "sumMapIf(map(bucket, toInt64(1)), name = '{name}')",
    "set": "sumMapIf(map(tag, toInt64(1)), name = '{name}')",
}
_READ: dict[str, Callable[[PaneState, str], Any]] = {
    "n": lambda state, name: state.counters.get(name, (0, 0))[0],
    "sum": lambda state, name: state.counters.get(name, (0, 0))[1],
    "hist": lambda state, name: state.histograms.get(name, {}),
    "set": lambda state, name: state.sets.get(name, {}),
}


#: Each column as (measurement, part), in order.
_COLUMNS = tuple(
    (name, part) for name, measurement in MEASUREMENTS.items() for part in _PARTS[measurement.kind]
)


def column(name: str, part: str) -> str:
    """Name of the column that holds a part (n, sum, hist, set) of a measurement."""
    return f"{name}_{part}"


def pane_columns() -> list[tuple[str, str]]:
    """Name and ClickHouse type of the pane table's counters, in order."""
    return [(column(name, part), _TYPES[part]) for name, part in _COLUMNS]


def pane_row(state: PaneState) -> list[Any]:
    """A pane's values in the order of `pane_columns`."""
    return [_READ[part](state, name) for name, part in _COLUMNS]


def recompute_select(where: str, facts: str = FACTS) -> str:
    """SELECT that counts panes anew from the stored facts: subject, minute, then `pane_columns`.

    `where` is a condition over `subject` (such as `g:sales`) and `minute`. A minute without facts
    gives no row: whoever replaces panes marks those as gone. `facts`: the table of measurements.
    """
    counters = ",\n    ".join(
        f"toInt64({_RECOUNT[part].format(name=name)}) AS {column(name, part)}"
        if part in ("n", "sum")
        else f"{_RECOUNT[part].format(name=name)} AS {column(name, part)}"
        for name, part in _COLUMNS
    )
    return f"""SELECT
    subject,
    minute,
    {counters}
FROM
(
    SELECT
        arrayJoin(arrayConcat(
            if(manager = '', [], [concat('m:', manager)]),
            if(`group` = '', [], [concat('g:', `group`)]),
            if(whole, ['a:all'], []))) AS subject,
        toStartOfMinute(at) AS minute,
        name,
        value,
        tag,
        if(name IN ({_listed(("seconds",))}), {SECOND}, {BUCKET}) AS bucket
    FROM {facts} FINAL
    WHERE name IN ({_counted()}) AND ({where})
)
GROUP BY subject, minute"""


def _counted() -> str:
    return _listed(kind for kind in _PARTS if kind not in NOT_IN_PANES)


def _listed(kinds: Iterable[Kind]) -> str:
    among = frozenset(kinds)
    return ", ".join(f"'{m.name}'" for m in MEASUREMENTS.values() if m.kind in among)
