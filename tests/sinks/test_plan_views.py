"""How plans stand and what bonuses are proposed, worked out by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from streams.directory import Directory
from streams.records import PaneState
from streams.sinks.directory_rows import write_directory
from streams.sinks.working_spans import write_working_spans
from tests.sinks.stored import put_counted

DIRECTORY = """
groups:
  sales: {hours: {mon-sun: "09:00-18:00"}}
managers:
  m1: {group: sales}
  m2: {group: sales}
"""
TODAY = datetime.now(UTC).date()
FIRST = TODAY.replace(day=1)
LAST = (FIRST + timedelta(days=40)).replace(day=1) - timedelta(days=1)
NOW = int(datetime.now(UTC).timestamp() * 1000)


def minute(day: date) -> int:
    """The first minute of a day in UTC; it has passed on any day up to today."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) // 60


def counted(**sums: tuple[int, int]) -> PaneState:
    """A pane with how many and their sum, by measurement."""
    return PaneState({}, {name: list(pair) for name, pair in sums.items()}, {}, {})


@pytest.fixture
def centre(store: Client) -> Client:
    """A centre in UTC that works every day."""
    directory = Directory.from_text(DIRECTORY)
    write_directory(store, directory, NOW)
    write_working_spans(store, directory, NOW)
    return store


def insert(store: Client, table: str, *rows: dict[str, Any]) -> None:
    names = list(rows[0])
    values = [[row[name] for name in names] + [1] for row in rows]
    store.insert(table, values, column_names=[*names, "version"], database="sales_rows")


def plan(kind: str, subject: str, kpi: str, value: float, start: date, end: date) -> dict[str, Any]:
    return {
        "subject_kind": kind, "subject": subject, "kpi": kpi, "period_start": start, "period_end": end,
        "value": value,
    }  # fmt: skip


def test_seven_of_twenty_million_are_35_percent(centre: Client, migrated: str) -> None:
    # Ten days, six of them over with today: 7 million in 6 days become 7 / 6 x 10 million, and the 13
    # million that remain need 3.25 million on each of the 4 days left.
    start, end = TODAY - timedelta(days=5), TODAY + timedelta(days=4)
    insert(centre, "plans", plan("all", "all", "won_amount", 20_000_000, start, end))
    put_counted(migrated, [("a:all", minute(start), counted(won_amount=(2, 700_000_000), deal_won=(2, 2)))])
    (row,) = centre.query(
        "SELECT plan, fact, n, attainment, remaining, round(forecast), needed_per_workday, days_done, days_left "
        "FROM sales.plan_fact"
    ).result_rows
    assert row == (20_000_000.0, 7_000_000.0, 2, 0.35, 13_000_000.0, 11_666_667.0, 3_250_000.0, 6, 4)


def test_a_share_has_no_rate_and_what_nobody_did_is_0(centre: Client, migrated: str) -> None:
    start, end = TODAY - timedelta(days=1), TODAY + timedelta(days=8)
    insert(
        centre,
        "plans",
        plan("manager", "m1", "dials_answered_share", 0.5, start, end),
        plan("manager", "m1", "deals_won", 9, start, end),
    )
    put_counted(migrated, [("m:m1", minute(start), counted(dial_hours=(8, 0), dial_answered_hours=(2, 0)))])
    rows = centre.query(
        "SELECT kpi, fact, attainment, remaining, forecast, needed_per_workday FROM sales.plan_fact ORDER BY kpi"
    ).result_rows
    # Nothing won in two days; 9 are needed in the 8 that are left.
    assert rows == [
        ("deals_won", 0.0, 0.0, 9.0, 0.0, 1.125),
        ("dials_answered_share", 0.25, 0.5, None, 0.25, None),
    ]


def term(kpi: str, weight: float, target: float | None, **more: Any) -> dict[str, Any]:
    fields = {
        "group": "sales", "kpi": kpi, "base": 30_000.0, "weight": weight, "target": target, "cap": 1.5,
        "min_n": 1, "direction": "up", "currency": "RUB",
    }  # fmt: skip
    return fields | more


def test_a_bonus_is_proposed_term_by_term(centre: Client, migrated: str) -> None:
    insert(
        centre,
        "bonus_terms",
        term("deals_won", 0.6, 15.0),
        term("offers_missed_share", 0.2, 0.05, direction="down", min_n=20),
        term("quality_calls", 0.2, None, min_n=30),
    )
    insert(centre, "plans", plan("manager", "m1", "quality_calls", 10, FIRST, LAST))
    at = minute(FIRST)
    put_counted(
        migrated,
        [
            # 12 of 15 deals; 4 of 40 offers missed where 5 % is aimed at; 30 of 10 quality calls, just
            # as many as it takes to be paid for them.
            (
                "m:m1",
                at,
                counted(
                    deal_won=(12, 12),
                    offer_missed_hours=(4, 0),
                    offer_answered_hours=(36, 0),
                    quality=(30, 0),
                ),
            ),
            # Two reopened more than won: 0, never less. One offer in all is too few to pay.
            ("m:m2", at, counted(deal_won=(2, -2), offer_answered_hours=(1, 0), quality=(5, 0))),
        ],
    )
    rows = centre.query(
        f"SELECT manager, kpi, value, attainment, money, note FROM sales.bonus WHERE period_start = '{FIRST}' "
        "ORDER BY manager, kpi"
    ).result_rows
    no_target = "no target: neither the formula nor a plan of the month names one"
    assert rows == [
        ("m1", "deals_won", 12.0, 0.8, 14_400.0, ""),
        ("m1", "offers_missed_share", 0.1, 0.5, 3_000.0, ""),
        ("m1", "quality_calls", 30.0, 1.5, 9_000.0, ""),
        ("m2", "deals_won", -2.0, 0.0, 0.0, ""),
        ("m2", "offers_missed_share", 0.0, 1.5, 0.0, "rests on 1, pays from 20"),
        ("m2", "quality_calls", 5.0, None, 0.0, no_target),
    ]
    before = centre.query(
        f"SELECT sum(money), count() FROM sales.bonus WHERE period_end < '{FIRST}'"
    ).result_rows
    assert before == [(0.0, 6)]
