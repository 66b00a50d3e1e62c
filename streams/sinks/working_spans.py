"""Writes working hours into ClickHouse as moments, so that views can tell working time between two."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from clickhouse_connect.driver.client import Client

from streams.calendars import Calendar
from streams.directory import UNASSIGNED, Directory
from streams.sinks.connection import ROWS, WRITE_SETTINGS

#: Days before and after now. A sink runs for less than so long, and hardly anything waits that long.
_AROUND = timedelta(days=400)
_ONE_DAY = timedelta(days=1)
_PER_INSERT = 20_000
_COLUMNS = ("group", "day", "opens_at", "closes_at", "version", "gone")


def write_working_spans(client: Client, directory: Directory, now: int) -> None:
    """Writes the hours of each group around `now` (ms), days off included: they replace earlier hours."""
    _write(client, directory, now, lambda today: (today - _AROUND, today + _AROUND))


def write_earlier_spans(client: Client, directory: Directory, first: int, now: int) -> None:
    """The same for the days from that of the moment `first` to those around `now` (ms)."""
    before = timedelta(milliseconds=now - first) + _ONE_DAY
    _write(client, directory, now, lambda today: (today - before, today - _AROUND - _ONE_DAY))


def _write(
    client: Client, directory: Directory, now: int, stretch: Callable[[date], tuple[date, date]]
) -> None:
    calendars = {group.id: group.calendar for group in directory.groups.values()}
    calendars.setdefault(UNASSIGNED, directory.calendar(UNASSIGNED))
    rows = [
        row
        for group, calendar in calendars.items()
        for row in _rows(group, calendar, now, *stretch(calendar.day(now)))
    ]
    for start in range(0, len(rows), _PER_INSERT):
        some = rows[start : start + _PER_INSERT]
        client.insert("working_spans", some, column_names=_COLUMNS, database=ROWS, settings=WRITE_SETTINGS)


def _rows(group: str, calendar: Calendar, version: int, first: date, last: date) -> list[list[Any]]:
    days = [first + step * _ONE_DAY for step in range((last - first).days + 1)]
    spans = [(day, calendar.openings_of(day)) for day in days]
    return [[group, day, [s for s, _ in found], [e for _, e in found], version, 0] for day, found in spans]
