"""The views of classes, ranks and days, on rows written by hand."""

from typing import Any

import msgspec
import pytest
from clickhouse_connect.driver.client import Client

from streams.clock import now_ms
from streams.directory import Directory
from streams.directory_text import read_directory
from streams.records import PaneState
from streams.sinks.connection import connect
from streams.sinks.directory_rows import write_directory
from streams.windows.pane import apply
from tests.fixtures_clickhouse import EmbeddedClickHouse
from tests.sinks.stored import put_counted, put_named
from tests.sinks.test_views import EVENING, HOUR, call

DIRECTORY = """
time_zone: Europe/Moscow
groups:
  sales: {name: Sales, time_zone: Europe/Moscow}
  support: {name: Support}
managers:
  a: {name: Anna, group: sales}
  b: {name: Boris, group: sales}
  c: {name: Clara, group: sales}
  d: {name: Dina, group: sales}
  e: {name: Egor, group: support}
"""


@pytest.fixture
def centre(store: Client) -> Client:
    """A ClickHouse that knows who works where."""
    write_directory(store, Directory.from_text(DIRECTORY), EVENING)
    return store


def tuples(store: Client, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in store.query(query).result_rows]


def seen_now(url: str, kpi: str, values: dict[str, tuple[float | None, int]], age: int = 1_000) -> None:
    """Live values by manager: value, n."""
    at = now_ms() - age
    shared = {"kpi": kpi, "window": "today", "as_of": at}
    put_named(
        url,
        "kpi_now",
        *({"subject": f"m:{who}", "value": value, "n": n, **shared} for who, (value, n) in values.items()),
    )


def board(store: Client, kpi: str) -> list[tuple[Any, ...]]:
    """Manager, rank, group mean, leader, gap."""
    return tuples(
        store,
        "SELECT manager, rank, group_mean, leader, round(gap_to_leader, 9) FROM sales.leaderboard "
        f"WHERE kpi = '{kpi}' AND window = 'today' ORDER BY manager",
    )


def test_ties_share_a_rank_and_each_group_has_its_own(centre: Client, migrated: str) -> None:
    seen_now(migrated, "calls_handled", {"a": (5, 5), "b": (9, 9), "c": (9, 9), "d": (1, 1), "e": (2, 2)})
    assert board(centre, "calls_handled") == [
        ("a", 3, 6.0, "b", 4.0),
        ("b", 1, 6.0, "b", 0.0),
        ("c", 1, 6.0, "b", 0.0),
        ("d", 4, 6.0, "b", 8.0),
        ("e", 1, 2.0, "e", 0.0),
    ]
    groups = tuples(centre, "SELECT DISTINCT manager, `group` FROM sales.leaderboard ORDER BY manager")
    assert groups == [("a", "sales"), ("b", "sales"), ("c", "sales"), ("d", "sales"), ("e", "support")]


def test_less_is_better_where_the_kpi_says_so_and_a_small_sample_has_no_rank(
    centre: Client, migrated: str
) -> None:
    shares = {"a": (0.3, 10), "b": (0.1, 40), "c": (0.0, 9), "d": (None, 0), "e": (0.0, 3)}
    seen_now(migrated, "offers_missed_share", shares)
    assert board(centre, "offers_missed_share") == [
        ("a", 2, 0.2, "b", 0.2),
        ("b", 1, 0.2, "b", 0.0),
        ("c", None, 0.2, "b", None),  # 10 offers are the least that a share can be judged by
        ("d", None, 0.2, "b", None),
        ("e", None, None, None, None),
    ]


def test_a_group_may_have_its_own_least_sample(store: Client, migrated: str) -> None:
    known = Directory.from_text(DIRECTORY)
    sales = known.groups["sales"]
    settings = msgspec.structs.replace(sales.settings, min_n={"offers_missed_share": 30})
    groups = known.groups | {"sales": msgspec.structs.replace(sales, settings=settings)}
    content = msgspec.structs.replace(read_directory(DIRECTORY), groups=groups)
    write_directory(store, Directory(content), EVENING)
    seen_now(migrated, "offers_missed_share", {"a": (0.3, 29), "b": (0.1, 30), "e": (0.0, 29)})
    assert [row[:2] for row in board(store, "offers_missed_share")] == [("a", None), ("b", 1), ("e", 1)]
    seen_now(migrated, "ring_p50_s", {"a": (5, 10), "b": (9, 9)})
    assert [row[:2] for row in board(store, "ring_p50_s")] == [("a", 1), ("b", None)], "others as declared"


def test_what_nobody_renewed_has_no_rank(centre: Client, migrated: str) -> None:
    seen_now(migrated, "talk_s", {"a": (50, 5), "b": (40, 4)})
    seen_now(migrated, "talk_s", {"c": (90, 9)}, age=130_000)
    assert [row[:2] for row in board(centre, "talk_s")] == [("a", 1), ("b", 2), ("c", None)]


def test_only_what_is_in_a_persons_power_and_can_be_better_is_ranked(centre: Client, migrated: str) -> None:
    for kpi in ("offers", "avg_talk_s", "dials_answered_share", "dials"):
        seen_now(migrated, kpi, {"a": (5, 50)})
    seen_now(migrated, "dials", {"x:y": (5, 50)})
    found = tuples(centre, "SELECT kpi, manager, `group` FROM sales.leaderboard ORDER BY manager")
    assert found == [("dials", "a", "sales"), ("dials", "x:y", "unassigned")]


def test_over_days_managers_are_ranked_by_what_all_days_add_up_to(centre: Client, migrated: str) -> None:
    minute = EVENING // 60_000  # on 13 January in Moscow, where sales are; on the 12th in UTC
    days = {"m:a": (3, 2), "m:b": (1, 5), "m:c": (0, 4), "m:e": (1, 2)}
    panes: list[tuple[str, int, PaneState]] = []
    for subject, counts in days.items():
        for at, count in zip((minute, minute + 24 * 60), counts, strict=True):
            pane = PaneState()
            for _ in range(count):
                apply(pane, "dial", None, 1)
            panes.append((subject, at, pane))
    put_counted(migrated, panes)
    columns = "manager, `group`, value, n, rank, group_mean, leader, gap_to_leader"

    def ranks(first: str, last: str) -> list[tuple[Any, ...]]:
        period = f"sales.leaderboard_period(from = '{first}', to = '{last}')"
        return tuples(centre, f"SELECT {columns} FROM {period} WHERE kpi = 'dials' ORDER BY manager")

    assert ranks("2026-01-13", "2026-01-14") == [
        ("a", "sales", 5, 5, 2, 5, "b", 1),
        ("b", "sales", 6, 6, 1, 5, "b", 0),
        ("c", "sales", 4, 4, 3, 5, "b", 2),
        ("e", "support", 2, 2, 1, 2, "e", 0),
    ]
    assert ranks("2026-01-13", "2026-01-13")[:2] == [
        ("a", "sales", 3, 3, 1, 2, "a", 0),
        ("b", "sales", 1, 1, 2, 2, "a", 2),
    ]


def test_every_call_is_in_one_class_of_its_day(centre: Client, migrated: str) -> None:
    day, before = "2026-01-13", "2026-01-12"  # half past midnight in Moscow, and an hour earlier
    of_in = {"direction": "in", "started_at": EVENING, "in_hours": True}
    classes: list[tuple[str, str | None, dict[str, Any]]] = [
        ("in_answered", day, of_in | {"outcome": "answered"}),
        ("in_answered", day, of_in | {"outcome": "answered", "in_hours": None}),
        ("in_answered_off_hours", day, of_in | {"outcome": "answered", "in_hours": False}),
        ("in_missed", day, of_in),
        ("in_missed", before, of_in | {"started_at": EVENING - HOUR}),
        ("in_voicemail_off_hours", day, of_in | {"outcome": "voicemail", "in_hours": False}),
        ("excluded", day, of_in | {"excluded_reason": "spam"}),
        ("internal", day, {"direction": "internal", "started_at": EVENING, "excluded_reason": "internal"}),
        ("out_no_answer", day, {"direction": "out", "started_at": EVENING, "outcome": "no_answer"}),
        ("out_answered", day, {"direction": "out", "started_at": EVENING, "outcome": "answered"}),
        ("unknown", day, of_in | {"outcome": "in_progress"}),
        ("without_start", day, {"answered_at": EVENING, "outcome": "answered"}),
        ("without_start", None, {"outcome": "in_progress"}),
    ]
    put_named(migrated, "calls", *(call(str(at), **row) for at, (_, _, row) in enumerate(classes)))
    put_named(migrated, "calls", call("9", **classes[9][2]) | {"source": "other"})
    found = tuples(centre, "SELECT toString(day), source, class, n FROM sales.call_classes")
    wanted: dict[tuple[str | None, str, str], int] = {(day, "other", "out_answered"): 1}
    for name, on, _ in classes:
        wanted[on, "pbx", name] = wanted.get((on, "pbx", name), 0) + 1
    assert {row[:3]: row[3] for row in found} == wanted
    assert sum(row[3] for row in found) == len(classes) + 1


def test_a_running_call_is_in_progress(centre: Client, migrated: str) -> None:
    put_named(migrated, "calls", call("1", direction="in", started_at=now_ms(), outcome="in_progress"))
    assert tuples(centre, "SELECT class, n FROM sales.call_classes") == [("in_progress", 1)]


def test_a_reader_sees_days_and_periods_and_what_the_views_are(
    centre: Client, migrated: str, embedded_clickhouse: EmbeddedClickHouse
) -> None:
    pane = PaneState()
    apply(pane, "handled", None, 1)
    put_counted(migrated, [("m:a", EVENING // 60_000, pane)])
    own = migrated == embedded_clickhouse.url  # a real server has the users of deploy/clickhouse
    reader = connect(embedded_clickhouse.reader_url) if own else centre
    assert tuples(reader, "SELECT toString(day), kpi, value, mature FROM sales.kpi_daily") == [
        ("2026-01-13", "calls_handled", 1.0, 1.0)
    ]
    period = "sales.kpi_period(from = '2026-01-13', to = '2026-01-13')"
    assert tuples(reader, f"SELECT subject, value, n FROM {period}") == [("a", 1.0, 1)]
    for view in ("leaderboard", "call_classes"):
        assert tuples(reader, f"SELECT * FROM sales.{view}") == []
    comments = tuples(
        centre,
        "SELECT name, comment FROM system.tables WHERE database = 'sales' AND name IN "
        "('kpi_daily', 'kpi_period', 'leaderboard', 'call_classes')",
    )
    assert len(comments) == 4
    assert all(comment for _, comment in comments)
