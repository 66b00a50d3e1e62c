"""The sums of days: kept by looking, right after late events, kills and changes of zones."""

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clickhouse_connect.driver.client import Client

from streams.clock import now_ms
from streams.directory import Directory
from streams.records import PaneState
from streams.sinks.connection import connect
from streams.sinks.day_keeper import DayKeeper
from streams.sinks.days import DayService
from streams.sinks.directory_rows import write_directory
from streams.windows.pane import apply
from tests.sinks.stored import keep_days, put_named, put_panes
from tests.waiting import eventually

DIRECTORY = """
time_zone: UTC
groups:
  sales: {{name: Sales, time_zone: {zone}}}
managers:
  anna: {{name: Anna, group: sales}}
"""
SUBJECTS = ("m:anna", "g:sales", "a:all")
Key = tuple[str, int]
Panes = dict[Key, PaneState]
#: (day, subject, kpi) -> (value, n)
Days = dict[tuple[str, str, str], tuple[float | None, int]]


def directory(store: Client, zone: str) -> None:
    write_directory(store, Directory.from_text(DIRECTORY.format(zone=zone)), now_ms())


def minute(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 60


def panes_of(seed: int, first: str, last: str) -> dict[Key, int]:
    """How many calls a subject handled in a minute."""
    chance = random.Random(seed)
    return {
        (chance.choice(SUBJECTS), chance.randrange(minute(first), minute(last))): chance.randrange(1, 5)
        for _ in range(400)
    }


def put(url: str, handled: dict[Key, int], version: int = 1, gone: int = 0) -> None:
    panes = []
    for (subject, at), count in handled.items():
        pane = PaneState()
        for _ in range(count):
            apply(pane, "handled", None, 1)
        panes.append((subject, at, pane))
    put_panes(url, panes, version, gone)


def recounted(handled: dict[Key, int], zone: str) -> dict[tuple[str, str], int]:
    """Calls handled by local day and subject."""
    days: dict[tuple[str, str], int] = defaultdict(int)
    for (subject, at), count in handled.items():
        local = ZoneInfo("UTC" if subject == "a:all" else zone)
        days[str(datetime.fromtimestamp(at * 60, local).date()), subject[2:]] += count
    return days


def shown(store: Client, kpi: str = "calls_handled") -> dict[tuple[str, str], int]:
    rows = store.query(
        "SELECT toString(day), subject, n FROM sales.kpi_daily WHERE kpi = {kpi:String}", {"kpi": kpi}
    ).result_rows
    found = {(day, subject): n for day, subject, n in rows}
    assert len(found) == len(rows), "one row per day and subject"
    return found


def kept(store: Client) -> int:
    (row,) = store.query("SELECT count() FROM sales_rows.kpi_days FINAL WHERE kpi = ''").result_rows
    return int(row[0])


def test_days_are_added_up_where_each_subject_is(store: Client, migrated: str) -> None:
    directory(store, "Asia/Tokyo")
    handled = panes_of(1, "2025-12-28 00:00", "2026-02-03 00:00")
    put(migrated, handled)
    wanted = recounted(handled, "Asia/Tokyo")
    keep_days(store)
    assert kept(store) == len(wanted)
    assert shown(store) == wanted


def test_a_late_event_corrects_a_day_of_years_ago(store: Client, migrated: str) -> None:
    directory(store, "UTC")
    handled = {("g:sales", minute("2019-05-05 10:00")): 2, ("g:sales", minute("2019-05-05 11:00")): 3}
    put(migrated, handled)
    keeper = keep_days(store)
    assert shown(store) == {("2019-05-05", "sales"): 5}
    put(migrated, {("g:sales", minute("2019-05-05 11:00")): 1}, version=2)
    keeper.turn()
    assert shown(store) == {("2019-05-05", "sales"): 3}
    put(migrated, handled, version=3, gone=1)  # nothing is left of the day
    keeper.turn()
    assert shown(store) == {}
    put(migrated, {("m:anna", minute("2019-05-06 00:00")): 4}, version=1)
    keeper.turn()
    assert shown(store) == {("2019-05-06", "anna"): 4}


def test_rows_are_followed_however_long_ago_the_last_turn_was(
    store: Client, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory(store, "UTC")
    keeper = keep_days(store)
    monkeypatch.setattr("streams.sinks.day_keeper._STORING_MS", 0)  # whatever is stored is long ago
    put(migrated, {("g:sales", minute("2019-05-05 10:00")): 2})
    put(migrated, {("g:sales", minute("2019-05-07 10:00")): 3})
    keeper.turn()
    assert shown(store) == {("2019-05-05", "sales"): 2, ("2019-05-07", "sales"): 3}


def test_a_new_zone_dates_all_days_anew(store: Client, migrated: str) -> None:
    directory(store, "Pacific/Kiritimati")  # 14 h ahead of UTC
    handled = panes_of(2, "2026-01-30 00:00", "2026-02-02 00:00")
    put(migrated, handled)
    keeper = keep_days(store)
    directory(store, "Pacific/Pago_Pago")  # 11 h behind
    while keeper.turn():
        pass
    assert shown(store) == recounted(handled, "Pacific/Pago_Pago")


@pytest.mark.parametrize("night", ["2025-03-30", "2025-10-26"])
def test_the_day_on_which_clocks_change(store: Client, migrated: str, night: str) -> None:
    directory(store, "Europe/Berlin")
    day = date.fromisoformat(night)
    handled = panes_of(3, f"{day - timedelta(days=1)} 12:00", f"{day + timedelta(days=1)} 12:00")
    put(migrated, handled)
    keep_days(store)
    assert shown(store) == recounted(handled, "Europe/Berlin")


def test_today_is_followed_while_it_goes_on(store: Client, migrated: str) -> None:
    directory(store, "UTC")
    now = now_ms() // 60_000
    keeper = keep_days(store)
    handled = {("a:all", now): 1, ("a:all", now - 1440): 2, ("a:all", now - 5 * 1440): 4}
    put(migrated, handled)
    keeper.turn()
    assert shown(store) == recounted(handled, "UTC")
    put(migrated, {("a:all", now): 3}, version=2)
    keeper.turn()
    assert shown(store) == recounted(handled | {("a:all", now): 3}, "UTC")


class Dies(Exception):
    """The end of a process at some statement."""


def test_whatever_statement_a_keeper_dies_at_the_next_one_makes_it_right(
    store: Client, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory(store, "UTC")
    today = datetime.now(UTC).date()
    handled = panes_of(4, f"{today - timedelta(days=40)} 00:00", f"{today - timedelta(days=1)} 00:00")
    put(migrated, handled)
    wanted = recounted(handled, "UTC")
    monkeypatch.setattr("streams.sinks.day_keeper._PER_STATEMENT", 20)
    command = store.command
    for deaths in (0, 1, 2, 4, 7, 11):
        left = [deaths]

        def dying(*args: Any, left: list[int] = left, **settings: Any) -> Any:
            if left[0] == 0:
                raise Dies
            left[0] -= 1
            return command(*args, **settings)

        monkeypatch.setattr(store, "command", dying)
        with contextlib.suppress(Dies):
            keep_days(store)
        seen = shown(store)
        assert seen == {day: wanted[day] for day in seen}, f"died before statement {deaths + 1}"
    monkeypatch.setattr(store, "command", command)
    keep_days(store)
    assert shown(store) == wanted
    assert kept(store) == len(wanted)


def test_two_keepers_at_once_do_no_harm(store: Client, migrated: str) -> None:
    directory(store, "UTC")
    handled = panes_of(5, "2026-01-01 00:00", "2026-01-20 00:00")
    put(migrated, handled)
    one, other = DayKeeper(store), DayKeeper(connect(migrated))
    for round_ in range(3):
        changed = {key: count + round_ for key, count in list(handled.items())[: 50 * round_]}
        handled |= changed
        put(migrated, changed, version=2 + round_)
        for keeper in (one, other):
            keeper.turn()
        assert shown(store) == recounted(handled, "UTC")


def test_sums_by_other_declarations_are_added_up_anew(store: Client, migrated: str) -> None:
    directory(store, "UTC")
    put(migrated, {("a:all", minute("2026-01-05 10:00")): 2})
    keep_days(store)
    store.command(
        "INSERT INTO sales_rows.kpi_days SELECT * REPLACE(upper + 7 AS upper, n + 7 AS n, due + 7 AS due, "
        "1 AS stamp, version + 1 AS version) FROM sales_rows.kpi_days FINAL"
    )
    assert shown(store) == {("2026-01-05", "all"): 9}
    keep_days(store)
    assert shown(store) == {("2026-01-05", "all"): 2}


def call(call_id: str, at: str, **values: Any) -> dict[str, Any]:
    start = minute(at) * 60_000
    row = {"source": "pbx", "call_id": call_id, "direction": "in", "group": "sales", "line": "800"}
    answered = {"outcome": "answered", "answered_at": start + 5_000, "ended_at": start + 60_000}
    return {**row, **answered, "started_at": start, "in_hours": True, **values}


def test_lines_follow_their_calls_today_too(store: Client, migrated: str) -> None:
    directory(store, "UTC")
    now = datetime.now(UTC)
    keeper = keep_days(store)
    put_named(migrated, "calls", call("1", "2026-01-05 23:59"), call("2", f"{now:%Y-%m-%d %H:%M}"))
    keeper.turn()
    today = f"{now:%Y-%m-%d}"
    assert shown(store, "calls_in") == {("2026-01-05", "800"): 1, (today, "800"): 1}
    moved = call("1", "2026-01-06 00:00") | {"version": 2}
    put_named(migrated, "calls", moved)
    keeper.turn()
    assert shown(store, "calls_in") == {("2026-01-06", "800"): 1, (today, "800"): 1}


def test_the_service_follows_and_ends_when_told(store: Client, migrated: str) -> None:
    directory(store, "UTC")

    async def run() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(
            DayService(migrated, Directory.from_text(DIRECTORY.format(zone="UTC"))).run(stop)
        )
        await asyncio.to_thread(put, migrated, {("a:all", minute("2026-01-05 10:00")): 2})
        await asyncio.to_thread(follows, lambda: shown(store) == {("2026-01-05", "all"): 2})
        await asyncio.to_thread(follows, lambda: kept(store) == 1)
        stop.set()
        await asyncio.wait_for(task, 5)

    asyncio.run(run())


def follows(check: Callable[[], bool]) -> None:
    eventually(check, within=20, what="the service keeps the day")
