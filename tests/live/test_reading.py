"""The view reads what the product stored; and goes on while ClickHouse is away."""

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from rich.console import Console

from streams.live import run_live
from streams.live.board import ALL, CHART_MINUTES, Person, Value
from streams.live.latency import Latency, quantile
from streams.live.reading import Reader
from streams.local.processes import free_port
from streams.settings import Settings
from streams.sinks.connection import ROWS, VIEWS, connect
from streams.sinks.migrations import migrate
from tests.waiting import eventually

ANNA = ("manager", "m001")


@pytest.fixture(scope="module")
def client(clickhouse: str) -> Iterator[Client]:
    client = connect(clickhouse)
    for database in (VIEWS, ROWS):
        client.command(f"DROP DATABASE IF EXISTS {database} SYNC")
    migrate(client)
    yield client
    client.close()


@pytest.fixture(scope="module")
def now(client: Client) -> datetime:
    """The moment for which rows were stored."""
    now = datetime.now(UTC).replace(microsecond=0)
    minute = now.replace(second=0)
    _insert(
        client, "kpi_now", "subject, kpi, window, as_of, value, n, version",
        ("a:all", "calls_in", "1h", now, 12.0, 12, 1),
        ("a:all", "service_level", "today", now - timedelta(minutes=3), 0.5, 4, 1),
        ("m:m001", "calls_handled", "1h", now - timedelta(seconds=9), 5.0, 5, 1),
        ("g:sales", "calls_in", "1h", now, 3.0, 3, 1),
        ("a:all", "dials", "1h", now, 3.0, 3, 1),
    )  # fmt: skip
    _insert(
        client, "kpi_minutes", "subject, minute, version, handled_n, ring_n, ring_sum, call_in_n",
        ("m:m001", minute, 1, 2, 2, 9_000, 0),
        ("m:m001", minute - timedelta(minutes=CHART_MINUTES - 1), 1, 1, 1, 3_000, 0),
        ("m:m001", minute - timedelta(minutes=CHART_MINUTES), 1, 7, 1, 4_000, 0),
        ("m:m001", minute - timedelta(minutes=90), 1, 9, 9, 9_000, 0),
        ("a:all", minute, 1, 2, 2, 9_000, 6),
    )  # fmt: skip
    _insert(client, "groups", "`group`, name, time_zone, active, version", ("sales", "Sales", "UTC", 1, 1))
    _insert(
        client, "managers", "manager, name, `group`, time_zone, active, version",
        ("m001", "Anna Petrova", "sales", "UTC", 1, 1),
        ("m002", "Boris Sokolov", "retired", "UTC", 0, 1),
    )  # fmt: skip
    _insert(
        client, "alerts", "alert_id, at, state, severity, rule, subject_kind, subject, kpi, started_at,"
        " summary, version",
        ("a1", now, "firing", "warning", "r", "group", "sales", "k", now - timedelta(minutes=2), "W", 1),
        ("a2", now, "firing", "critical", "r", "group", "sales", "k", now - timedelta(minutes=1), "C", 1),
        ("a3", now, "resolved", "critical", "r", "group", "sales", "k", now, "gone", 1),
    )  # fmt: skip
    _insert(
        client, "events", "source, event_id, type, at, logged_at, version",
        ("demo", "1", "call.started", now, now - timedelta(seconds=1), 1),
        ("demo", "2", "call.started", now, now - timedelta(minutes=5), 1),
    )  # fmt: skip
    return now


def _insert(client: Client, table: str, columns: str, *rows: tuple[object, ...]) -> None:
    names = [name.strip(" `") for name in columns.split(",")]
    client.insert(f"{ROWS}.{table}", rows, column_names=names)


def test_a_board_holds_what_is_stored(clickhouse: str, now: datetime, tmp_path: Path) -> None:
    parts = tmp_path / "parts.json"
    parts.write_text(json.dumps({"kafka": "ready"}))
    reader = Reader(clickhouse, parts, lambda: now)
    board = reader.read()
    reader.close()
    assert board.fault == ""
    assert board.value("calls_in", "1h") == Value(12.0, 12)
    assert board.value("service_level", "today") == Value(None, 4)  # nobody renewed it
    assert board.value("calls_handled", "1h", ANNA) == Value(5.0, 5)
    assert {subject for subject, _, _ in board.values} == {ALL, ANNA}
    assert board.people == {"m001": Person("Anna Petrova", "Sales")}
    assert [(alert.severity, alert.summary) for alert in board.alerts] == [
        ("critical", "C"),
        ("warning", "W"),
    ]
    assert (board.as_of, board.newest_event) == (now, now - timedelta(seconds=1))
    assert board.events_per_minute == 1
    assert board.parts == {"kafka": "ready"}


def test_charts_hold_the_last_minutes_and_the_ring_of_the_last_hour(clickhouse: str, now: datetime) -> None:
    reader = Reader(clickhouse, clock=lambda: now)
    charts = reader.read().charts
    reader.close()
    assert list(charts[ANNA].handled) == [1, *[0] * (CHART_MINUTES - 2), 2]
    assert charts[ANNA].ring_avg_s == pytest.approx((9 + 3 + 4) / 4)
    assert charts[ALL].calls_in[-1] == 6


def test_without_clickhouse_there_is_a_board_that_says_so() -> None:
    reader = Reader(f"http://default:@127.0.0.1:{free_port()}")
    board = reader.read()
    assert board.fault == "ClickHouse does not answer"
    assert reader.newest_event() is None


def test_the_last_board_stays_when_clickhouse_goes(clickhouse: str, now: datetime) -> None:
    reader = Reader(clickhouse, clock=lambda: now)
    before = reader.read()
    reader._url = "http://default:@127.0.0.1:1"
    reader.close()
    after = reader.read()
    assert after.fault == "ClickHouse does not answer"
    assert after.values == before.values
    reader._url = clickhouse
    assert reader.read() == before


def test_lines_where_there_is_no_terminal_until_it_is_stopped(clickhouse: str, now: datetime) -> None:
    assert now
    output = io.StringIO()
    stop = threading.Event()
    console = Console(file=output, width=300)
    arguments = {"console": console}
    view = threading.Thread(target=run_live, args=(_settings(clickhouse), stop), kwargs=arguments)
    view.start()
    eventually(lambda: "events/min" in output.getvalue(), within=15)
    stop.set()
    view.join(timeout=10)
    assert not view.is_alive()
    assert "last hour: 12 in" in output.getvalue()


def test_full_screen_on_a_terminal(clickhouse: str, now: datetime) -> None:
    assert now
    output = io.StringIO()
    stop = threading.Event()
    console = Console(file=output, width=160, height=50, force_terminal=True)
    arguments = {"console": console, "notices": ["hello"]}
    view = threading.Thread(target=run_live, args=(_settings(clickhouse), stop), kwargs=arguments)
    view.start()
    eventually(lambda: "Anna Petrova" in output.getvalue(), within=15)
    stop.set()
    view.join(timeout=10)
    assert not view.is_alive()
    assert "hello" in output.getvalue()


def _settings(clickhouse: str) -> Settings:
    return replace(Settings(), clickhouse=clickhouse)


def test_latency_is_the_age_of_what_was_not_there_at_the_look_before() -> None:
    latency = Latency()
    start = datetime(2027, 1, 1, tzinfo=UTC)
    looks = ((None, 0), (10, 11), (10, 12), (13, 13.5), (12, 14), (15, 17))
    for newest, now in looks:
        stored = None if newest is None else start + timedelta(seconds=newest)
        latency.saw(stored, start + timedelta(seconds=now))
    assert latency.samples == [0.5, 2.0]  # the first one may have been there for long
    assert quantile([], 0.5) is None
    assert quantile([3, 1, 2], 0.5) == 2
