"""The views of what is now, on rows written by hand."""

import json
from datetime import date
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from streams.clock import now_ms
from streams.directory import Directory
from streams.sinks.directory_rows import write_directory
from streams.sinks.working_spans import write_working_spans
from tests.sinks.stored import put_named
from tests.sinks.test_day_views import tuples

MINUTE = 60_000
HOUR = 60 * MINUTE

DIRECTORY = """
time_zone: UTC
groups:
  sales: {name: Sales}
managers:
  a: {name: Anna, group: sales}
  b: {name: Boris, group: sales}
  c: {name: Clara, group: sales}
  d: {name: Dina, group: sales}
  e: {name: Egor, group: sales}
  f: {name: Fedor, group: sales}
  g: {name: Galina, group: sales, active: false}
"""


@pytest.fixture
def centre(store: Client) -> Client:
    """A ClickHouse that knows who works where."""
    write_directory(store, Directory.from_text(DIRECTORY), now_ms())
    return store


def status(event_id: str, manager: str, at: int, said: str, version: int = 1) -> dict[str, Any]:
    data = json.dumps({"status": said})
    event = {"source": "pbx", "event_id": event_id, "type": "agent.status", "version": version}
    return event | {"at": at, "manager": manager, "data": data, "logged_at": at}


def leg(call_id: str, manager: str, **times: Any) -> dict[str, Any]:
    return {"source": "pbx", "call_id": call_id, "leg": 0, "manager": manager} | times


def test_a_manager_is_where_the_calls_say_else_where_the_last_status_says(
    centre: Client, migrated: str
) -> None:
    now = now_ms()
    put_named(
        migrated,
        "events",
        status("1", "a", now - 9 * MINUTE, "available"),
        status("2", "b", now - 30 * MINUTE, "available"),
        status("3", "b", now - 20 * MINUTE, "paused"),
        status("4", "b", now - 10 * MINUTE, "paused"),
        status("5", "c", now - 25 * HOUR, "available"),
        status("6", "d", now - 5 * MINUTE, "on_call"),
        status("7", "f", now - HOUR, "available"),
        status("8", "x", now - HOUR, "wrap_up"),
    )
    put_named(
        migrated,
        "call_legs",
        leg("c1", "a", offered_at=now - 8 * MINUTE, answered_at=now - 7 * MINUTE),
        leg("c2", "d", offered_at=now - MINUTE),
        leg("c3", "e", offered_at=now - MINUTE),
        leg("c4", "f", answered_at=now - 30 * MINUTE),
        leg("c5", "b", answered_at=now - 5 * HOUR),
    )
    put_named(migrated, "call_legs", leg("c4", "f", answered_at=1, left_at=now, version=2))
    since = "dateDiff('millisecond', since, fromUnixTimestamp64Milli({now:Int64}, 'UTC')) / 60000"
    found = centre.query(
        f"SELECT manager, name, `group`, state, {since}, source, call_id FROM sales.managers_now "
        "ORDER BY manager",
        parameters={"now": now},
    )
    assert [tuple(row) for row in found.result_rows] == [
        ("a", "Anna", "sales", "on_call", 7, "calls", "c1"),
        ("b", "Boris", "sales", "paused", 20, "event", None),
        ("c", "Clara", "sales", "offline", None, None, None),
        ("d", "Dina", "sales", "on_call", 5, "event", None),
        ("e", "Egor", "sales", "ringing", 1, "calls", "c3"),
        ("f", "Fedor", "sales", "available", 60, "event", None),
        ("x", None, "unassigned", "wrap_up", 60, "event", None),
    ]


def test_the_first_event_of_an_id_says_the_status(centre: Client, migrated: str) -> None:
    now = now_ms()
    put_named(migrated, "events", status("1", "a", now - MINUTE, "paused", version=9))
    put_named(migrated, "events", status("1", "a", now, "available", version=8))
    assert tuples(centre, "SELECT state FROM sales.managers_now WHERE manager = 'a'") == [("paused",)]


def test_flags_are_those_of_the_events_and_a_kind_is_what_the_key_is(centre: Client, migrated: str) -> None:
    flag = {"source": "crm", "type": "customer.flagged", "at": now_ms(), "logged_at": now_ms()}
    flags = (("1", "c1", "spam"), ("2", "c1", "do_not_call"), ("3", "c1", "spam"), ("4", "crm:7", "staff"))
    put_named(
        migrated,
        "events",
        *(
            flag | {"event_id": id, "customer": customer, "data": json.dumps({"flag": said})}
            for id, customer, said in flags
        ),
    )
    put_named(
        migrated,
        "customers",
        {"customer": "c1", "phone": "+74951234567", "phone_masked": "+7 *** ***-**-67", "flags": ["test"]},
        {"customer": "c2", "phone": "+74951234568", "phone_masked": "+7 *** ***-**-68", "kind": "regular"},
        {"customer": "crm:7"},
    )
    wanted = [
        ("c1", "+7 *** ***-**-67", "phone", ["do_not_call", "spam", "test"]),
        ("c2", "+7 *** ***-**-68", "regular", []),
        ("crm:7", None, "crm", ["staff"]),
    ]
    for view in ("customers", "customers_masked"):
        found = tuples(
            centre, f"SELECT customer, phone_masked, kind, flags FROM sales.{view} ORDER BY customer"
        )
        assert found == wanted
    assert tuples(centre, "SELECT phone FROM sales.customers WHERE customer = 'c1'") == [("+74951234567",)]


def put_spans(store: Client, group: str, day: str, *spans: tuple[int, int]) -> None:
    """Working time of a group on a local day, in ms."""
    opens, closes = [start for start, _ in spans], [end for _, end in spans]
    names = ["group", "day", "opens_at", "closes_at", "version"]
    store.insert(
        "working_spans",
        [[group, date.fromisoformat(day), opens, closes, 1]],
        column_names=names,
        database="sales_rows",
    )


def test_what_waits_is_as_old_as_the_working_time_since_then(centre: Client, migrated: str) -> None:
    now = now_ms()
    put_spans(centre, "sales", "2026-01-12", (now - 10 * HOUR, now - 8 * HOUR))
    put_spans(centre, "sales", "2026-01-13", (now - 3 * HOUR, now - HOUR), (now - HOUR // 2, now + HOUR // 2))
    item = {"source": "pbx", "kind": "missed_call", "state": "new", "customer": "c1"}
    waits = (
        ("before all hours", "sales", 11.0, 4.5),
        ("within the first", "sales", 9.0, 3.5),
        ("between two", "sales", 5.0, 2.5),
        ("within the last", "sales", 0.25, 0.25),
        ("of no listed group", "unmapped:pbx:9", 9.0, 9.0),
    )
    put_named(
        migrated,
        "open_items",
        *(
            item | {"item_id": id, "group": group, "manager": "a", "since": now - int(age * HOUR)}
            for id, group, age, _ in waits
        ),
    )
    ages = "round(age_s / 3600, 2), round(age_work_s / 3600, 2)"
    found = tuples(centre, f"SELECT item_id, `group`, {ages}, name FROM sales.open_items")
    assert sorted(found) == sorted((*wait, "Anna") for wait in waits)


def test_hours_of_the_directory_are_written_as_moments(store: Client) -> None:
    text = """
groups:
  sales: {name: S, time_zone: Europe/Moscow, hours: {mon-fri: "9:00-13:00,14:00-18:00", sat: "22:00-2:00"}}
  desk: {name: Desk, time_zone: Europe/Moscow}
managers: {}
"""
    write_working_spans(store, Directory.from_text(text), 1_768_253_400_000)  # on 13 January 2026 in Moscow

    def hours(group: str, day: str) -> list[tuple[Any, ...]]:
        return tuples(
            store,
            "SELECT toString(opens), toString(closes) FROM sales_rows.working_spans FINAL "
            "ARRAY JOIN opens_at AS opens, closes_at AS closes "
            f"WHERE `group` = '{group}' AND day = '{day}'",
        )

    assert hours("sales", "2026-01-13") == [  # a Tuesday, three hours ahead of UTC
        ("2026-01-13 06:00:00.000", "2026-01-13 10:00:00.000"),
        ("2026-01-13 11:00:00.000", "2026-01-13 15:00:00.000"),
    ]
    assert hours("sales", "2026-01-17") == [("2026-01-17 19:00:00.000", "2026-01-17 23:00:00.000")]
    assert hours("sales", "2026-01-18") == []
    assert hours("desk", "2026-01-18") == [("2026-01-17 21:00:00.000", "2026-01-18 21:00:00.000")]
    assert hours("unassigned", "2026-01-18") == [("2026-01-18 00:00:00.000", "2026-01-19 00:00:00.000")]
