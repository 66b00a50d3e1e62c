"""What stands in a directory: groups, managers, lines, and the names by which sources know them."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import msgspec

from streams.calendars import Calendar


class GroupSettings(msgspec.Struct, frozen=True):
    """What a group's KPI are measured against. Durations are ms; see the contract's meanings."""

    conversation_min_ms: int = 15_000  #: least talk of a conversation
    answer_within_ms: int = 20_000  #: T of the service level
    short_abandon_ms: int = 5_000  #: longest wait of a short abandon
    offer_min_ring_ms: int = 5_000  #: least ring of a missed offer
    callback_within_ms: int = 1_200_000  #: working time in which a missed call is called back
    give_up_attempts: int = 3  #: attempts after which a missed item is given up
    give_up_days: int = 3  #: working days after which a missed item is given up
    sl_variant: str = "SL6"  #: how the service level is reckoned, see `streams.kpis.levels`
    min_n: dict[str, int] = {}  #: by KPI: least sample, in place of the one the KPI declares


class Period(msgspec.Struct, frozen=True):
    """From (inclusive) to (exclusive), ms; None is without bound."""

    start: int | None = None
    end: int | None = None

    def holds(self, at: int) -> bool:
        """Whether the moment lies within."""
        return (self.start is None or at >= self.start) and (self.end is None or at < self.end)

    def overlaps(self, other: "Period") -> bool:
        """Whether some moment lies within both."""
        return (self.start is None or other.end is None or self.start < other.end) and (
            other.start is None or self.end is None or other.start < self.end
        )


class Duty(msgspec.Struct, frozen=True):
    """Who is on call in a group, and when (days and hours as written)."""

    who: str
    days: str = ""
    start: str = ""
    end: str = ""


class Group(msgspec.Struct, frozen=True):
    """A group of managers."""

    id: str
    name: str
    calendar: Calendar
    settings: GroupSettings
    leads: tuple[str, ...] = ()
    oncall: tuple[Duty, ...] = ()


class Manager(msgspec.Struct, frozen=True):
    """A manager. `groups`: since when (ms; None is since ever) in which group, oldest first."""

    id: str
    name: str
    groups: tuple[tuple[int | None, str], ...]
    zone: str
    active: bool = True
    phones: tuple[str, ...] = ()
    contact: dict[str, str] = {}


class Line(msgspec.Struct, frozen=True):
    """A number or trunk on which customers call."""

    id: str
    name: str = ""
    group: str = ""


class Source(msgspec.Struct, frozen=True):
    """What is known about a source: whether its calls are the truth or only add to another's."""

    id: str
    calls: str = "primary"  #: or `enrich`
    provides: tuple[str, ...] = ()


#: (source, name) -> who bears it, when.
Aliases = Mapping[tuple[str, str], tuple[tuple[Period, str], ...]]


class Names(msgspec.Struct, frozen=True):
    """Under which names managers, groups and lines are known, and whose own phones are whose."""

    managers: Aliases
    groups: Aliases
    lines: Aliases
    phones: Mapping[str, tuple[tuple[Period, str], ...]]


class Content(msgspec.Struct, frozen=True):
    """All that `directory.yaml` says."""

    version: str
    zone: ZoneInfo  #: of `all` and of whom nobody listed
    settings: GroupSettings  #: of groups that nobody listed
    groups: dict[str, Group]
    managers: dict[str, Manager]
    lines: dict[str, Line]
    sources: dict[str, Source]
    names: Names
