"""What held when, of records that several people had one after another, and the ends of local days."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.sinks.random_records import BEGIN, DAY, ZONES, ms


def subjects(row: dict[str, Any]) -> list[str]:
    own = [f"m:{row['manager']}"] if row["manager"] else []
    return [*own, f"g:{row['group']}", "a:all"]


Opened = tuple[dict[str, Any], Callable[[datetime], bool]]


def at_ends(these: Iterable[Opened], kind: str = "mga") -> dict[tuple[str, str], int]:
    """How many hold at the last moment of each local day, from the first day of each subject on."""
    opened = list(these)
    found: dict[tuple[str, str], int] = defaultdict(int)
    for subject, zone in ZONES.items():
        if subject[0] not in kind:
            continue
        own = [holds for row, holds in opened if subject in subjects(row)]
        day = (BEGIN - 2 * DAY).astimezone(ZoneInfo(zone)).date()
        begun = False
        while day < datetime.now(ZoneInfo(zone)).date():
            last = datetime.combine(day + DAY, datetime.min.time(), ZoneInfo(zone)) - timedelta(
                milliseconds=1
            )
            n = sum(holds(last.astimezone(UTC)) for holds in own)
            begun = begun or n > 0
            if begun:
                found[str(day), subject] = n
            day += DAY
    return found


def between(since: datetime, until: datetime | None) -> Callable[[datetime], bool]:
    return lambda at: since <= at and (until is None or at < until)


def parts(row: dict[str, Any], since: datetime, until: datetime | None) -> Iterable[Opened]:
    """What holds from since to until, of each who had it then."""
    had = [(datetime.fromtimestamp(at / 1000, UTC), who, group) for at, who, group in row["owners"]]
    if not had:
        yield row, between(since, until)
    for number, (at, who, group) in enumerate(had):
        begin = max(since, at)
        end = min((limit for limit in (until, *(one[0] for one in had[number + 1 :])) if limit), default=None)
        yield row | {"manager": who, "group": group}, between(begin, end)


def unless_meeting(row: dict[str, Any], lasts: Callable[[datetime], bool]) -> Callable[[datetime], bool]:
    """The same, but not while a meeting lies ahead."""
    return lambda at: (
        lasts(at)
        and not any(since <= ms(at) and (not end or ms(at) < end) for since, end in row["meeting_ahead"])
    )
