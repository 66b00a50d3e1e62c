"""Who works in the simulated call centre: teams, their people, lines and opening hours."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from streams.directory import Directory

_QUARTER = 15 * 60_000


class OpeningHours(Protocol):
    """When a team is open; `streams.calendars.Calendar` is one."""

    def in_hours(self, at: int) -> bool:
        """Whether the moment `at` (ms since the epoch) is a working one."""
        ...


@dataclass(frozen=True, slots=True)
class WeekHours:
    """The same hours on each of some days of the week."""

    zone: str
    opens: int  #: hour of the day
    closes: int  #: hour of the day
    weekdays: tuple[int, ...]  #: Monday is 0

    def in_hours(self, at: int) -> bool:
        """Whether the moment `at` (ms since the epoch) is a working one."""
        local = datetime.fromtimestamp(at / 1000, ZoneInfo(self.zone))
        return local.weekday() in self.weekdays and self.opens <= local.hour < self.closes


@dataclass(frozen=True, slots=True)
class Team:
    """A group of the directory, as the simulation plays it."""

    id: str
    managers: tuple[str, ...]
    zone: str
    hours: OpeningHours
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
    moscow = "Europe/Moscow"
    always = WeekHours(moscow, 0, 24, tuple(range(7)))
    day = WeekHours(moscow, 9, 21, tuple(range(6)))
    return Centre(
        (
            Team("sales", ("m001", "m002", "m003", "m004", "m005"), moscow, day, "+74951230001"),
            Team(
                "support",
                ("m006", "m007", "m008", "m009"),
                moscow,
                always,
                "+74951230002",
                ring_all=True,
                sells=False,
            ),
            Team("online", ("m010", "m011", "m012"), moscow, always, "+74951230003"),
        )
    )


def centre_of(directory: Directory, at: int) -> Centre:
    """The centre that a directory describes at a moment. Groups without people stay out.

    A group whose id says `support` rings at all at once and sells nothing.
    """
    teams = []
    for name, group in directory.groups.items():
        people = [m for m in directory.managers.values() if m.active]
        names = tuple(m.id for m in people if directory.group_of(m.id, at) == name)
        line = next((line.id for line in directory.lines.values() if line.group == name), "")
        supports = "support" in name
        zone = str(group.calendar.zone)
        if names:
            teams.append(Team(name, names, zone, group.calendar, line, supports, not supports))
    if not teams:
        raise ValueError("the directory has no group with an active manager")
    return Centre(tuple(teams))
