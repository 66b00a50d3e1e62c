"""Who is away when: `absences.csv`, with the columns manager, from, to, kind.

The kind says no more than a shift plan would: never why somebody is ill.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from streams.calendars import Calendar, last_day
from streams.config_csv import Row, read_csv
from streams.config_text import Node
from streams.directory_entries import Manager, Period

FILE = "absences.csv"
KINDS = ("vacation", "sick", "off", "training", "other")
_COLUMNS = ("manager", "from", "to", "kind")
_ONE_DAY = timedelta(days=1)


class Absence(msgspec.Struct, frozen=True):
    """A time at which a manager is away."""

    manager: str
    period: Period  #: with both ends
    kind: str


def read_absences(text: str, managers: Mapping[str, Manager]) -> list[Absence]:
    """What `absences.csv` says. Raises `ConfigError` naming line and column.

    Dates are whole days of the manager's time zone, the one in `to` being the last day away; without
    `to` it is the one day. Moments such as 2027-01-31T14:00:00+03:00 are for parts of a day.
    """
    return [_absence(row, managers) for row in read_csv(FILE, text, _COLUMNS)]


def _absence(row: Row, managers: Mapping[str, Manager]) -> Absence:
    id = row["manager"].text("the id of a listed manager")
    if id not in managers:
        raise row["manager"].fault("the id of a listed manager")
    zone = ZoneInfo(managers[id].zone)
    start, _ = row["from"].moment(zone)
    last = row.optional("to") or row["from"]
    end = last_day(last, zone)
    if end <= start:
        raise row["to"].fault("an end that is not before `from`")
    return Absence(id, Period(start, end), _kind(row.optional("kind")))


def _kind(node: Node | None) -> str:
    kind = node.text() if node is not None else KINDS[-1]
    if node is not None and kind not in KINDS:
        raise node.fault("one of " + ", ".join(KINDS))
    return kind


def periods_of(absences: list[Absence]) -> Mapping[str, list[Period]]:
    """By manager when he is away."""
    found: dict[str, list[Period]] = {}
    for absence in absences:
        found.setdefault(absence.manager, []).append(absence.period)
    return found


def whole_days(period: Period, zone: ZoneInfo) -> Iterator[date]:
    """The local days that lie within a period from midnight to midnight; it must have both ends."""
    calendar = Calendar(zone)
    at, end = period.start or 0, period.end or 0
    if calendar.day_start(at) < at:
        at = calendar.next_day(at)
    while (following := calendar.next_day(at)) <= end:
        yield calendar.day(at)
        at = following
