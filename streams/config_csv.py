"""Reading configuration tables (CSV) so that every fault names file, line, column and what was expected.

A cell is a `Node`, as a scalar in YAML is, so that dates and numbers are read in one way.
"""

import csv
import json
from collections.abc import Iterator

import yaml

from streams.config_text import ConfigError, Node

_TEXT = "tag:yaml.org,2002:str"


class Row:
    """A line of a table: cells by column, all columns there, trimmed."""

    __slots__ = ("_cells",)

    def __init__(self, cells: dict[str, Node]) -> None:
        self._cells = cells

    def __getitem__(self, column: str) -> Node:
        return self._cells[column]

    def optional(self, column: str) -> Node | None:
        """The cell, None when nothing stands in it."""
        cell = self._cells[column]
        return cell if cell.plain() else None


def read_csv(file: str, text: str, columns: tuple[str, ...]) -> list[Row]:
    """The lines below the header, which names all columns, in any order. Raises `ConfigError`.

    Cells are parted by commas, or by semicolons as spreadsheets of some countries do. Empty lines
    and those that begin with `#` say nothing.
    """
    lines = _lines(file, text)
    first = next(lines, None)
    if first is None:
        return []
    line, names = first
    if sorted(names) != sorted(columns):
        found = ",".join(names)
        raise ConfigError(f"{file}, line {line}: expected the header {','.join(columns)}, found {found!r}")
    return [_row(file, number, names, cells) for number, cells in lines]


def canonical_csv(file: str, text: str) -> str:
    """The content alone: equal for texts that differ in comments, quotes, separator or empty lines."""
    cells = [cells for _, cells in _lines(file, text)]
    return json.dumps(cells, ensure_ascii=False, separators=(",", ":"))


def _lines(file: str, text: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.splitlines(keepends=True)
    header = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    reader = csv.reader(lines, delimiter=";" if ";" in header else ",", strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells) and not cells[0].startswith("#"):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise ConfigError(f"{file}, line {reader.line_num}: is not CSV: {error}") from None


def _row(file: str, line: int, names: list[str], cells: list[str]) -> Row:
    if len(cells) != len(names):
        raise ConfigError(f"{file}, line {line}: expected {len(names)} cells, found {len(cells)}")
    mark = yaml.Mark(file, 0, line - 1, 0, None, 0)
    scalars = (yaml.ScalarNode(_TEXT, cell, mark, mark) for cell in cells)
    return Row({name: Node(file, name, scalar) for name, scalar in zip(names, scalars, strict=True)})
