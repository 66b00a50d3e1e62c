"""Writes working hours into ClickHouse as moments, so that views can tell working time between two."""

from datetime import timedelta
from typing import Any

from clickhouse_connect.driver.client import Client

from streams.calendars import Calendar
from streams.directory import UNASSIGNED, Directory
from streams.sinks.connection import ROWS, WRITE_SETTINGS

#: Days before and after now. A sink runs for less than so long, and hardly anything waits that long.
_AROUND = 400
_COLUMNS = ("group", "day", "opens_at", "closes_at", "version", "gone")


def write_working_spans(client: Client, directory: Directory, now: int) -> None:
    """Writes the hours of each group around `now` (ms), days off included: they replace earlier hours."""
    calendars = {group.id: group.calendar for group in directory.groups.values()}
    calendars.setdefault(UNASSIGNED, directory.calendar(UNASSIGNED))
    rows = [row for group, calendar in calendars.items() for row in _rows(group, calendar, now)]
    client.insert("working_spans", rows, column_names=_COLUMNS, database=ROWS, settings=WRITE_SETTINGS)


def _rows(group: str, calendar: Calendar, now: int) -> list[list[Any]]:
    today = calendar.day(now)
    days = [today + timedelta(days=step) for step in range(-_AROUND, _AROUND + 1)]
    spans = [(day, calendar.openings_of(day)) for day in days]
    return [[group, day, [s for s, _ in found], [e for _, e in found], now, 0] for day, found in spans]
