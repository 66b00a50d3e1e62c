"""Keeps the sums of days, so that days and months are quick to read: today's too, while it goes on.

Nothing tells the keeper what has changed: it looks, every few seconds, which days have rows that were
stored since, compares what those days rest on with what their sums rest on, and adds up again what
differs. The days that last are compared every minute, since deadlines pass in them. At its start, when
time zones or the tables themselves have changed and once a day it compares all days. So late events and
recomputed minutes of any year are followed within seconds, a kill at any moment leaves at worst something
to be compared, and two keepers at once write the same.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from clickhouse_connect.driver.client import Client

from streams.kpis.sql_day_keep import (
    MONTHS,
    DaySums,
    Source,
    SubjectDay,
    clock_select,
    stored_since,
)
from streams.sinks.connection import WRITE_SETTINGS

Days = tuple[date, date]  #: first and last

#: A row becomes readable at most so long after the moment that it says it was stored.
_STORING_MS = 5 * 60_000
_MINUTE_MS = 60_000
#: Subjects' days that one statement replaces; the rows of each make one part, which is stored whole or not.
_PER_STATEMENT = 1_000
_SOURCES: tuple[Source, ...] = ("panes", "lines")
#: On the side: readers come first.
_SETTINGS = {**WRITE_SETTINGS, "max_threads": 1, "max_insert_threads": 1, "max_query_size": 1 << 20}
_NO_DAYS, _ONE_DAY = timedelta(), timedelta(days=1)
#: From the first of a month into the next.
_MONTH = timedelta(days=32)
#: A call's day may be later than any zone's date of now: a PBX's clock may be ahead.
_TO_TODAY = timedelta(days=3)


class DayKeeper:
    """Keeps `kpi_days` by a client of its own. All methods raise clickhouse-connect's errors."""

    def __init__(self, client: Client, sums: DaySums | None = None) -> None:
        self._client = client
        self._sums = sums or DaySums.of()
        self._compared: tuple[int, date] | None = None
        self._minute = 0
        self._looked = 0  #: ms, by ClickHouse's clock
        self._seen: dict[Source, dict[date, tuple[object, int]]] = {source: {} for source in _SOURCES}
        self._unchecked: list[Days] = []

    def turn(self, stopped: Callable[[], bool] = lambda: False) -> bool:
        """Brings the sums up to date, as far as is known; whether there is more to compare at once."""
        ((now, places, first, last),) = self._client.query(clock_select()).result_rows
        if (places, last) != self._compared:
            self._compared = places, last
            self._unchecked = self._months(last + _TO_TODAY)
        # The last turn may be long ago, out of a backlog.
        since = min(now, self._looked or now) - _STORING_MS
        self._follow("panes", since, last)
        self._follow("lines", since, last + _TO_TODAY)
        self._looked = now
        if now // _MINUTE_MS != self._minute:
            self._minute = now // _MINUTE_MS
            self._compare("panes", (first - _ONE_DAY, last), stopped)
        if self._unchecked and not stopped():
            begin, end = self._unchecked[-1]
            self._compare("panes", (begin, min(end, last)), stopped)
            self._compare("lines", (begin, end), stopped)
            self._unchecked.pop()
        return bool(self._unchecked)

    def _follow(self, source: Source, since: int, through: date) -> None:
        """Compares the days of which rows have been stored since a moment (ms)."""
        found = self._client.query(stored_since(source, since, through)).result_rows
        stored = {day: (newest, count) for day, newest, count in found}
        seen = self._seen[source]
        for days in _runs([day for day, rows in stored.items() if seen.get(day) != rows]):
            self._compare(source, days)
        self._seen[source] = stored

    def _compare(self, source: Source, days: Days, stopped: Callable[[], bool] = lambda: False) -> None:
        """Replaces the sums of those subjects' days that do not rest on what is stored now."""
        found = self._client.query(self._sums.stale(source, *days), settings={"max_threads": 1})
        stale: list[SubjectDay] = [(subject, day) for subject, day in found.result_rows]
        for start in range(0, len(stale), _PER_STATEMENT):
            if stopped():
                return
            some = stale[start : start + _PER_STATEMENT]
            self._client.command(self._sums.replace(source, some), settings=_SETTINGS)

    def _months(self, until: date) -> list[Days]:
        """The months up to a day in which anything lies, or may where the date is another than in UTC."""
        found = [month for (month,) in self._client.query(MONTHS).result_rows]
        near = {(month + days).replace(day=1) for month in found for days in (-_ONE_DAY, _NO_DAYS, _MONTH)}
        return [(month, min(_last_of(month), until)) for month in sorted(near) if month <= until]


def _last_of(month: date) -> date:
    return (month + _MONTH).replace(day=1) - _ONE_DAY


def _runs(days: Sequence[date]) -> Iterator[Days]:
    """Days in order, as stretches without gaps within a month."""
    begun: Days | None = None
    for day in days:
        if begun and day == begun[1] + _ONE_DAY and day.month == begun[0].month:
            begun = begun[0], day
            continue
        if begun:
            yield begun
        begun = day, day
    if begun:
        yield begun
