"""The stored events as a rebuild reads them."""

from collections.abc import Iterator
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from streams.rebuild import stored as module
from streams.rebuild.stored import StoredEvents
from streams.sinks.connection import connect
from streams.sinks.migrations import migrate
from streams.sinks.rebuilt_tables import drop_other_tables, make_tables

LOGGED = 1_768_208_400_000


@pytest.fixture
def store(clickhouse: str) -> Iterator[Client]:
    client = connect(clickhouse)
    migrate(client)
    client.command("TRUNCATE TABLE sales_rows.events")
    drop_other_tables(client)
    make_tables(client, 2)
    yield client
    drop_other_tables(client)
    client.command("TRUNCATE TABLE sales_rows.events")
    client.close()


def put(client: Client, *rows: tuple[str, int, int, int, str]) -> None:
    """Events: id, ms after the beginning, raw partition and offset, configuration."""
    columns = ("source", "event_id", "type", "at", "customer", "data", "raw_topic", "raw_partition",
               "raw_offset", "logged_at", "config", "version")  # fmt: skip
    made: list[list[Any]] = [
        [
            "pbx",
            name,
            "call.ended",
            LOGGED,
            "c1",
            '{"call_id":"7"}',
            0,
            partition,
            offset,
            LOGGED + ms,
            config,
            1,
        ]
        for name, ms, partition, offset, config in rows
    ]
    for values in made:
        values[3] = values[3] / 1000
        values[9] = values[9] / 1000
    text = ", ".join(
        "(" + ", ".join(f"'{v}'" if isinstance(v, str) else str(v) for v in values) + ")" for values in made
    )
    client.command(f"INSERT INTO sales_rows.events ({', '.join(columns)}) VALUES {text}")


def read(events: StoredEvents) -> list[tuple[str, int, int, str]]:
    return [
        (row.event.event_id, row.partition, row.offset, config)
        for stretch in events.stretches()
        for row, config in stretch
    ]


def test_events_come_in_the_order_of_the_log_in_stretches(
    store: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PER_STRETCH", 2)
    put(store, ("e3", 5, 0, 2, "b"), ("e1", 5, 0, 0, "a"), ("e2", 5, 0, 1, "a"), ("e0", 5, 1, 9, "a"))
    put(store, ("late", 9, 0, 3, "b"))
    events = StoredEvents(store, 2)
    ends = {(0, 0): 100, (0, 1): 100}
    assert events.copy(ends, ends) == 5
    put(store, ("after", 10, 0, 4, "b"))  # stored after the copy: it is on the topic
    assert read(events) == [
        ("e1", 0, 0, "a"),
        ("e2", 0, 1, "a"),
        ("e3", 0, 2, "b"),
        ("e0", 1, 9, "a"),
        ("late", 0, 3, "b"),
    ]
    assert events.configs() == {"a", "b"}
    assert events.missing() == 5
    row = next(events.stretches())[0][0]
    assert (row.logged_at, row.event.at, row.event.data) == (LOGGED + 5, LOGGED, {"call_id": "7"})


def test_a_log_that_was_made_anew_is_told_from_the_present_one(store: Client) -> None:
    put(store, ("a", 1, 0, 50, "v"), ("b", 2, 0, 51, "v"), ("c", 3, 0, 0, "v"), ("d", 4, 0, 60, "v"))
    put(store, ("other", 5, 1, 7, "v"), ("e", 6, 0, 2, "v"))
    events = StoredEvents(store, 2)
    events.copy({(0, 0): 3, (0, 1): 8}, {(0, 0): 3, (0, 1): 8})
    assert read(events) == [
        ("a", 2048, 50, "v"),
        ("b", 2048, 51, "v"),
        ("c", 1024, 0, "v"),
        ("d", 1024, 60, "v"),
        ("other", 1, 7, "v"),
        ("e", 0, 2, "v"),
    ]


def test_what_lies_from_the_cut_on_is_left_to_the_topic(store: Client) -> None:
    put(store, ("a", 1, 0, 4, "v"), ("b", 2, 0, 5, "v"), ("c", 3, 1, 1, "v"))
    events = StoredEvents(store, 2)
    events.copy({(0, 0): 5, (0, 1): 9}, {(0, 0): 9, (0, 1): 9})
    assert read(events) == [("a", 0, 4, "v"), ("c", 1, 1, "v")]


@pytest.mark.parametrize(("cut", "end"), [({}, 0), ({}, 9), ({(0, 0): 2}, 2)])
def test_a_log_of_which_nothing_is_stored_yet_cuts_off_nothing_of_the_one_before(
    store: Client, cut: dict[tuple[int, int], int], end: int
) -> None:
    put(store, ("a", 1, 0, 4, "v"), ("b", 2, 0, 5, "v"))
    events = StoredEvents(store, 2)
    events.copy(cut, {(0, 0): end})
    assert read(events) == [("a", 1024, 4, "v"), ("b", 1024, 5, "v")]
