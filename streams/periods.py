"""Periods that are closed and paid: a month, or any days from..to, both included."""

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)
_SPAN = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})", re.ASCII)


class NotAPeriod(ValueError):
    """The text names no period; the message says what was expected."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Local days, both included: each subject's days are those of its own time zone."""

    first: date
    last: date

    def __str__(self) -> str:
        """As `parse` reads it."""
        whole = self.first.day == 1 and self.last == _month(self.first.year, self.first.month).last
        return f"{self.first:%Y-%m}" if whole else f"{self.first}..{self.last}"


def parse(text: str) -> Period:
    """`2027-01`, or `2027-01-11..2027-01-24`. Raises `NotAPeriod`."""
    try:
        if month := _MONTH.fullmatch(text):
            return _month(int(month[1]), int(month[2]))
        if span := _SPAN.fullmatch(text):
            period = Period(date.fromisoformat(span[1]), date.fromisoformat(span[2]))
            if period.first <= period.last:
                return period
    except ValueError:
        pass  # such as month 13
    raise NotAPeriod(
        f"{text!r} is no period: expected a month such as 2027-01, or days such as 2027-01-11..2027-01-24"
    )


def still_runs_in(period: Period, zones: Iterable[str], now: int) -> str:
    """A time zone in which the period is not over at `now` (ms since the epoch); empty when there is none."""
    moment = datetime.fromtimestamp(now / 1000, UTC)
    for zone in zones:
        if moment.astimezone(ZoneInfo(zone)).date() <= period.last:
            return zone
    return ""


def _month(year: int, month: int) -> Period:
    first = date(year, month, 1)
    return Period(first, first + timedelta(days=calendar.monthrange(year, month)[1] - 1))
