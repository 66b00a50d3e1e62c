"""Who works here: managers, groups, lines, and under which names each source knows them.

Resolution is by the time of the event: extensions are handed on and people change groups. A name
that nobody listed becomes `unmapped:<source>:<name>`, so that nothing is dropped.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from streams.absences import FILE as ABSENCES
from streams.absences import Absence, periods_of, read_absences
from streams.calendars import Calendar
from streams.directory_entries import (
    Aliases,
    Content,
    Group,
    GroupSettings,
    Line,
    Manager,
    Source,
)
from streams.directory_text import FILE, read_directory
from streams.funnel import Funnel
from streams.funnel_text import FILE as FUNNEL
from streams.funnel_text import read_funnel

__all__ = ["UNASSIGNED", "UNMAPPED", "Directory", "Group", "GroupSettings", "Line", "Manager", "Source"]

UNASSIGNED = "unassigned"
UNMAPPED = "unmapped:"


class Directory:
    """One version of the directory; immutable."""

    def __init__(
        self, content: Content, funnel: Funnel | None = None, absences: list[Absence] | None = None
    ) -> None:
        self.version = content.version
        self.funnel = funnel or Funnel()
        self.absences = absences or []
        self._absent = periods_of(self.absences)
        self.time_zone = content.zone
        self.settings = content.settings
        self.managers = content.managers
        self.groups = content.groups
        self.lines = content.lines
        self.sources = content.sources
        self._names = content.names
        self._always = Calendar(content.zone)

    @staticmethod
    def from_text(yaml_text: str, version: str = "") -> "Directory":
        """Reads `directory.yaml`; without a version it gets the one of its own content.

        Raises `ConfigError`, which names the line, the path and what was expected.
        """
        return Directory(read_directory(yaml_text, version))

    @staticmethod
    def from_files(files: Mapping[str, str], version: str = "") -> "Directory":
        """Reads `directory.yaml` and, where they are, `funnel.yaml` and `absences.csv`."""
        content = read_directory(files[FILE], version)
        funnel = Funnel(read_funnel(files[FUNNEL])) if FUNNEL in files else Funnel()
        absences = read_absences(files[ABSENCES], content.managers) if ABSENCES in files else []
        return Directory(content, funnel, absences)

    def absent(self, manager: str, at: int) -> bool:
        """Whether a manager is away at that time."""
        return any(period.holds(at) for period in self._absent.get(manager, ()))

    def present_from(self, manager: str, at: int) -> int:
        """The first moment from this one on at which a manager is not away."""
        while ends := [p.end for p in self._absent.get(manager, ()) if p.holds(at) and p.end is not None]:
            at = max(ends)
        return at

    def manager(self, source: str, name: str, at: int) -> str:
        """Id of whom the source calls `name` at that time; empty for an empty name."""
        return _resolved(self._names.managers, self.managers, source, name, at)

    def group(self, source: str, name: str, at: int) -> str:
        """Id of the group that the source calls `name` at that time; empty for an empty name."""
        return _resolved(self._names.groups, self.groups, source, name, at)

    def line(self, source: str, name: str, at: int) -> str:
        """Id of the line that the source calls `name`, or the name itself when nobody listed it."""
        found = _borne(self._names.lines, source, name, at)
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
        for period, manager in self._names.phones.get(phone, ()):
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


def _resolved(aliases: Aliases, known: Mapping[str, object], source: str, name: str, at: int) -> str:
    if not name:
        return ""
    found = _borne(aliases, source, name, at)
    if found:
        return found
    return name if name in known else f"{UNMAPPED}{source}:{name}"
