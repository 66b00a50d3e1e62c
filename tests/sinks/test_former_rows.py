"""Rows that an earlier version wrote to the log are stored after an upgrade, too."""

import re
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from streams.records import TableRow, TablesRecord, pack
from streams.records_tables import TABLES
from streams.sinks.batch import Batch
from streams.sinks.decoding import Decoding
from streams.sinks.migrations import FOLDER
from streams.sinks.tables import LAYOUTS
from tests.sinks.stored import put
from tests.sinks.test_decoding import INTERNAL, Given, rows_of

#: Rows as they were before columns were appended, and the empty values of those that each lacks.
FORMER = [
    (
        ["crm", "e1", "d1", "p", "talk", "open", 1, None, None, None, "m1", "sales", "c1", 100, "RUB", "", "deal:crm:d1"],
        "stage_stays", {"owners": [], "meeting_ahead": []},
    ),
    (
        ["crm", "e1", "d1", "p", "talk", "open", 1, None, None, None, "m1", "sales", "c1", 100, "RUB", "", "deal:crm:d1",
         [[1, "m1", "sales"]]],
        "stage_stays", {"meeting_ahead": []},
    ),
    (["crm", "t1", "c1", "m1", "sales", 1, 2, None, "task:crm:t1"], "tasks", {"owners": []}),
    (
        ["crm", "l1", "c1", "web_form", "m1", "sales", 1, None, None, None, None, 0, 2, "spam"],
        "leads", {"disqualified_of": ""},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("values", "table", "lacking"), FORMER)
def test_a_row_of_before_columns_were_appended_is_stored_with_empty_ones(
    values: list[Any], table: str, lacking: dict[str, Any]
) -> None:
    record = pack(TablesRecord([TableRow(table, 8, False, values)]))
    (row,) = rows_of(Given(INTERNAL.records, record))[table]
    given = dict(zip(LAYOUTS[table].columns, values, strict=False))
    assert row == given | lacking | {"version": 8, "gone": 0}


@pytest.mark.parametrize(("values", "table", "lacking"), FORMER)
def test_what_such_a_row_lacks_is_what_the_table_says(
    store: Client, migrated: str, values: list[Any], table: str, lacking: dict[str, Any]
) -> None:
    batch = Batch()
    record = pack(TablesRecord([TableRow(table, 8, False, values)]))
    assert Decoding(INTERNAL).put(Given(INTERNAL.records, record), batch) is None
    (row,) = batch.tables[table].values()
    put(migrated, table, row)
    names = LAYOUTS[table].columns[: len(values)]
    store.insert(table, [[f"other {values[0]}", *values[1:], 8]], [*names, "version"], database="sales_rows")
    shown = f"SELECT {', '.join(lacking)} FROM sales_rows.{table} FINAL"
    stored, left_out = store.query(shown).result_rows
    assert stored == left_out == tuple(lacking.values())


@pytest.mark.parametrize(("values", "table", "lacking"), FORMER)
def test_a_row_that_has_more_values_or_lacks_others_is_refused(
    values: list[Any], table: str, lacking: dict[str, Any]
) -> None:
    whole = [*values, *lacking.values()]
    shortest = len(whole) - len(TABLES[table].added)
    for wrong in ([*whole, ""], whole[: shortest - 1]):
        good, bad = TableRow(table, 8, False, whole), TableRow(table, 8, False, wrong)
        batch = Batch()
        fault = Decoding(INTERNAL).put(Given(INTERNAL.records, pack(TablesRecord([good, bad]))), batch)
        assert isinstance(fault, ValueError)
        assert list(batch.tables) == ["dead_letters"]


def test_columns_are_appended_at_the_end_and_say_what_rows_of_before_have() -> None:
    for name, table in TABLES.items():
        assert table.rest[len(table.rest) - len(table.added) :] == tuple(table.added), name
    altered = re.compile(r"ALTER TABLE sales_rows\.(\w+)\n((?:    ADD COLUMN.*\n?)+)")
    appended = {
        (table, column)
        for file in sorted(FOLDER.glob("*.sql"))
        if file.name
        > "0100"  # open_items.owner (0061) has no constant for empty: a row without it is refused
        for table, columns in altered.findall(file.read_text())
        for column in re.findall(r"ADD COLUMN IF NOT EXISTS (\w+)", columns)
        if table in TABLES
    }
    assert appended == {(name, column) for name, table in TABLES.items() for column in table.added}
