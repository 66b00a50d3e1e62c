"""Rows that wait to be written: of each key only the one that will hold."""

from typing import Any

from streams.sinks.tables import LAYOUTS

Key = tuple[Any, ...]
#: Values in the order of the table's layout; the last two are version and gone.
Row = list[Any]

_VERSION = -2
#: How many values identify a row, by table.
_KEYS = {name: layout.key for name, layout in LAYOUTS.items()}


class Batch:
    """Rows by table and key. What a newer row of the same key replaces is not written at all."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, Row]] = {}
        #: rows put in, replaced ones included
        self.taken = 0

    def __len__(self) -> int:
        """Rows to write."""
        return sum(len(rows) for rows in self.tables.values())

    def put(self, table: str, row: Row) -> None:
        """Takes a row unless one of a higher version is there; of equal ones the last taken holds."""
        rows = self._rows(table)
        key = tuple(row[: _KEYS[table]])
        held = rows.get(key)
        if held is None or held[_VERSION] <= row[_VERSION]:
            rows[key] = row

    def put_first(self, table: str, row: Row) -> None:
        """The same, but of equal versions the first taken holds: for what counts once, as it first came."""
        rows = self._rows(table)
        key = tuple(row[: _KEYS[table]])
        held = rows.get(key)
        if held is None or held[_VERSION] < row[_VERSION]:
            rows[key] = row

    def _rows(self, table: str) -> dict[Key, Row]:
        self.taken += 1
        rows = self.tables.get(table)
        if rows is None:
            rows = self.tables[table] = {}
        return rows
