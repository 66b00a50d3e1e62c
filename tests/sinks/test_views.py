"""What the views make of the rows, on rows written by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from streams.clock import now_ms
from streams.directory import Directory
from streams.sinks.connection import connect
from streams.sinks.directory_rows import write_directory
from tests.fixtures_clickhouse import EmbeddedClickHouse
from tests.sinks.stored import fact, put_facts, put_named

#: 2026-01-12 21:30:00 UTC: past midnight of the next day in Moscow (+3).
EVENING = 1_768_253_400_000
HOUR = 3_600_000

DIRECTORY = """
time_zone: Europe/Moscow
groups:
  sales: {name: Sales, time_zone: Europe/Moscow}
  support: {name: Support}
managers:
  m1: {name: Anna Petrova, group: sales}
  m2: {name: Boris Orlov, group: support}
"""


def rows(store: Client, query: str) -> list[dict[str, Any]]:
    return list(store.query(query).named_results())


def call(call_id: str, **values: Any) -> dict[str, Any]:
    return {"source": "pbx", "call_id": call_id, "customer": "c1", "outcome": "missed"} | values


def utc(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def test_a_call_is_shown_in_seconds_with_null_for_what_is_not_known(store: Client, migrated: str) -> None:
    full = call(
        "1",
        direction="in",
        group="sales",
        started_at=EVENING,
        ended_at=EVENING + 7_250,
        wait_ms=7_250,
        in_hours=False,
        offers=2,
        offers_missed=1,
    )
    put_named(migrated, "calls", full, call("2", outcome="in_progress"))
    first, second = rows(store, "SELECT * FROM sales.calls ORDER BY call_id")
    assert (first["direction"], first["group"], first["manager"], first["line"]) == (
        "in",
        "sales",
        None,
        None,
    )
    assert (first["wait_s"], first["talk_s"], first["in_hours"]) == (7.25, None, False)
    assert utc(EVENING) == first["started_at"].replace(tzinfo=UTC)
    assert (second["direction"], second["started_at"], second["outcome"]) == (None, None, "in_progress")
    assert {second[name] for name in ("recovered_by", "recording", "ended_by", "excluded_reason")} == {None}


def test_a_lead_is_shown_in_seconds_and_a_removed_one_not_at_all(store: Client, migrated: str) -> None:
    lead = {"source": "crm", "lead_id": "l1", "customer": "c1", "group": "sales", "created_at": EVENING}
    tried = {"first_attempt_at": EVENING - 60_000, "first_attempt_ms": 0, "attempts": 1}
    reached = {"first_contact_at": EVENING + 1500, "first_contact_ms": 1500, "manager": "m1"}
    put_named(migrated, "leads", lead | tried | reached, lead | {"lead_id": "l2"}, lead | {"lead_id": "l3"})
    put_named(migrated, "leads", lead | {"lead_id": "l3", "version": 2, "gone": 1})
    first, second = rows(store, "SELECT * FROM sales.leads ORDER BY lead_id")
    assert (first["first_attempt_s"], first["first_contact_s"], first["manager"]) == (0, 1.5, "m1")
    assert utc(EVENING) == first["created_at"].replace(tzinfo=UTC)
    empty = ("manager", "channel", "first_attempt_s", "first_contact_at", "disqualify_reason")
    assert {second[name] for name in empty} == {None}
    assert (second["lead_id"], second["attempts"]) == ("l2", 0)


def test_minutes_show_seconds_of_durations_and_plain_sums_of_counts(store: Client) -> None:
    columns = {name for name, *_ in store.query("DESCRIBE sales.kpi_minutes").result_rows}
    assert {"lead_response_s", "lead_touches_sum", "lead_attempts_sum"} <= columns
    assert not {"lead_response_sum", "lead_touches_s"} & columns


@pytest.mark.parametrize(
    ("age_h", "outcome", "seen"),
    [(3.9, "in_progress", "in_progress"), (4.1, "in_progress", "unknown"), (9, "missed", "missed")],
)
def test_a_call_without_end_is_unknown_after_four_hours(
    store: Client, migrated: str, age_h: float, outcome: str, seen: str
) -> None:
    put_named(migrated, "calls", call("1", started_at=now_ms() - int(age_h * HOUR), outcome=outcome))
    assert rows(store, "SELECT outcome FROM sales.calls") == [{"outcome": seen}]


def test_a_live_value_is_null_when_nobody_renewed_it(store: Client, migrated: str) -> None:
    now = now_ms()
    for kpi, age in (("fresh", 100_000), ("stale", 130_000)):
        put_named(
            migrated,
            "kpi_now",
            {"subject": "g:sales", "kpi": kpi, "window": "5m", "as_of": now - age, "value": 0.5, "n": 4},
        )
    found = rows(store, "SELECT kpi, subject_kind, subject, value, n FROM sales.kpi_now ORDER BY kpi")
    assert [tuple(row.values()) for row in found] == [
        ("fresh", "group", "sales", 0.5, 4),
        ("stale", "group", "sales", None, 4),
    ]


def transition(at: int, state: str, severity: str, value: float | None) -> dict[str, Any]:
    return {
        "alert_id": "a1",
        "rule": "missed-share",
        "at": EVENING + at,
        "state": state,
        "severity": severity,
        "value": value,
        "started_at": EVENING,
        "summary": f"{state} {severity}",
        "version": at + 1,
    }


def test_an_alert_keeps_its_worst_severity_and_ends_when_it_is_resolved(store: Client, migrated: str) -> None:
    put_named(migrated, "alerts", transition(0, "firing", "warning", 0.2))
    put_named(migrated, "alerts", transition(5_000, "firing", "critical", 0.5))
    put_named(migrated, "alerts", transition(9_000, "firing", "warning", 0.2))
    put_named(migrated, "alerts", transition(5_000, "firing", "critical", 0.5))
    query = "SELECT state, severity, value, ended_at, summary FROM sales.alerts"
    assert [tuple(row.values()) for row in rows(store, query)] == [
        ("firing", "critical", 0.2, None, "firing warning")
    ]
    put_named(migrated, "alerts", transition(20_000, "resolved", "warning", None))
    ((state, severity, value, ended, _),) = [tuple(row.values()) for row in rows(store, query)]
    assert (state, severity, value) == ("resolved", "critical", None)
    assert ended.replace(tzinfo=UTC) == utc(EVENING + 20_000)


def test_a_measurement_is_shown_once_for_each_subject(store: Client, migrated: str) -> None:
    put_facts(
        migrated, fact("ring", EVENING, 1_500, manager="m1"), fact("call_in", EVENING, group="", whole=False)
    )
    found = rows(
        store, "SELECT subject_kind, subject, name, value FROM sales.measurements ORDER BY subject_kind"
    )
    assert [tuple(row.values()) for row in found] == [
        ("all", "all", "ring", 1_500),
        ("group", "sales", "ring", 1_500),
        ("manager", "m1", "ring", 1_500),
    ]


def test_the_directory_is_written_and_who_leaves_it_turns_inactive(store: Client) -> None:
    write_directory(store, Directory.from_text(DIRECTORY), EVENING)
    write_directory(
        store, Directory.from_text(DIRECTORY.replace("m2: {name: Boris", "m3: {name: Boris")), EVENING + 1
    )
    found = rows(
        store, "SELECT manager, name, `group`, time_zone, active FROM sales.managers ORDER BY manager"
    )
    assert [tuple(row.values()) for row in found] == [
        ("m1", "Anna Petrova", "sales", "Europe/Moscow", True),
        ("m2", "Boris Orlov", "support", "UTC", False),
        ("m3", "Boris Orlov", "support", "UTC", True),
    ]
    groups = rows(store, "SELECT `group`, time_zone FROM sales.groups ORDER BY `group`")
    assert [tuple(row.values()) for row in groups][-1] == ("unassigned", "Europe/Moscow")


def seed_bi(store: Client, url: str) -> None:
    write_directory(store, Directory.from_text(DIRECTORY), EVENING)
    customer = {"customer": "c1", "phone": "+74951234567", "phone_masked": "+7 *** ***-**-67"}
    put_named(url, "customers", customer)
    put_named(
        url,
        "calls",
        call(
            "1",
            direction="in",
            group="sales",
            manager="m1",
            started_at=EVENING,
            outcome="answered",
            talk_ms=1_500,
        ),
        call("2", direction="in", group="unmapped:pbx:x", started_at=EVENING),
        call("3", direction="internal", started_at=EVENING, excluded_reason="internal"),
    )
    item = {"source": "pbx", "kind": "missed_call", "item_id": "i1", "customer": "c1", "group": "sales"}
    waiting = item | {"state": "new", "since": now_ms() - 30 * 60_000, "due_at": now_ms() - 60_000}
    put_named(
        url,
        "open_items",
        waiting | {"expires_at": now_ms() + 60_000},
        waiting | {"item_id": "given up", "expires_at": now_ms() - 1},
    )
    facts = [("handled", 1, "1"), ("handled", 1, "2"), ("talk", 1_500, "1"), ("offer_missed", 1, "3")]
    put_facts(url, *(fact(name, EVENING, value, manager="m1", entity=f"pbx/{n}") for name, value, n in facts))
    put_facts(
        url, fact("handled", EVENING - HOUR, manager="m1"), fact("handled", EVENING, manager="unmapped:pbx:9")
    )


def test_bi_views_show_names_local_time_and_masked_phones(store: Client, migrated: str) -> None:
    seed_bi(store, migrated)
    calls = rows(
        store,
        "SELECT group_name, manager_name, toString(started_local) AS local, toString(day) AS day, "
        "phone_masked, talk_s FROM sales.bi_calls ORDER BY call_id",
    )
    assert [tuple(row.values()) for row in calls] == [
        ("Sales", "Anna Petrova", "2026-01-13 00:30:00", "2026-01-13", "+7 *** ***-**-67", 1.5),
        ("unmapped:pbx:x", None, "2026-01-13 00:30:00", "2026-01-13", "+7 *** ***-**-67", None),
    ]
    (missed,) = rows(
        store,
        "SELECT round(waiting_minutes) AS waits, overdue, group_name, phone_masked FROM sales.bi_missed_now",
    )
    assert tuple(missed.values()) == (30, True, "Sales", "+7 *** ***-**-67")
    days = rows(
        store,
        "SELECT toString(day) AS day, manager_name, calls_handled, offers_missed, talk_s "
        "FROM sales.bi_manager_day ORDER BY day, manager",
    )
    assert [tuple(row.values()) for row in days] == [
        ("2026-01-12", "Anna Petrova", 1, 0, 0.0),
        ("2026-01-13", "Anna Petrova", 2, 1, 1.5),
        ("2026-01-13", "unmapped:pbx:9", 1, 0, 0.0),
    ]


_READER_SEES = (
    "bi_calls bi_missed_now bi_manager_day calls kpi_minutes kpi_rolling kpi_now alerts customers_masked"
)


def test_the_read_only_way_in_shows_the_views_but_no_phone_and_takes_no_changes(
    store: Client, migrated: str, embedded_clickhouse: EmbeddedClickHouse
) -> None:
    if migrated != embedded_clickhouse.url:
        return  # a real server has the users of deploy/clickhouse, which a test of its own reads
    seed_bi(store, migrated)
    reader = connect(embedded_clickhouse.reader_url)
    for view in _READER_SEES.split():
        reader.query(f"SELECT * FROM sales.{view}")
    for refused in (
        "SELECT * FROM sales.customers",
        "SELECT * FROM sales.dead_letters",
        "SELECT * FROM sales_rows.customers",
        "TRUNCATE TABLE sales_rows.calls",
        "INSERT INTO sales_rows.calls (call_id) VALUES ('x')",
    ):
        with pytest.raises(Exception, match=r"ACCESS_DENIED|READONLY|Not enough privileges|UNKNOWN_TABLE"):
            reader.command(refused)
    reader.close()
