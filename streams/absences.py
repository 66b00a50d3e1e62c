"""Who was absent when: `absences.csv`, with the columns manager, from, to, kind.

Days are whole days of the directory's time zone, `to` is the last one. The kind says no more than a
shift plan would: never why somebody is ill.
"""

import csv
from collections.abc import Container, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from streams.config_text import ConfigError

FILE = "absences.csv"
KINDS = ("vacation", "sick", "off", "training", "other")
_COLUMNS = ("manager", "from", "to", "kind")


class Absence(msgspec.Struct, frozen=True):
    """A stretch of whole days, both included."""

    manager: str
    first: date
    last: date
    kind: str


def read_absences(text: str, managers: Container[str]) -> list[Absence]:
    """What `absences.csv` says. Raises `ConfigError` naming line and column."""
    reader = csv.DictReader(text.splitlines(), skipinitialspace=True)
    if reader.fieldnames is not None and tuple(reader.fieldnames) != _COLUMNS:
        found = ", ".join(map(str, reader.fieldnames))
        raise ConfigError(f"{FILE}, line 1: expected the columns {', '.join(_COLUMNS)}, found {found}")
    found_absences = []
    for row in reader:
        where = f"{FILE}, line {reader.line_num}"
        manager, kind = row["manager"] or "", row["kind"] or "other"
        if manager not in managers:
            raise ConfigError(f"{where}, manager: expected the id of a listed manager, found {manager!r}")
        if kind not in KINDS:
            raise ConfigError(f"{where}, kind: expected one of {', '.join(KINDS)}, found {kind!r}")
        first, last = _day(where, "from", row["from"]), _day(where, "to", row["to"] or row["from"])
        if last < first:
            raise ConfigError(f"{where}, to: expected a day not before {first}, found {last}")
        found_absences.append(Absence(manager, first, last, kind))
    return found_absences


def _day(where: str, column: str, text: str | None) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise ConfigError(f"{where}, {column}: expected a day such as 2027-01-31, found {text!r}") from None


def absent_days(absences: list[Absence]) -> Mapping[str, frozenset[date]]:
    """By manager the days on which he is absent."""
    days: dict[str, set[date]] = {}
    for absence in absences:
        length = (absence.last - absence.first).days + 1
        days.setdefault(absence.manager, set()).update(
            absence.first + timedelta(days=number) for number in range(length)
        )
    return {manager: frozenset(found) for manager, found in days.items()}


def is_absent(days: Mapping[str, frozenset[date]], zone: ZoneInfo, manager: str, at: int) -> bool:
    """Whether a manager is absent at a moment (ms)."""
    own = days.get(manager)
    return own is not None and datetime.fromtimestamp(at // 1000, zone).date() in own
