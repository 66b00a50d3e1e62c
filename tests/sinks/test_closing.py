"""Closed periods: what was paid stays, what changes afterwards becomes an adjustment of the open one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result
from clickhouse_connect.driver.client import Client

from streams.cli import main
from streams.directory import Directory
from streams.periods import parse
from streams.records import PaneState, StoredFact
from streams.sinks import closing
from streams.sinks.closing import Refused, approve_bonus, close_period, closed_periods
from streams.sinks.connection import ROWS, connect
from streams.sinks.directory_rows import write_directory
from streams.windows.pane import apply
from tests.fixtures_clickhouse import EmbeddedClickHouse
from tests.sinks.stored import fact, keep_days, put_counted, put_facts, put_named
from tests.sinks.test_day_views import DIRECTORY, tuples

MINUTE = 60_000
JANUARY, FEBRUARY, MARCH = parse("2026-01"), parse("2026-02"), parse("2026-03")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


#: Half an hour before midnight in Moscow, and half an hour after it; both are January in UTC.
LATE, AFTER = ms("2026-01-31T20:30:00"), ms("2026-01-31T21:30:00")
FIRST_OF_FEBRUARY = ms("2026-02-02T09:00:00")
FIRST_OF_MARCH = ms("2026-03-02T09:00:00")


@pytest.fixture
def centre(store: Client) -> Client:
    """A ClickHouse that knows who works where."""
    write_directory(store, Directory.from_text(DIRECTORY), LATE)
    return store


@pytest.fixture
def bonus(centre: Client) -> Iterator[Client]:
    """A stand-in for the view of bonus proposals: a table that a test fills."""
    before = centre.query("SHOW CREATE TABLE sales.bonus").result_rows[0][0]
    centre.command("DROP TABLE sales.bonus SYNC")
    centre.command(
        "CREATE TABLE sales.bonus (period_start Date, period_end Date, `group` String, manager String,"
        " kpi String, value Nullable(Float64), n Int64, target Nullable(Float64), weight Float64,"
        " attainment Nullable(Float64), cap Float64, money Float64, note String, currency String)"
        " ENGINE = MergeTree ORDER BY manager"
    )
    yield centre
    centre.command("DROP TABLE sales.bonus SYNC")
    centre.command(before)


def pane(**counts: tuple[int, int]) -> PaneState:
    """A pane with, by measurement, so many values of one size."""
    state = PaneState()
    for name, (number, value) in counts.items():
        for _ in range(number):
            apply(state, name, None, value)
    return state


def sale(deal: str, at: int, minor: int, manager: str = "a", won: int = 1) -> list[StoredFact]:
    of: dict[str, Any] = {"entity": f"crm/{deal}", "manager": manager, "group": "sales"}
    return [fact("deal_won", at, won, **of), fact("won_amount", at, minor, **of)]


def term(store: Client, group: str, manager: str, money: float, period: str = "2026-01") -> None:
    asked = parse(period)
    row = [asked.first, asked.last, group, manager, "deals_won", 3.0, 3, 6.0, 1.0, 0.5, 1.5, money, "", "RUB"]
    store.insert("bonus", [row], database="sales")


def adjustments(store: Client, more: str = "") -> list[tuple[Any, ...]]:
    return tuples(
        store,
        "SELECT toString(period_start), kind, subject_kind, subject, kpi, closed_value, value, difference, "
        f"toString(counts_from) FROM sales.adjustments {more} ORDER BY kind, subject_kind, subject, kpi",
    )


def test_what_was_paid_stays_as_it_was_paid(centre: Client, migrated: str) -> None:
    put_counted(
        migrated,
        [
            ("m:a", LATE // MINUTE, pane(handled=(3, 1), talk=(2, 90_000))),
            ("m:a", AFTER // MINUTE, pane(handled=(5, 1))),
        ],
    )
    stored = close_period(centre, JANUARY, "Olga", FIRST_OF_FEBRUARY)
    before = tuples(centre, "SELECT * FROM sales.kpi_closed ORDER BY kpi")
    assert stored.values == len(before)
    assert (stored.terms, stored.adjustments) == (0, 0)
    assert tuples(
        centre,
        "SELECT toString(period_start), toString(period_end), subject, value, n, closed_by, "
        "toString(closed_at) FROM sales.kpi_closed WHERE kpi = 'calls_handled'",
    ) == [("2026-01-01", "2026-01-31", "a", 3.0, 3, "Olga", "2026-02-02 09:00:00.000")]
    assert tuples(centre, "SELECT value, num, den FROM sales.kpi_closed WHERE kpi = 'avg_talk_s'") == [
        (90.0, 180.0, 2)
    ]
    assert adjustments(centre) == []
    put_counted(migrated, [("m:a", LATE // MINUTE, pane(handled=(9, 1), talk=(2, 90_000)))], version=2)
    assert tuples(centre, "SELECT * FROM sales.kpi_closed ORDER BY kpi") == before


def test_a_later_correction_is_an_adjustment_and_settled_with_the_next_closing(
    centre: Client, migrated: str
) -> None:
    put_counted(migrated, [("m:a", LATE // MINUTE, pane(handled=(3, 1)))])
    close_period(centre, JANUARY, "Olga", FIRST_OF_FEBRUARY)
    put_counted(migrated, [("m:a", LATE // MINUTE, pane(handled=(5, 1)))], version=2)
    put_counted(migrated, [("m:b", LATE // MINUTE, pane(handled=(1, 1)))])
    put_counted(migrated, [("m:b", AFTER // MINUTE, pane(handled=(4, 1)))])  # February, which is open
    handled = "WHERE kpi = 'calls_handled'"
    assert adjustments(centre, handled) == [
        ("2026-01-01", "kpi", "manager", "a", "calls_handled", 3.0, 5.0, 2.0, "2026-02-01"),
        ("2026-01-01", "kpi", "manager", "b", "calls_handled", None, 1.0, None, "2026-02-01"),
    ]
    revised = tuples(
        centre,
        "SELECT toString(closed_at), revised_at > closed_at FROM sales.adjustments "
        f"{handled} AND subject = 'a'",
    )
    assert revised == [("2026-02-02 09:00:00.000", 1)]
    assert closed_periods(centre)[0].adjustments == 2

    assert close_period(centre, FEBRUARY, "Pavel", FIRST_OF_MARCH).adjustments == 2
    assert adjustments(centre) == []
    assert tuples(
        centre,
        "SELECT subject, closed_value, value, difference, toString(settled_start) "
        f"FROM sales.adjustments_closed {handled} ORDER BY subject",
    ) == [("a", 3.0, 5.0, 2.0, "2026-02-01"), ("b", None, 1.0, None, "2026-02-01")]
    put_counted(migrated, [("m:a", LATE // MINUTE, PaneState())], version=3, gone=1)
    assert adjustments(centre, handled) == [
        ("2026-01-01", "kpi", "manager", "a", "calls_handled", 5.0, None, None, "2026-03-01")
    ]
    put_counted(migrated, [("m:a", LATE // MINUTE, pane(handled=(5, 1)))], version=4)
    assert adjustments(centre) == [], "back to what was settled"


def test_the_deals_behind_an_adjustment_are_named(centre: Client, migrated: str) -> None:
    put_facts(
        migrated,
        *sale("1", LATE, 100_000),
        *sale("2", LATE, 50_000),
        *sale("3", LATE, 70_000),
        *sale("4", AFTER, 10_000),
    )
    close_period(centre, JANUARY, "Olga", FIRST_OF_FEBRUARY)
    deals = (
        "SELECT source, deal_id, kpi, manager, `group`, closed_value, value, difference "
        "FROM sales.adjustment_deals ORDER BY deal_id, kpi, manager"
    )
    assert tuples(centre, deals) == []
    put_facts(migrated, *sale("1", LATE, 130_000), version=2)
    put_facts(migrated, *sale("2", LATE, 50_000), version=2, gone=1)  # it was given to another manager
    put_facts(migrated, *sale("2", LATE, 50_000, manager="b"), version=2)
    put_facts(migrated, *sale("4", AFTER, 20_000), version=2)  # February, which is open
    put_facts(migrated, *sale("5", LATE + MINUTE, 999))
    assert tuples(centre, deals) == [
        ("crm", "1", "won_amount", "a", "sales", 1000.0, 1300.0, 300.0),
        ("crm", "2", "deals_won", "a", "sales", 1.0, 0.0, -1.0),
        ("crm", "2", "deals_won", "b", "sales", 0.0, 1.0, 1.0),
        ("crm", "2", "won_amount", "a", "sales", 500.0, 0.0, -500.0),
        ("crm", "2", "won_amount", "b", "sales", 0.0, 500.0, 500.0),
        ("crm", "5", "deals_won", "a", "sales", 0.0, 1.0, 1.0),
        ("crm", "5", "won_amount", "a", "sales", 0.0, 9.99, 9.99),
    ]


def test_a_period_is_closed_once_and_only_when_it_is_over(centre: Client, migrated: str) -> None:
    with pytest.raises(Refused, match="2026-01 is not over yet in Europe/Moscow"):
        close_period(centre, JANUARY, "Olga", LATE)
    close_period(centre, JANUARY, "Olga", FIRST_OF_FEBRUARY)
    put_counted(migrated, [("m:a", LATE // MINUTE, pane(handled=(3, 1)))])
    with pytest.raises(Refused, match="2026-01 was closed on 2026-02-02 at 09:00 UTC by Olga"):
        close_period(centre, JANUARY, "Pavel", FIRST_OF_MARCH)
    assert tuples(centre, "SELECT count() FROM sales.kpi_closed") == [(0,)]


def test_a_closing_that_was_cut_off_has_never_been(
    centre: Client, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_counted(migrated, [("m:b", LATE // MINUTE, pane(handled=(3, 1)))])
    store = closing._store

    def cut(client: Client, table: str, select: str, version: int) -> None:
        store(client, table, select, version)
        if table == "bonus_closed":
            raise ConnectionError

    monkeypatch.setattr(closing, "_store", cut)
    with pytest.raises(ConnectionError):
        close_period(centre, JANUARY, "Olga", FIRST_OF_FEBRUARY)
    monkeypatch.setattr(closing, "_store", store)
    assert tuples(centre, f"SELECT count() > 0 FROM {ROWS}.kpi_closed") == [(1,)]
    assert tuples(centre, "SELECT count() FROM sales.kpi_closed") == [(0,)]
    assert closed_periods(centre) == []
    put_counted(migrated, [("m:b", LATE // MINUTE, PaneState())], version=2, gone=1)
    put_counted(migrated, [("m:a", LATE // MINUTE, pane(handled=(2, 1)))])
    close_period(centre, JANUARY, "Olga", FIRST_OF_FEBRUARY + 1)
    of = "SELECT subject, value FROM sales.kpi_closed WHERE kpi = 'calls_handled'"
    assert tuples(centre, of) == [("a", 2.0)]
    assert adjustments(centre) == []


def test_a_bonus_is_a_proposal_until_a_person_approves_it(bonus: Client) -> None:
    term(bonus, "sales", "a", 1000.0)
    term(bonus, "support", "e", 500.0)
    term(bonus, "sales", "a", 7.0, "2026-02")
    with pytest.raises(Refused, match="2026-01 is not closed"):
        approve_bonus(bonus, JANUARY, "Olga", None, FIRST_OF_FEBRUARY)
    assert close_period(bonus, JANUARY, "Pavel", FIRST_OF_FEBRUARY).terms == 2
    paid = "SELECT `group`, manager, money, approved_by FROM sales.bonus_closed ORDER BY `group`"
    assert tuples(bonus, paid) == [("sales", "a", 1000.0, None), ("support", "e", 500.0, None)]
    assert approve_bonus(bonus, JANUARY, "Olga", "support", FIRST_OF_FEBRUARY) == ["support"]
    assert tuples(bonus, paid) == [("sales", "a", 1000.0, None), ("support", "e", 500.0, "Olga")]
    (told,) = closed_periods(bonus)
    assert told.approvals == ["support by Olga on 2026-02-02 at 09:00 UTC"]
    assert told.waiting == ["sales"]
    with pytest.raises(Refused, match=r"approved already \(support: by Olga on 2026-02-02"):
        approve_bonus(bonus, JANUARY, "Pavel", "support", FIRST_OF_MARCH)
    with pytest.raises(Refused, match="no bonus proposals of group none"):
        approve_bonus(bonus, JANUARY, "Pavel", "none", FIRST_OF_MARCH)
    assert approve_bonus(bonus, JANUARY, "Pavel", None, FIRST_OF_MARCH) == ["sales"]
    assert [row[3] for row in tuples(bonus, paid)] == ["Pavel", "Olga"]


def test_a_bonus_that_would_be_another_now_is_an_adjustment(bonus: Client) -> None:
    term(bonus, "sales", "a", 1000.0)
    term(bonus, "sales", "b", 300.0)
    close_period(bonus, JANUARY, "Pavel", FIRST_OF_FEBRUARY)
    assert adjustments(bonus) == []
    bonus.command("TRUNCATE TABLE sales.bonus")
    term(bonus, "sales", "a", 1250.5)
    term(bonus, "sales", "b", 300.0)
    term(bonus, "sales", "c", 80.0, "2026-02")
    assert adjustments(bonus) == [
        ("2026-01-01", "bonus", "manager", "a", "deals_won", 1000.0, 1250.5, 250.5, "2026-02-01")
    ]
    close_period(bonus, FEBRUARY, "Pavel", FIRST_OF_MARCH)
    assert adjustments(bonus) == []


def test_the_value_now_is_that_of_kpi_period_for_every_kpi(centre: Client, migrated: str) -> None:
    """Closed on nothing, so that each value is an adjustment."""
    close_period(centre, JANUARY, "Olga", FIRST_OF_FEBRUARY)
    rich = pane(handled=(3, 1), call_in=(4, 1), call_answered=(2, 1), talk=(3, 70_000), ring=(20, 3_000))
    puts = [
        (who, at // MINUTE, rich)
        for who in ("m:a", "g:sales", "a:all")
        for at in (LATE, AFTER, LATE - 9 * MINUTE)
    ]
    put_counted(migrated, puts)
    line = {
        "source": "pbx",
        "call_id": "1",
        "customer": "c1",
        "outcome": "missed",
        "direction": "in",
        "line": "100",
    }
    put_named(migrated, "calls", line | {"started_at": LATE, "ended_at": LATE + 9_000, "group": "sales"})
    keep_days(centre)  # of the line too
    of = "SELECT subject_kind, subject, kpi, value, n"
    now = tuples(centre, f"{of} FROM sales.adjustments ORDER BY ALL")
    there = tuples(
        centre, f"{of} FROM sales.kpi_period(from = '2026-01-01', to = '2026-01-31') WHERE n ORDER BY ALL"
    )
    assert now == there
    assert {row[0] for row in now} == {"manager", "group", "all", "line"}
    assert ("manager", "a", "calls_handled", 6.0, 6) in now


def test_a_reader_sees_what_was_closed(
    centre: Client, migrated: str, embedded_clickhouse: EmbeddedClickHouse
) -> None:
    put_counted(migrated, [("m:a", LATE // MINUTE, pane(handled=(3, 1)))])
    close_period(centre, JANUARY, "Olga", FIRST_OF_FEBRUARY)
    own = migrated == embedded_clickhouse.url  # a real server has the users of deploy/clickhouse
    reader = connect(embedded_clickhouse.reader_url) if own else centre
    assert tuples(reader, "SELECT count() > 0 FROM sales.kpi_closed") == [(1,)]
    for view in ("adjustments", "adjustment_deals", "adjustments_closed", "bonus_closed", "bonus"):
        assert tuples(reader, f"SELECT * FROM sales.{view}") == []


def test_the_commands(bonus: Client, migrated: str) -> None:
    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["period", *words], env={"SALESPULSE_CLICKHOUSE": migrated})

    assert run("list").output == "nothing is closed\n"
    put_counted(migrated, [("m:a", LATE // MINUTE, pane(dial=(3, 1)))])
    term(bonus, "sales", "a", 1000.0)
    closed = run("close", "2026-01", "--by", "Olga")
    values = tuples(bonus, "SELECT count() FROM sales.kpi_period(from = '2026-01-01', to = '2026-01-31')")
    assert closed.output == (
        f"closed 2026-01: {values[0][0]} values of KPI, 1 bonus terms\n"
        "the bonuses are proposals until `salespulse period approve 2026-01 --by NAME`\n"
    )
    again = run("close", "2026-01-01..2026-01-31", "--by", "Olga")
    assert again.exit_code == 1
    assert again.output.startswith("Error: 2026-01 was closed on ")
    assert run("close", "2026-1").output.startswith("Error: '2026-1' is no period: expected a month")
    assert run("approve", "2026-01").exit_code == 2
    assert run("approve", "2026-01", "--by", " ").exit_code == 2
    assert run("approve", "2026-01", "--by", "Pavel").output == (
        "approved by Pavel: the bonuses of 2026-01 of sales\n"
    )
    first, second = run("list").output.splitlines()
    assert first.startswith("2026-01  closed 2")
    assert first.endswith(f"by Olga: {values[0][0]} values, 1 bonus terms, 0 changed since")
    assert second.startswith("  bonus of sales by Pavel on ")
