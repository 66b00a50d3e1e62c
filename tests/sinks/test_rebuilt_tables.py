"""The tables of a new epoch beside those in force, and how they take their place."""

from collections.abc import Iterator
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error

from streams.clock import now_ms
from streams.directory import Directory
from streams.records import version
from streams.sinks.copies import COPIES
from streams.sinks.day_keeper import DayKeeper
from streams.sinks.directory_rows import write_directory
from streams.sinks.rebuilt_tables import (
    TablesMissing,
    database_of,
    drop_other_tables,
    make_tables,
    put_tables_in_force,
    same_columns,
)
from streams.sinks.record_keeper import RecordKeeper
from streams.sinks.tables import REBUILT


@pytest.fixture
def tables(store: Client) -> Iterator[Client]:
    """A store with a call of epoch 1, and tables of epoch 2 with another."""
    put(store, "sales_rows", "old", 1)
    make_tables(store, 2)
    put(store, database_of(2), "new", 2)
    yield store
    # Tests that follow have the tables of any epoch.
    for table in REBUILT:
        store.command(f"ALTER TABLE sales_rows.{table} DROP CONSTRAINT IF EXISTS epoch")
    drop_other_tables(store)


def put(client: Client, database: str, call: str, epoch: int) -> None:
    values = f"('pbx', '{call}', {version(epoch, 7)})"
    client.command(f"INSERT INTO {database}.calls (source, call_id, version) VALUES {values}")


def calls(client: Client) -> list[Any]:
    return [row[0] for row in client.query("SELECT call_id FROM sales.calls ORDER BY call_id").result_rows]


class Killed(Exception):
    """The end of a process in the middle of its work."""


class Mortal:
    """A client that ends after so many commands."""

    def __init__(self, client: Client, commands: int) -> None:
        self._client, self._left = client, commands

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def command(self, text: str, **options: Any) -> Any:
        if not self._left:
            raise Killed
        self._left -= 1
        return self._client.command(text, **options)


def test_views_show_the_new_tables_at_once_and_a_sink_of_the_old_epoch_cannot_write(tables: Client) -> None:
    assert same_columns(tables, 2)
    put_tables_in_force(tables, 2)
    assert calls(tables) == ["new"]
    with pytest.raises(Error, match="violated"):
        put(tables, "sales_rows", "straggler", 1)
    put(tables, "sales_rows", "next", 2)
    assert calls(tables) == ["new", "next"]
    put_tables_in_force(tables, 2)  # again, as each sink does that starts
    assert calls(tables) == ["new", "next"]
    drop_other_tables(tables)
    assert calls(tables) == ["new", "next"]


def facts(client: Client, database: str = "sales_rows") -> list[str]:
    found = client.query(f"SELECT entity FROM {database}.day_facts FINAL ORDER BY entity").result_rows
    return [entity for (entity,) in found]


def put_fact(client: Client, database: str, entity: str, epoch: int, *tables: str) -> None:
    for table in tables:
        client.command(
            f"INSERT INTO {database}.{table} (entity, name, whole, at, value, version) "
            f"VALUES ('{entity}', 'missed_item', 1, '2026-01-12 10:00:00', 1, {version(epoch, 7)})"
        )


def test_copies_of_rows_are_of_the_same_epoch_as_the_rows(tables: Client) -> None:
    put_fact(tables, "sales_rows", "old", 1, "measurements", "day_facts")
    put_fact(tables, database_of(2), "new", 2, "measurements", "day_facts")
    assert facts(tables) == ["old"]
    put_tables_in_force(tables, 2)
    assert facts(tables) == ["new"]


def test_an_epoch_of_a_version_that_made_no_copies_gets_them(tables: Client) -> None:
    for table in COPIES:
        tables.command(f"DROP TABLE {database_of(2)}.{table} SYNC")
    put_fact(tables, "sales_rows", "old", 1, "measurements", "day_facts")
    put_fact(tables, database_of(2), "new", 2, "measurements")
    for commands in (0, len(REBUILT) - len(COPIES) + 2):  # at once, and before the old copies are deleted
        with pytest.raises(Killed):
            put_tables_in_force(Mortal(tables, commands), 2)  # type: ignore[arg-type]
    put_tables_in_force(tables, 2)
    assert facts(tables) == ["new"]
    with pytest.raises(Error, match="violated"):
        put_fact(tables, "sales_rows", "straggler", 1, "day_facts")
    drop_other_tables(tables)
    put_tables_in_force(tables, 2)
    assert facts(tables) == ["new"]


def test_days_follow_tables_that_took_the_place_of_others(tables: Client, migrated: str) -> None:
    """Both keepers live on through the exchange, as those of another machine's sink may."""
    write_directory(tables, Directory.from_text("groups: {sales: {name: Sales}}\nmanagers: {}"), now_ms())
    put_fact(tables, "sales_rows", "old", 1, "measurements", "day_facts")
    put_fact(tables, database_of(2), "new", 2, "measurements", "day_facts")
    put_fact(tables, database_of(2), "other", 2, "measurements", "day_facts")
    pane = "INSERT INTO {}.kpi_minutes (subject, minute, handled_n, inserted_at, version) VALUES ({})"
    stored = "'a:all', '2026-01-12 10:00:00', {}, '2026-01-12 10:00:01', {}"
    tables.command(pane.format("sales_rows", stored.format(1, version(1, 7))))
    tables.command(pane.format(database_of(2), stored.format(2, version(2, 7))))
    days, records = DayKeeper(tables), RecordKeeper(tables, Directory.from_text("groups: {}\nmanagers: {}"))

    def turned() -> list[tuple[str, int]]:
        while days.turn():
            pass
        records.turn()
        shown = "kpi IN ('recovered_share', 'calls_handled') AND subject = 'all'"
        found = tables.query(f"SELECT kpi, n FROM sales.kpi_daily WHERE {shown} ORDER BY kpi").result_rows
        return [(kpi, n) for kpi, n in found]

    assert turned() == [("calls_handled", 1), ("recovered_share", 1)]
    put_tables_in_force(tables, 2)
    assert turned() == [("calls_handled", 2), ("recovered_share", 2)]


def test_whoever_is_killed_half_way_is_followed_by_another(tables: Client) -> None:
    for commands in (0, 1, 2, 4):  # the renaming and none, one and three exchanges
        with pytest.raises(Killed):
            put_tables_in_force(Mortal(tables, commands), 2)  # type: ignore[arg-type]
    put_tables_in_force(tables, 2)
    assert calls(tables) == ["new"]
    for table in REBUILT:
        with pytest.raises(Error, match="violated"):
            tables.command(f"INSERT INTO sales_rows.{table} (version) VALUES (1)")


def test_who_is_overtaken_exchanges_nothing_back(tables: Client) -> None:
    class Slow(Mortal):
        """Is overtaken after its first exchange."""

        def command(self, text: str, **options: Any) -> Any:
            done = self._client.command(text, **options)
            if text.startswith("EXCHANGE"):
                put_tables_in_force(self._client, 2)
            return done

    put_tables_in_force(Slow(tables, 0), 2)  # type: ignore[arg-type]
    assert calls(tables) == ["new"]
    for table in REBUILT:
        with pytest.raises(Error, match="violated"):
            tables.command(f"INSERT INTO sales_rows.{table} (version) VALUES (1)")


def test_tables_that_are_nowhere_are_told(tables: Client) -> None:
    drop_other_tables(tables)
    with pytest.raises(TablesMissing, match="salespulse rebuild"):
        put_tables_in_force(tables, 2)
    assert calls(tables) == ["old"]


def test_a_migration_that_came_meanwhile_is_seen(tables: Client) -> None:
    tables.command(f"ALTER TABLE {database_of(2)}.calls DROP COLUMN recording")
    assert not same_columns(tables, 2)
