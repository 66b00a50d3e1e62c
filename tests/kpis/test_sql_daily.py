"""Views kpi_daily and kpi_period: hand-worked, against kpi_rolling, and against panes added up one by one."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import evaluate
from streams.kpis.sql import compare_view_sql, daily_view_sql, pane_arrays_sql, rolling_view_sql
from streams.kpis.sql_day_keep import DaySums
from streams.records import PaneState
from streams.windows.items import OpenItems
from streams.windows.pane import apply, merge
from streams.windows.totals import Totals
from tests.kpis.conftest import Tables
from tests.kpis.keeping import keep_days
from tests.kpis.test_sql_rolling import Panes, calls, minute_of, random_panes, settle, store

ZONES = {"m:anna": "Europe/Berlin", "g:sales": "America/New_York", "a:all": "UTC"}
KINDS = {"manager": "m", "group": "g", "all": "a", "line": "l"}
TEN = minute_of("2024-03-01 10:00")

#: (day, subject, kpi) -> (value, n)
Days = dict[tuple[str, str, str], tuple[float | None, int]]


@pytest.fixture
def views(tables: Tables) -> Tables:
    """The tables, empty, with the views over them."""
    for statement in (*rolling_view_sql(), *daily_view_sql()):
        tables.do(statement)
    return tables


def daily(tables: Tables, where: str = "1") -> Days:
    keep_days(tables)
    found = tables.rows(
        f"SELECT toString(day), subject_kind, subject, kpi, value, n FROM sales.kpi_daily WHERE {where}"
    )
    rows = {(day, f"{KINDS[kind]}:{subject}", kpi): (value, n) for day, kind, subject, kpi, value, n in found}
    assert len(rows) == len(found), "one row per day, subject and KPI"
    return rows


def period(tables: Tables, first: str, last: str) -> dict[tuple[str, str], tuple[float | None, int]]:
    keep_days(tables)
    found = tables.rows(
        f"SELECT subject_kind, subject, kpi, value, n FROM sales.kpi_period(from = '{first}', to = '{last}')"
    )
    rows = {(f"{KINDS[kind]}:{subject}", kpi): (value, n) for kind, subject, kpi, value, n in found}
    assert len(rows) == len(found), "one row per subject and KPI"
    return rows


def random_days(seed: int) -> Panes:
    """Five days around the night in which Berlin's clocks change; New York's changed before."""
    return random_panes(
        random.Random(seed), minute_of("2024-03-29 00:00"), minute_of("2024-04-02 23:59"), 1500
    )


def local_date(subject: str, minute: int) -> date:
    return local_date_in(ZONES[subject], minute)


def local_date_in(zone: str, minute: int) -> date:
    return datetime.fromtimestamp(minute * 60, ZoneInfo(zone)).date()


def added_up(panes: Panes, first: date, last: date, subject: str) -> dict[str, tuple[float | None, int]]:
    """Every KPI that is not empty, from the panes of the days, merged one by one."""
    total = PaneState()
    for (own, minute), pane in panes.items():
        if own == subject and first <= local_date(subject, minute) <= last:
            merge(total, pane)
    found = {}
    for kpi in KPIS.values():
        if "today" in kpi.windows and kpi.concerns(subject):
            value, n = evaluate(kpi, Totals(total), OpenItems(), 0, lambda _g, a, b: b - a)
            if n:
                found[kpi.id] = (value, n)
    return found


def test_every_day_of_every_kpi_equals_its_panes_added_up(views: Tables) -> None:
    settle(views, ZONES | {"g:unassigned": "UTC"})
    panes = random_days(1)
    store(views, panes)
    wanted: Days = {}
    for subject in ZONES:
        for day in {local_date(subject, minute) for own, minute in panes if own == subject}:
            for kpi, found in added_up(panes, day, day, subject).items():
                wanted[str(day), subject, kpi] = found
    assert daily(views) == wanted
    assert len({day for day, subject, _ in wanted if subject == "g:sales"}) == 6


def test_the_last_today_of_a_day_is_the_days_row(views: Tables) -> None:
    settle(views, ZONES | {"g:unassigned": "UTC"})
    store(views, random_days(2))
    rows = daily(views, "day BETWEEN '2024-03-30' AND '2024-04-01'")
    compared = 0
    for day in ("2024-03-30", "2024-03-31", "2024-04-01"):
        for subject, zone in ZONES.items():
            last = datetime.fromisoformat(f"{day} 23:59").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
            at = f"{last:%Y-%m-%d %H:%M:%S}"
            today = views.rows(
                f"SELECT kpi, value, n FROM sales.kpi_rolling_between(from = '{at}', to = '{at}') "
                f"WHERE window = 'today' AND subject = '{subject[2:]}' AND n != 0"
            )
            own = {kpi: row for (d, s, kpi), row in rows.items() if (d, s) == (day, subject)}
            assert {kpi: (value, n) for kpi, value, n in today if KPIS[kpi].concerns(subject)} == own
            compared += len(own)
    assert compared > 200


@pytest.mark.parametrize(("first", "last"), [("2024-03-30", "2024-04-01"), ("2024-03-31", "2024-03-31")])
def test_a_period_is_of_the_sums_of_its_days(views: Tables, first: str, last: str) -> None:
    settle(views, ZONES | {"g:unassigned": "UTC"})
    panes = random_days(3)
    store(views, panes)
    days = date.fromisoformat(first), date.fromisoformat(last)
    assert period(views, first, last) == {
        (subject, kpi): found for subject in ZONES for kpi, found in added_up(panes, *days, subject).items()
    }


def test_a_kpi_that_is_not_connected_has_no_value_in_any_view(views: Tables) -> None:
    panes = calls({TEN: 2}, name="call_missed_hours")
    apply(panes["g:sales", TEN], "call_in", None, 1)
    store(views, panes)
    views.put("kpis", [{"kpi": id, "connected": id != "missed_share", "version": 1} for id in KPIS])
    keep_days(views)
    columns = "value, n, num, den, mature, connected"
    for rows in ("sales.kpi_daily", "sales.kpi_period(from = '2024-03-01', to = '2024-03-01')"):
        found = views.rows(f"SELECT kpi, {columns} FROM {rows} WHERE kpi IN ('missed_share', 'calls_in')")
        assert sorted(found) == [
            ("calls_in", 1.0, 1, None, None, 1.0, True),
            ("missed_share", None, 0, None, None, 1.0, False),
        ]
    rolling = views.rows(
        "SELECT DISTINCT value, n FROM sales.kpi_rolling_between(from = '2024-03-01 10:00:00', "
        "to = '2024-03-01 10:03:00') WHERE kpi = 'missed_share' AND subject = 'sales'"
    )
    assert rolling == [(None, 0)]


def test_a_share_of_two_days_is_no_mean_of_their_shares(views: Tables) -> None:
    panes = calls({TEN: 1, TEN + 1440: 1}, name="call_missed_hours")
    for _ in range(8):
        apply(panes["g:sales", TEN + 1440], "call_answered_hours", None, 3_000)
    store(views, panes)
    one = "kpi = 'missed_share'"
    assert daily(views, one) == {
        ("2024-03-01", "g:sales", "missed_share"): (1.0, 1),
        ("2024-03-02", "g:sales", "missed_share"): (1 / 9, 9),
    }
    keep_days(views)
    select = "SELECT value, n, num, den, mature FROM sales.kpi_period(from = '2024-03-01', to = '2024-03-02')"
    assert views.rows(f"{select} WHERE {one}") == [(0.2, 10, 2.0, 10, 1.0)]
    assert views.rows(f"{select} WHERE kpi = 'answer_wait_avg_s'") == [(3.0, 8, 24.0, 8, 1.0)]
    assert views.rows(f"{select} WHERE kpi = 'answer_wait_p50_s'") == [(3.008, 8, None, None, 1.0)]


def test_a_customer_missed_on_two_days_is_one_in_the_period(views: Tables) -> None:
    panes: Panes = defaultdict(PaneState)
    for minute, customer in ((TEN, "c1"), (TEN + 1440, "c1"), (TEN + 1440, "c2")):
        apply(panes["a:all", minute], "missed_caller", None, 1, customer)
    store(views, panes)
    assert [n for _, n in daily(views, "kpi = 'missed_callers'").values()] in ([1, 2], [2, 1])
    assert period(views, "2024-03-01", "2024-03-02") == {("a:all", "missed_callers"): (2.0, 2)}


def now_minute(tables: Tables) -> int:
    return int(tables.rows("SELECT toUnixTimestamp(now())")[0][0]) // 60


def zone_at_noon(minute: int) -> str:
    """A zone where it is about noon, so that an hour before and after are of the same day."""
    ahead = (12 - datetime.fromtimestamp(minute * 60, UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


def test_a_days_deadlines_mature_one_by_one(views: Tables) -> None:
    now = now_minute(views)
    settle(views, {"g:sales": zone_at_noon(now)})
    panes = calls({now - 30: 2, now - 20: 1, now + 60: 1}, name="callback_due")
    apply(panes["g:sales", now - 30], "callback_in_time", None, 1)
    panes |= calls({now + 30: 5}, name="call_in")  # a clock ahead of ours: not yet
    panes |= calls({now + 2880: 7}, "g:other", name="callback_due")  # a day that has not begun
    store(views, panes)
    keep_days(views)
    found = views.rows("SELECT kpi, value, n, num, den, mature FROM sales.kpi_daily")
    assert found == [("callback_within_20m", 1 / 3, 3, 1.0, 3, 0.75)]


def test_sums_hold_no_more_when_an_array_of_panes_is_made_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    before = DaySums.of().declared
    otherwise = [statement.replace("1024", "2048") for statement in pane_arrays_sql()]
    assert otherwise != pane_arrays_sql()
    monkeypatch.setattr("streams.kpis.sql_day_counts.pane_arrays_sql", lambda: otherwise)
    assert DaySums.of().declared != before


def test_a_day_is_added_up_again_when_a_deadline_has_passed(views: Tables) -> None:
    now = now_minute(views)
    settle(views, {"g:sales": zone_at_noon(now)})
    store(views, calls({now - 20: 1, now + 5: 2}, name="callback_due"))
    keep_days(views)
    day = local_date_in(zone_at_noon(now), now)
    sums = DaySums.of()
    assert views.rows(sums.stale("panes", day, day)) == []

    def later(statement: str) -> str:
        return statement.replace("now('UTC')", "(now('UTC') + 600)")

    assert views.rows(later(sums.stale("panes", day, day))) == [("g:sales", str(day))]
    views.do(later(sums.replace("panes", [("g:sales", day)])))
    found = views.rows("SELECT value, n, mature FROM sales.kpi_daily WHERE kpi = 'callback_within_20m'")
    assert found == [(0.0, 3, 1.0)]


def test_where_no_deadline_has_passed_there_is_no_value(views: Tables) -> None:
    now = now_minute(views)
    settle(views, {"g:sales": zone_at_noon(now)})
    store(views, calls({now + 60: 2}, name="callback_due"))
    keep_days(views)
    assert views.rows("SELECT value, n, num, mature FROM sales.kpi_daily") == [(None, 0, 0.0, 0.0)]


def test_a_correction_shows_in_revised_at(views: Tables) -> None:
    store(views, calls({TEN: 1, TEN + 1: 1, TEN + 1440: 1}))
    keep_days(views)
    stored = "SELECT max(inserted_at) FROM sales_rows.kpi_minutes"
    first = views.rows(stored)[0][0]
    store(views, calls({TEN + 1: 4}), version=2)
    second = views.rows(stored)[0][0]
    keep_days(views)
    found = views.rows("SELECT toString(day), n, toString(revised_at) FROM sales.kpi_daily ORDER BY day")
    assert found == [("2024-03-01", 5, second), ("2024-03-02", 1, first)]


def call(call_id: str, **values: Any) -> dict[str, Any]:
    start = TEN * 60
    known = {"call_id": call_id, "source": "pbx", "direction": "in", "group": "sales", "line": "800"}
    return {**known, "started_at": start, "in_hours": True, "version": 1, **values}


def test_lines_have_the_counts_of_their_calls(views: Tables) -> None:
    settle(views, {"g:sales": "Asia/Tokyo"})  # 19:00 there
    start, next_day = TEN * 60, (TEN + 301) * 60
    answered = {"outcome": "answered", "answered_at": start + 20, "ended_at": start + 90}
    missed = {"outcome": "missed", "ended_at": start + 40}
    rows = [
        call("1", **answered),
        call("2", **missed),
        call("3", **missed | {"outcome": "voicemail", "ended_at": next_day}),
        call("4", **missed | {"in_hours": False}),
        call("5", outcome="short_abandon", ended_at=start + 3),
        call("6", **missed, excluded_reason="internal"),
        call("7", **missed, line=""),
        call("8", **answered, direction="out"),
    ]
    views.put("calls", rows)
    assert daily(views) == {
        ("2024-03-01", "l:800", "calls_in"): (5.0, 5),
        ("2024-03-01", "l:800", "calls_answered"): (1.0, 1),
        ("2024-03-01", "l:800", "calls_missed"): (2.0, 2),
        ("2024-03-01", "l:800", "missed_share"): (0.5, 2),
        ("2024-03-02", "l:800", "calls_missed"): (1.0, 1),
        ("2024-03-02", "l:800", "missed_share"): (1.0, 1),
    }
    assert period(views, "2024-03-01", "2024-03-02")["l:800", "missed_share"] == (2 / 3, 3)


def test_nothing_stored_gives_nothing(views: Tables) -> None:
    assert daily(views) == {}
    assert period(views, "2024-03-01", "2024-03-02") == {}


def test_a_day_stands_beside_the_days_before(views: Tables) -> None:
    for statement in compare_view_sql():
        views.do(statement)
    store(views, calls({TEN: 6, TEN - 1440: 4, TEN - 7 * 1440: 8, TEN - 8 * 1440: 1}))
    keep_days(views)
    found = views.rows(
        "SELECT toString(day), value, day_before, day_before_n, day_change, day_change_share, week_before, "
        "week_change, week_change_share FROM sales.kpi_compare WHERE kpi = 'calls_in' ORDER BY day"
    )
    assert found == [
        ("2024-02-22", 1.0, None, 0, None, None, None, None, None),
        ("2024-02-23", 8.0, 1.0, 1, 7.0, 7.0, None, None, None),
        ("2024-02-29", 4.0, None, 0, None, None, 1.0, 3.0, 3.0),
        ("2024-03-01", 6.0, 4.0, 4, 2.0, 0.5, 8.0, -2.0, -0.25),
    ]


def test_a_period_stands_beside_the_one_before(views: Tables) -> None:
    for statement in compare_view_sql():
        views.do(statement)
    panes = calls({TEN: 6, TEN - 1440: 3, TEN - 3 * 1440: 12, TEN - 4 * 1440: 100})
    panes |= calls({TEN - 2 * 1440: 5}, "g:gone")
    store(views, panes)
    keep_days(views)
    found = views.rows(
        "SELECT subject, value, n, before, before_n, change, change_share FROM "
        "sales.kpi_compare_period(from = '2024-02-29', to = '2024-03-01') WHERE kpi = 'calls_in' ORDER BY subject"
    )
    assert found == [("gone", None, 0, 5.0, 5, None, None), ("sales", 9.0, 9, 12.0, 12, -3.0, -0.25)]
