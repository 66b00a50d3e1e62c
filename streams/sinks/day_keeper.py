"""Keeps the sums of days: what was counted over a day that is over, so that months are quick to read.

Nothing tells the keeper what has changed: it looks, every second or so, which days have rows that were
stored since, compares what those days rest on with what their sums rest on, and adds up again what
differs. At its start, when time zones or the tables themselves have changed and once a day it compares
all days. So late events and recomputed minutes of any year are followed within seconds, a kill at any
moment leaves at worst something to be compared, and two keepers at once write the same.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from clickhouse_connect.driver.client import Client

from streams.kpis.sql_day_keep import (
    FIRST_DAYS,
    DaySums,
    Source,
    SubjectDay,
    clock_select,
    stored_since,
)
from streams.sinks.connection import ROWS, WRITE_SETTINGS

Days = tuple[date, date]  #: first and last

#: So long after midnight a day is still added up when it is read: its last events are under way.
BEHIND_S = 2 * 3600
#: A row becomes readable at most so long after the moment that it says it was stored.
_STORING_MS = 5 * 60_000
#: Subjects' days that one statement replaces; their rows make one part, which is stored whole or not.
_PER_STATEMENT = 1_000
_SOURCES: tuple[Source, ...] = ("panes", "lines")
#: On the side: readers come first.
_SETTINGS = {**WRITE_SETTINGS, "max_threads": 1, "max_insert_threads": 1, "max_query_size": 1 << 20}
_NO_DAY = date(1970, 1, 1)
_ONE_DAY = timedelta(days=1)
#: Lines are read from their sums on all days: no zone's today is later than so after the last day over.
_TO_TODAY = timedelta(days=3)


class DayKeeper:
    """Keeps `kpi_days` by a client of its own. All methods raise clickhouse-connect's errors."""

    def __init__(self, client: Client, sums: DaySums | None = None, behind_s: int = BEHIND_S) -> None:
        self._client = client
        self._sums = sums or DaySums.of()
        self._behind_s = behind_s
        self._places: int | None = None
        self._seen: dict[Source, dict[date, tuple[object, int]]] = {source: {} for source in _SOURCES}
        self._unchecked: list[Days] = []

    def turn(self, stopped: Callable[[], bool] = lambda: False) -> bool:
        """Brings the sums up to date, as far as is known; whether there is more to compare at once."""
        ((now, places, last),) = self._client.query(clock_select(self._behind_s)).result_rows
        through = self._through()
        if through != last:
            self._go_on(through, last, stopped)
            if stopped():
                return False
        if (places, last) != (self._places, through):
            self._places = places
            self._unchecked = list(months(self._first_day(), last + _TO_TODAY))
        self._follow("panes", now - _STORING_MS, last)
        self._follow("lines", now - _STORING_MS, last + _TO_TODAY)
        if self._unchecked and not stopped():
            first, until = self._unchecked[-1]
            self._compare("panes", (first, min(until, last)), stopped)
            self._compare("lines", (first, until), stopped)
            self._unchecked.pop()
        return bool(self._unchecked)

    def _go_on(self, through: date, last: date, stopped: Callable[[], bool]) -> None:
        """Adds up the days after `through`; each month is read from its sums as soon as it is added up."""
        first = self._first_day() if through == _NO_DAY else through + _ONE_DAY
        for days in months(first, last):
            for source in _SOURCES:
                self._compare(source, days, stopped)
            if stopped():
                return
            self._note(days[1])
        self._note(last)

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

    def _first_day(self) -> date:
        """The first day that anything is of; of nothing, tomorrow as far as sums go."""
        (found,) = self._client.query(FIRST_DAYS).result_rows
        return min((day for day in found if day != _NO_DAY), default=date.max - 2 * _ONE_DAY) - _ONE_DAY

    def _through(self) -> date:
        found = self._client.query(
            f"SELECT max(through) FROM {ROWS}.kpi_days_kept FINAL WHERE declared = '{self._sums.declared}'"
        ).result_rows
        through: date = found[0][0]
        return through

    def _note(self, through: date) -> None:
        """Says how far the sums go; those of other declarations hold no more."""
        version = "toUnixTimestamp64Milli(now64(3, 'UTC'))"
        self._client.command(
            f"""INSERT INTO {ROWS}.kpi_days_kept (declared, through, version, gone)
SELECT '{self._sums.declared}', toDate('{through}'), {version}, 0
UNION ALL
SELECT declared, through, {version}, 1
FROM {ROWS}.kpi_days_kept FINAL
WHERE declared != '{self._sums.declared}'""",
            settings=WRITE_SETTINGS,
        )


def months(first: date, last: date) -> Iterator[Days]:
    """The days first..last in pieces that lie in one month each; none when `last` is before `first`."""
    while first <= last:
        next_month = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield first, min(last, next_month - _ONE_DAY)
        first = next_month


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
