"""Helpers of the tests of days that are computed from records."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from clickhouse_connect.driver.client import Client

from streams.clock import now_ms
from streams.directory import Directory
from streams.sinks.directory_rows import write_directory
from streams.sinks.record_keeper import RecordKeeper
from streams.sinks.working_spans import write_working_spans
from tests.sinks.random_records import BEGIN, DAY, DIRECTORY, ZONES

#: (day, subject) -> value, n
Days = dict[tuple[str, str], tuple[float | None, int]]


def settle(store: Client, text: str = DIRECTORY) -> None:
    """Tells ClickHouse who works where, and when, as the sink does at its start."""
    write_directory(store, Directory.from_text(text), now_ms())
    write_working_spans(store, Directory.from_text(text), now_ms())


def keep(store: Client, text: str = DIRECTORY) -> RecordKeeper:
    """A keeper that has computed all days."""
    keeper = RecordKeeper(store, Directory.from_text(text))
    keeper.turn()
    return keeper


def shown(store: Client, kpi: str) -> Days:
    """A KPI of all days as users read it."""
    rows = store.query(
        "SELECT toString(day), concat(substring(subject_kind, 1, 1), ':', subject), value, n FROM sales.kpi_daily "
        "WHERE kpi = {kpi:String}",
        {"kpi": kpi},
    ).result_rows
    found = {(day, subject): (value, n) for day, subject, value, n in rows}
    assert len(found) == len(rows)
    return found


def local(at: datetime, subject: str) -> str:
    """Local date of a moment."""
    return str(at.astimezone(ZoneInfo(ZONES[subject])).date())


def ends_of_days(zone: str, first: datetime = BEGIN) -> Iterator[tuple[str, datetime]]:
    """Local days that are over, each with its last moment in UTC."""
    day = (first - 2 * DAY).astimezone(ZoneInfo(zone)).date()
    while day < datetime.now(ZoneInfo(zone)).date():
        last = datetime.combine(day + DAY, datetime.min.time(), ZoneInfo(zone)) - timedelta(milliseconds=1)
        yield str(day), last.astimezone(UTC)
        day += DAY
