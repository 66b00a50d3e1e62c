"""What the view shows, as it was read: no ClickHouse, no terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

#: Minutes of the small charts, the running one included.
CHART_MINUTES = 30

#: A subject: its kind (`manager`, `group`, `all`) and id.
Subject = tuple[str, str]
ALL: Subject = ("all", "all")


@dataclass(frozen=True, slots=True)
class Value:
    """A KPI's value and what it rests on; None where there is nothing to say."""

    value: float | None
    n: int


NOTHING = Value(None, 0)


@dataclass(frozen=True, slots=True)
class Person:
    """A manager of the directory."""

    name: str
    group: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Counts of the last minutes, oldest first, and the ring over the last hour."""

    handled: Sequence[int]
    calls_in: Sequence[int]
    ring_avg_s: float | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that fires."""

    severity: str
    since: datetime
    summary: str


@dataclass(frozen=True, slots=True)
class Board:
    """The call centre at one moment."""

    taken_at: datetime
    #: subject, KPI, window
    values: Mapping[tuple[Subject, str, str], Value] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    charts: Mapping[Subject, Chart] = field(default_factory=dict)
    alerts: Sequence[Alert] = ()
    as_of: datetime | None = None  #: the moment that the newest value is true for
    newest_event: datetime | None = None  #: when Kafka got the newest event that is stored
    events_per_minute: int = 0
    parts: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""  #: why nothing newer could be read
    notices: Sequence[str] = ()

    def value(self, kpi: str, window: str, subject: Subject = ALL) -> Value:
        """A KPI of a subject."""
        return self.values.get((subject, kpi, window), NOTHING)

    def managers(self) -> list[str]:
        """Managers to show: those of the directory and those who did something, busiest first."""
        seen = {key[1] for (key, _, _) in self.values if key[0] == "manager"} | set(self.people)
        return sorted(seen, key=lambda name: (-(self._busy(name)), self.name(name)))

    def _busy(self, manager: str) -> float:
        return self.value("calls_handled", "1h", ("manager", manager)).value or 0

    def name(self, manager: str) -> str:
        """How a manager is called; one whom nobody listed by the source's name."""
        found = self.people.get(manager)
        if found is not None:
            return found.name
        _, _, named = manager.removeprefix("unmapped:").partition(":")
        return f"? {named}" if manager.startswith("unmapped:") else manager

    def away(self, now: datetime, fault: str) -> "Board":
        """The same figures, still shown while nothing newer can be read."""
        return replace(self, taken_at=now, fault=fault)
