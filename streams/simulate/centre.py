"""Who works in the simulated call centre: teams, their people, lines and opening hours."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from streams.calendars import Calendar, Hours
from streams.directory import Directory

_QUARTER = 15 * 60_000
#: Month and day, of 2027.
_HOLIDAYS = ((1, 1), (1, 2), (1, 7), (2, 23), (3, 8))


@dataclass(frozen=True, slots=True)
class Team:
    """A group of the directory, as the simulation plays it."""

    id: str
    managers: tuple[str, ...]
    zone: str
    hours: Calendar
    line: str = ""
    ring_all: bool = False  #: rings at everybody free instead of one after the other
    sells: bool = True  #: works leads and deals

    def open_at(self, at: int) -> bool:
        """Whether the team takes calls at this moment."""
        return self.hours.in_hours(at)

    def opening(self, at: int) -> int:
        """When the team is open next: `at` itself when it is; at most two weeks ahead."""
        if self.open_at(at):
            return at
        quarter = (at // _QUARTER + 1) * _QUARTER
        for moment in range(quarter, quarter + 14 * 96 * _QUARTER, _QUARTER):
            if self.open_at(moment):
                return moment
        return quarter


@dataclass(frozen=True, slots=True)
class Centre:
    """The whole call centre."""

    teams: tuple[Team, ...]
    source: str = "demo"

    def sized(self, managers: int) -> "Centre":
        """This centre with so many managers: the last ones leave, or newcomers join in turn."""
        kept = _shares(self.teams, managers)
        known = {name for team in self.teams for name in team.managers}
        fresh = (f"m{n:03d}" for n in range(1, 10_000) if f"m{n:03d}" not in known)
        teams = []
        for team, size in zip(self.teams, kept, strict=True):
            names = list(team.managers[:size])
            names += [next(fresh) for _ in range(size - len(names))]
            teams.append(replace(team, managers=tuple(names)))
        return replace(self, teams=tuple(team for team in teams if team.managers))


def _shares(teams: Iterable[Team], managers: int) -> list[int]:
    """How many of `managers` each team gets, in proportion to what it has now."""
    sizes = [len(team.managers) for team in teams]
    shares = [managers * size // sum(sizes) for size in sizes]
    for index in range(managers - sum(shares)):
        shares[index % len(shares)] += 1
    return shares


def default_centre() -> Centre:
    """The centre of the example directory that comes with the product."""
    moscow = ZoneInfo("Europe/Moscow")
    weekdays, saturday = ((9 * 60, 21 * 60),), ((10 * 60, 18 * 60),)
    holidays = frozenset(date(2027, month, day) for month, day in _HOLIDAYS)
    office = Calendar(moscow, Hours((*[weekdays] * 5, saturday, ())), holidays)
    always = Calendar(moscow)
    return Centre(
        (
            _team("sales", _people(1, 5), office, "+74951230001"),
            _team("support", _people(6, 9), always, "+74951230002"),
            _team("online", _people(10, 12), always, "+74951230003"),
        )
    )


def _people(first: int, last: int) -> tuple[str, ...]:
    return tuple(f"m{number:03d}" for number in range(first, last + 1))


def _team(name: str, managers: tuple[str, ...], calendar: Calendar, line: str) -> Team:
    """A group whose id says `support` rings at all at once and sells nothing."""
    supports = "support" in name
    return Team(name, managers, str(calendar.zone), calendar, line, supports, not supports)


def centre_of(directory: Directory, at: int) -> Centre:
    """The centre that a directory describes at a moment. Groups without people stay out."""
    teams = []
    for name, group in directory.groups.items():
        people = [m for m in directory.managers.values() if m.active]
        names = tuple(m.id for m in people if directory.group_of(m.id, at) == name)
        line = next((line.id for line in directory.lines.values() if line.group == name), "")
        if names:
            teams.append(_team(name, names, group.calendar, line))
    if not teams:
        raise ValueError("the directory has no group with an active manager")
    return Centre(tuple(teams))
