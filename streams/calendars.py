"""Working hours of a group: is it open, how much working time lies between two moments.

All moments are ms since the epoch, all durations ms. Hours are wall-clock hours of the group's time
zone, so that a day on which clocks change is an hour shorter or longer. An interval may end after
midnight; it belongs to the day on which it begins. The end of an interval is not inside it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from streams.config_text import Node

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_INTERVAL = re.compile(r"(\d\d?):([0-5]\d)\s*[-–]\s*(\d\d?):([0-5]\d)", re.ASCII)
_CLOSED = frozenset({"closed", "off", "no", "false", ""})
_ONE_DAY = timedelta(days=1)
_CACHED_DAYS = 4096
_DAY_MINUTES = 24 * 60

#: From and to, in minutes after local midnight; `to` exceeds a day when past midnight.
Interval = tuple[int, int]
#: From and to, in ms since the epoch.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hours:
    """When a group works: by day of the week (Monday first), and on single dates otherwise."""

    weekly: tuple[tuple[Interval, ...], ...]
    dates: dict[date, tuple[Interval, ...]] = field(default_factory=dict)


class Calendar:
    """Working time of one group. Without hours it is always open."""

    def __init__(
        self,
        zone: ZoneInfo,
        hours: Hours | None = None,
        holidays: frozenset[date] = frozenset(),
    ) -> None:
        if hours is not None and not any(hours.weekly):
            raise ValueError("hours of a group need at least one day of the week")
        self.zone = zone
        self.hours = hours
        self.holidays = holidays
        self._spans: dict[date, tuple[Span, ...]] = {}
        self._midnights: dict[date, int] = {}

    def day(self, at: int) -> date:
        """The local date."""
        return datetime.fromtimestamp(at // 1000, self.zone).date()

    def day_start(self, at: int) -> int:
        """Local midnight at which the day of `at` began."""
        day = self.day(at)
        found = self._midnights.get(day)
        if found is None:
            if len(self._midnights) >= _CACHED_DAYS:
                self._midnights.clear()
            found = self._midnights[day] = self._moment(day, 0)
        return found

    def next_day(self, at: int) -> int:
        """Local midnight at which the day after that of `at` begins."""
        return self._moment(self.day(at), _DAY_MINUTES)

    def in_hours(self, at: int) -> bool:
        """Whether the group works at that moment."""
        if self.hours is None:
            return True
        today = self.day(at)
        return any(
            start <= at < end for day in (today, today - _ONE_DAY) for start, end in self._spans_of(day)
        )

    def working_ms(self, start: int, end: int) -> int:
        """Working time between two moments; 0 when `end` is not after `start`."""
        if end <= start:
            return 0
        if self.hours is None:
            return end - start
        total = 0
        for opened, closed in self._openings(start):
            if opened >= end:
                break
            total += min(closed, end) - opened
        return total

    def after(self, at: int, working_ms: int) -> int:
        """The first moment, not before `at`, when that much working time has passed since `at`."""
        if working_ms <= 0:
            return at
        if self.hours is None:
            return at + working_ms
        left = working_ms
        for opened, closed in self._openings(at):
            if left <= closed - opened:
                return opened + left
            left -= closed - opened
        raise AssertionError("openings never end")

    def end_of_next_working_day(self, at: int) -> int:
        """Closing time of the first working day after the day of `at`."""
        return self.after_working_days(at, 1)

    def after_working_days(self, at: int, days: int) -> int:
        """Closing time of the n-th working day after the day of `at` (always open: its midnight)."""
        day = self.day(at)
        left = days
        while left > 0:
            day += _ONE_DAY
            if self.hours is None or self._spans_of(day):
                left -= 1
        if self.hours is None:
            return self._moment(day, _DAY_MINUTES)
        spans = self._spans_of(day)
        return max(end for _, end in spans) if spans else self._moment(day, _DAY_MINUTES)

    def openings_of(self, day: date) -> tuple[Span, ...]:
        """Working time that begins on a local day, in order, without what the day before took already."""
        reached = max((end for _, end in self._spans_of(day - _ONE_DAY)), default=0)
        cut = ((max(start, reached), end) for start, end in self._spans_of(day))
        return tuple((start, end) for start, end in cut if start < end)

    def _openings(self, at: int) -> Iterator[Span]:
        """Working time from `at` on, in order and without overlap, for ever."""
        reached = at
        day = self.day(at) - _ONE_DAY
        while True:
            for start, end in self._spans_of(day):
                opened = max(start, reached)
                if opened < end:
                    yield opened, end
                    reached = end
            day += _ONE_DAY

    def _spans_of(self, day: date) -> tuple[Span, ...]:
        found = self._spans.get(day)
        if found is None:
            if len(self._spans) >= _CACHED_DAYS:
                self._spans.clear()
            found = tuple(
                (self._moment(day, start), self._moment(day, end)) for start, end in self._intervals_of(day)
            )
            self._spans[day] = found
        return found

    def _intervals_of(self, day: date) -> tuple[Interval, ...]:
        if self.hours is None:
            return ((0, _DAY_MINUTES),)
        special = self.hours.dates.get(day)
        if special is not None:
            return special
        return () if day in self.holidays else self.hours.weekly[day.weekday()]

    def _moment(self, day: date, minutes: int) -> int:
        wall = datetime.combine(day, time.min) + timedelta(minutes=minutes)
        return int(wall.replace(tzinfo=self.zone).timestamp()) * 1000


def last_day(node: Node, zone: ZoneInfo) -> int:
    """Moment in ms (exclusive) at which something ends; a date is the last day that counts."""
    at, whole_day = node.moment(zone)
    return Calendar(zone).next_day(at) if whole_day else at


def read_hours(node: Node) -> Hours:
    """Hours such as `{mon-fri: "09:00-13:00, 14:00-18:00", sat: "22:00-06:00", 2027-11-06: closed}`.

    Days: `mon`, `mon-fri`, `mon,wed`, or a date. Raises `ConfigError`.
    """
    weekly: list[tuple[Interval, ...]] = [()] * 7
    named: set[int] = set()
    dates: dict[date, tuple[Interval, ...]] = {}
    for name, value in node.mapping().items():
        intervals = _read_intervals(value)
        special = _date_or_none(name)
        if special is not None:
            dates[special] = intervals
            continue
        for day in _read_days(name, node):
            if day in named:
                raise value.fault(f"hours of {DAYS[day]} once")
            named.add(day)
            weekly[day] = intervals
    if not any(weekly):
        raise node.fault('at least one day such as `mon-fri: "09:00-18:00"`')
    return Hours(tuple(weekly), dates)


def _date_or_none(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _read_days(text: str, node: Node) -> list[int]:
    found: list[int] = []
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise node.fault(f"days such as mon, mon-fri, sat,sun or a date, not {text!r}")
        start, end = DAYS.index(first), DAYS.index(last or first)
        found.extend((start + step) % 7 for step in range((end - start) % 7 + 1))
    return found


def _read_intervals(node: Node) -> tuple[Interval, ...]:
    if node.is_null or (node.is_text and node.text().lower() in _CLOSED):
        return ()
    found = sorted(
        _read_interval(part.strip(), item)
        for item in node.list()
        for part in item.text("hours such as 09:00-18:00").split(",")
    )
    for (_, end), (start, _) in pairwise(found):
        if start < end:
            raise node.fault("intervals that do not overlap")
    return tuple(found)


def _read_interval(text: str, node: Node) -> Interval:
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise node.fault("hours such as 09:00-18:00, several parted by commas, or closed")
    from_hour, from_minute, to_hour, to_minute = (int(part) for part in match.groups())
    start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    if start >= _DAY_MINUTES or end > _DAY_MINUTES:
        raise node.fault("times between 00:00 and 24:00")
    if start == end:
        raise node.fault("an end that differs from the start (00:00-24:00 is a whole day)")
    return (start, end) if end > start else (start, end + _DAY_MINUTES)
