"""Who works here: managers, groups, lines, and under which names each source knows them.

Resolution is by the time of the event: extensions are handed on and people change groups. A name
that nobody listed becomes `unmapped:<source>:<name>`, so that nothing is dropped.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import msgspec

from streams.calendars import Calendar

UNASSIGNED = "unassigned"
UNMAPPED = "unmapped:"


class GroupSettings(msgspec.Struct, frozen=True):
    """What a group's KPI are measured against. Durations are ms; see the contract's meanings."""

    conversation_min_ms: int = 15_000  #: least talk of a conversation
    answer_within_ms: int = 20_000  #: T of the service level
    short_abandon_ms: int = 5_000  #: longest wait of a short abandon
    offer_min_ring_ms: int = 5_000  #: least ring of a missed offer
    callback_within_ms: int = 1_200_000  #: working time in which a missed call is called back
    give_up_attempts: int = 3  #: attempts after which a missed item is given up
    give_up_days: int = 3  #: working days after which a missed item is given up


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


class Directory:
    """One version of the directory, immutable. Built by `streams.directory_text`."""

    def __init__(
        self,
        *,
        version: str,
        zone: ZoneInfo,
        managers: dict[str, Manager],
        groups: dict[str, Group],
        lines: dict[str, Line],
        sources: dict[str, Source],
        manager_aliases: Aliases,
        group_aliases: Aliases,
        line_aliases: Aliases,
        phones: dict[str, tuple[tuple[Period, str], ...]],
        settings: GroupSettings,
    ) -> None:
        self.version = version
        self.time_zone = zone
        self.managers = managers
        self.groups = groups
        self.lines = lines
        self.sources = sources
        self.settings = settings
        self._manager_aliases = manager_aliases
        self._group_aliases = group_aliases
        self._line_aliases = line_aliases
        self._phones = phones
        self._always = Calendar(zone)

    @staticmethod
    def from_text(yaml_text: str, version: str = "") -> "Directory":
        """Reads `directory.yaml`; without a version it gets the one of its own content.

        Raises `ConfigError`, which names the line, the path and what was expected.
        """
        from streams.directory_text import read_directory

        return read_directory(yaml_text, version)

    def manager(self, source: str, name: str, at: int) -> str:
        """Id of whom the source calls `name` at that time; empty for an empty name."""
        return _resolved(self._manager_aliases, self.managers, source, name, at)

    def group(self, source: str, name: str, at: int) -> str:
        """Id of the group that the source calls `name` at that time; empty for an empty name."""
        return _resolved(self._group_aliases, self.groups, source, name, at)

    def line(self, source: str, name: str, at: int) -> str:
        """Id of the line that the source calls `name`, or the name itself when nobody listed it."""
        found = _borne(self._line_aliases, source, name, at)
        return found or name

    def group_of(self, manager: str, at: int) -> str:
        """The group in which a manager is at that time, or `unassigned`."""
        found = self.managers.get(manager)
        if found is not None:
            for start, group in reversed(found.groups):
                if start is None or start <= at:
                    return group
        return UNASSIGNED

    def group_of_line(self, line: str) -> str:
        """The group that a line rings, or empty."""
        found = self.lines.get(line)
        return found.group if found is not None else ""

    def owner_of_phone(self, phone: str, at: int) -> str:
        """The manager whose own phone this is at that time, or empty."""
        for period, manager in self._phones.get(phone, ()):
            if period.holds(at):
                return manager
        return ""

    def group_settings(self, group: str) -> GroupSettings:
        """Settings of a group; of one that nobody listed, the directory's own."""
        found = self.groups.get(group)
        return found.settings if found is not None else self.settings

    def calendar(self, group: str) -> Calendar:
        """Working hours of a group; one that nobody listed is always open."""
        found = self.groups.get(group)
        return found.calendar if found is not None else self._always

    def zone(self, group: str) -> ZoneInfo:
        """Time zone of a group; of `all`, `unassigned` and unlisted ones the directory's."""
        return self.calendar(group).zone


def _borne(aliases: Aliases, source: str, name: str, at: int) -> str:
    for period, bearer in aliases.get((source, name), ()):
        if period.holds(at):
            return bearer
    return ""


def _resolved(
    aliases: Aliases, known: Mapping[str, object], source: str, name: str, at: int
) -> str:
    if not name:
        return ""
    found = _borne(aliases, source, name, at)
    if found:
        return found
    return name if name in known else f"{UNMAPPED}{source}:{name}"
