"""View kpi_rolling: hand-worked, and every value of every minute against panes added up one by one."""

import random
from collections import defaultdict
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import evaluate
from streams.kpis.measurements import MEASUREMENTS
from streams.kpis.sql import pane_columns, pane_row, rolling_select, rolling_view_sql
from streams.records import PaneState
from streams.windows.items import OpenItems
from streams.windows.pane import apply, merge
from streams.windows.totals import Totals
from tests.kpis.conftest import Tables

LENGTH = {"5m": 5, "15m": 15, "30m": 30, "1h": 60}
KINDS = {"m": "manager", "g": "group", "a": "all"}

Panes = dict[tuple[str, int], PaneState]
#: (minute, subject, kpi, window) -> (value, n)
Rolling = dict[tuple[int, str, str, str], tuple[float | None, int]]


def minute_of(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 60


def store(tables: Tables, panes: Panes, version: int = 1) -> None:
    names = [name for name, _ in pane_columns()]
    tables.put(
        "kpi_minutes",
        [
            {"subject": subject, "minute": minute * 60, "version": version, "gone": 0}
            | dict(zip(names, pane_row(pane), strict=True))
            for (subject, minute), pane in panes.items()
        ],
    )


def settle(tables: Tables, zones: dict[str, str]) -> None:
    """Puts the time zones of subjects into the directory."""
    fields = {"name": "", "active": True, "version": 1, "gone": 0}
    for letter, table, column in (("g", "groups", "group"), ("m", "managers", "manager")):
        rows = [
            {column: subject[2:], "time_zone": zone, **fields}
            for subject, zone in zones.items()
            if subject[0] == letter
        ]
        if rows:
            tables.put(table, rows)


def rolling(tables: Tables, first: int, last: int) -> Rolling:
    found = tables.rows(
        "SELECT toUnixTimestamp(as_of), subject_kind, subject, kpi, window, value, n "
        f"FROM ({rolling_select(str(first * 60), str(last * 60))})"
    )
    letters = {kind: letter for letter, kind in KINDS.items()}
    rows: Rolling = {
        (at // 60, f"{letters[kind]}:{subject}", kpi, window): (value, n)
        for at, kind, subject, kpi, window, value, n in found
    }
    assert len(rows) == len(found), "one row per minute, subject, KPI and window"
    return rows


def calls(minutes: dict[int, int], subject: str = "g:sales", name: str = "call_in") -> Panes:
    """Panes that count so many facts of a name."""
    panes: Panes = {}
    for minute, count in minutes.items():
        panes[subject, minute] = PaneState()
        for _ in range(count):
            apply(panes[subject, minute], name, None, 1)
    return panes


TEN = minute_of("2024-03-01 10:00")


def line(
    rows: Rolling, kpi: str, window: str, subject: str = "g:sales"
) -> dict[int, tuple[float | None, int]]:
    return {
        at - TEN: value
        for (at, s, k, w), value in sorted(rows.items())
        if (s, k, w) == (subject, kpi, window)
    }


def test_a_count_rises_and_falls_with_its_window(tables: Tables) -> None:
    store(tables, calls({TEN: 2, TEN + 3: 1}))
    assert line(rolling(tables, TEN - 10, TEN + 60), "calls_in", "5m") == {
        0: (2.0, 2),
        1: (2.0, 2),
        2: (2.0, 2),
        3: (3.0, 3),
        4: (3.0, 3),
        5: (1.0, 1),
        6: (1.0, 1),
        7: (1.0, 1),
        8: (None, 0),  # the window has become empty; nothing more until something happens
    }


def test_a_share_is_of_the_sums_never_of_the_shares(tables: Tables) -> None:
    missed = calls({TEN: 1}, name="call_missed_hours")
    answered = calls({TEN + 1: 3}, name="call_answered_hours")
    store(tables, missed | answered)
    assert line(rolling(tables, TEN, TEN + 10), "missed_share", "5m") == {
        0: (1.0, 1),
        1: (0.25, 4),
        2: (0.25, 4),
        3: (0.25, 4),
        4: (0.25, 4),
        5: (0.0, 3),
        6: (None, 0),
    }


def test_a_customer_who_is_missed_twice_counts_once(tables: Tables) -> None:
    panes: Panes = {("a:all", TEN): PaneState(), ("a:all", TEN + 2): PaneState()}
    for at, customer in ((0, "c1"), (0, "c2"), (2, "c1"), (2, "c1")):
        apply(panes["a:all", TEN + at], "missed_caller", None, 1, customer)
    store(tables, panes)
    assert line(rolling(tables, TEN, TEN + 10), "missed_callers", "5m", "a:all") == {
        0: (2.0, 2),
        1: (2.0, 2),
        2: (2.0, 2),
        3: (2.0, 2),
        4: (2.0, 2),
        5: (1.0, 1),  # c2 has left, c1 was missed again at minute 2
        6: (1.0, 1),
        7: (None, 0),
    }


def test_today_ends_at_midnight_of_each_subjects_zone(tables: Tables) -> None:
    settle(
        tables, {"g:sales": "Europe/Moscow", "m:anna": "Asia/Kathmandu", "g:unassigned": "America/New_York"}
    )
    subjects = ("g:sales", "m:anna", "a:all", "g:elsewhere")
    noon = minute_of("2024-03-01 12:00")
    for subject in subjects:
        store(tables, calls({noon: 1}, subject))
    rows = rolling(tables, noon, noon + 1440)
    ends = {
        subject: max(
            at for (at, s, k, w), (_, n) in rows.items() if (s, k, w) == (subject, "calls_in", "today") and n
        )
        for subject in subjects
    }
    assert {
        subject: datetime.fromtimestamp(end * 60 + 60, UTC).strftime("%d %H:%M")
        for subject, end in ends.items()
    } == {
        "g:sales": "01 21:00",  # Moscow is 3 h ahead
        "m:anna": "01 18:15",  # Kathmandu 5 h 45 min
        "a:all": "02 05:00",  # the whole has the directory's zone, New York, 5 h behind
        "g:elsewhere": "02 05:00",  # so has a group that nobody listed
    }
    assert rows[ends["g:sales"] + 1, "g:sales", "calls_in", "today"] == (None, 0)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", "2024-03-31"),  # 23 h
        ("Europe/Berlin", "2024-10-27"),  # 25 h
        ("America/Santiago", "2024-09-08"),  # no midnight: 23:59 is followed by 01:00
        ("America/Santiago", "2024-04-06"),  # 23:00 to 24:00 comes twice
        ("Australia/Lord_Howe", "2024-04-07"),  # half an hour back
    ],
)
def test_today_is_right_when_the_clocks_change(tables: Tables, zone: str, day: str) -> None:
    settle(tables, {"g:sales": zone})
    local = ZoneInfo(zone)
    noon = int(datetime.fromisoformat(f"{day} 12:00").replace(tzinfo=local).timestamp()) // 60
    around = range(noon - 1440, noon + 1440)
    dates = {at: datetime.fromtimestamp(at * 60, local).date() for at in around}
    that_day = [at for at in around if dates[at] == dates[noon]]
    store(tables, calls(dict.fromkeys(range(that_day[0] - 30, that_day[-1] + 31), 1)))
    rows = rolling(tables, that_day[0] - 30, that_day[-1] + 30)
    found = [rows[at, "g:sales", "calls_in", "today"][1] for at in range(that_day[0] - 1, that_day[-1] + 2)]
    assert found == [30, *range(1, len(that_day) + 1), 1]


def test_a_pane_that_was_written_again_or_is_gone_counts_as_it_stands(tables: Tables) -> None:
    store(tables, calls({TEN: 5, TEN + 1: 7}), version=2)
    store(tables, calls({TEN: 1}), version=1)  # older, comes late
    tables.put("kpi_minutes", [{"subject": "g:sales", "minute": (TEN + 1) * 60, "version": 3, "gone": 1}])
    assert set(line(rolling(tables, TEN, TEN + 4), "calls_in", "1h").values()) == {(5.0, 5)}


def random_panes(rng: random.Random, first: int, last: int, facts: int) -> Panes:
    panes: Panes = defaultdict(PaneState)
    names = [name for name, measurement in MEASUREMENTS.items() if measurement.kind != "item"]
    for _ in range(facts):
        subject, minute = rng.choice(["m:anna", "g:sales", "a:all"]), rng.randrange(first, last + 1)
        apply(panes[subject, minute], rng.choice(names), None, rng.randrange(90_000), f"c{rng.randrange(9)}")
    return panes


def expected(panes: Panes, zones: dict[str, str], first: int, last: int) -> Rolling:
    """Each value from the panes of its window, added up anew."""
    rows: Rolling = {}
    for subject, zone in zones.items():
        own = {minute: pane for (s, minute), pane in panes.items() if s == subject}
        local = ZoneInfo(zone)
        days = {
            minute: datetime.fromtimestamp(minute * 60, local).date() for minute in range(first, last + 1)
        }
        own_days = {minute: datetime.fromtimestamp(minute * 60, local).date() for minute in own}
        for at in range(first, last + 1):
            for window in (*LENGTH, "today"):
                total = PaneState()
                for minute, pane in own.items():
                    inside = (
                        own_days[minute] == days[at] if window == "today" else minute > at - LENGTH[window]
                    )
                    if inside and minute <= at:
                        merge(total, pane)
                rows.update(values(total, at, subject, window))
    return rows


def values(total: PaneState, at: int, subject: str, window: str) -> Rolling:
    """The values that are not empty."""
    found: Rolling = {}
    for kpi in KPIS.values():
        if window in kpi.windows:
            value, n = evaluate(kpi, Totals(total), OpenItems(), 0, lambda _g, a, b: b - a)
            if n:
                found[at, subject, kpi.id, window] = (value, n)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_every_minute_of_every_kpi_equals_its_panes_added_up(tables: Tables, seed: int) -> None:
    zones = {"m:anna": "Europe/Moscow", "g:sales": "America/New_York", "a:all": "UTC"}
    settle(tables, zones | {"g:unassigned": "UTC"})
    last = minute_of("2024-03-01 21:40")
    first = last - 80  # over midnight in Moscow
    panes = random_panes(random.Random(seed), last - 300, last + 30, 700)
    store(tables, panes)
    found = rolling(tables, first, last)
    wanted = expected(panes, zones, first, last)
    assert {key: value for key, value in found.items() if value[1]} == wanted
    ended = {(at + 1, s, k, w) for at, s, k, w in wanted if at < last} - wanted.keys()
    assert ended, "some windows become empty"
    assert all(found[key] == (None, 0) for key in ended)


def test_nothing_stored_gives_nothing(tables: Tables) -> None:
    assert rolling(tables, TEN, TEN + 10) == {}


def test_the_views_give_the_same_and_nothing_that_lies_ahead(tables: Tables) -> None:
    for statement in rolling_view_sql():
        tables.do(statement)
    now = tables.rows("SELECT toUnixTimestamp(now())")[0][0] // 60
    store(tables, calls({TEN: 1, now - 2: 1, now + 3: 1}))
    rows = tables.rows(
        "SELECT toUnixTimestamp(as_of), n FROM sales.kpi_rolling WHERE kpi = 'calls_in' AND window = '1h'"
    )
    minutes = {at // 60: n for at, n in rows}
    assert [minutes[TEN + step] for step in range(61)] == [1] * 60 + [0]
    assert now - 2 in minutes
    assert max(minutes) <= now + 1, "the test may take a minute, the pane ahead must not show"
    between = tables.rows(
        "SELECT toUnixTimestamp(as_of) FROM sales.kpi_rolling_between("
        f"from = '{day(TEN + 7)}', to = '{day(TEN + 9)}') "
        "WHERE kpi = 'calls_in' AND window = '1h' ORDER BY as_of"
    )
    assert [at // 60 - TEN for (at,) in between] == [7, 8, 9]


def day(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%d %H:%M:%S")


def test_rows_are_of_windows_only(tables: Tables) -> None:
    store(tables, random_panes(random.Random(4), TEN, TEN, 900))
    found = {kpi for _, _, kpi, _ in rolling(tables, TEN, TEN)}
    assert found == {kpi.id for kpi in KPIS.values() if kpi.rolling}
