"""By which calendar a subject lives."""

from collections.abc import Callable

from streams.calendars import Calendar
from streams.directory import Directory
from streams.directory_entries import GroupSettings


def calendar_of(directory: Directory, subject: str, at: int) -> Calendar:
    """The calendar of a group, of a manager's group at that moment (ms), or of the whole centre.

    Who belongs to no listed group, and the centre as a whole, are always open and live in the
    directory's time zone.
    """
    kind, name = subject.split(":", 1)
    if kind == "m":
        name = directory.group_of(name, at)
    return directory.calendar("" if kind == "a" else name)


def midnights(directory: Directory) -> Callable[[str], Callable[[int], int]]:
    """For a subject: the start of its local day at or before a moment, both in ms."""

    def of(subject: str) -> Callable[[int], int]:
        return lambda at: calendar_of(directory, subject, at).day_start(at)

    return of


def settings_of(directory: Directory, subject: str, at: int) -> GroupSettings:
    """Settings of a group, of a manager's group at that moment (ms), or of the whole centre.

    Who belongs to no listed group, and the centre as a whole, have those of the directory.
    """
    kind, name = subject.split(":", 1)
    if kind == "m":
        name = directory.group_of(name, at)
    return directory.group_settings("" if kind == "a" else name)


def working_ages(directory: Directory) -> Callable[[str, int, int], int]:
    """Working time of a group between two moments, in ms."""

    def age(group: str, since: int, now: int) -> int:
        return directory.calendar(group).working_ms(since, now)

    return age


def name_of(directory: Directory, subject: str) -> str:
    """What people call a subject."""
    kind, id = subject.split(":", 1)
    if kind == "m" and id in directory.managers:
        return directory.managers[id].name
    if kind == "g" and id in directory.groups:
        return directory.groups[id].name
    return id
