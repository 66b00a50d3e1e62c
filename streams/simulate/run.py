"""Runs the call centre for some days, or for ever."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from streams.simulate.centre import Centre, Team, default_centre
from streams.simulate.demand import DAY_DEMAND, LIVELY_DEMAND, Demand, arrivals, busy_hours, shift
from streams.simulate.funnel import lead, stock
from streams.simulate.inbound import inbound
from streams.simulate.outbound import follow_up
from streams.simulate.talking import internal
from streams.simulate.world import DAY, HOUR, SECOND, World

_CALLS_PER_MANAGER = 60
#: Calls of a manager in an hour of the live feed; who sells has leads and deals to call besides.
_LIVELY_CALLS, _LIVELY_CALLS_SELLING = 54, 50
_STOCK = 4  #: deals of a manager that are under way at the start


def simulate(
    seed: int,
    managers: int | None = None,
    days: float = 1,
    calls_per_day: float | None = None,
    *,
    start: int,
    centre: Centre | None = None,
) -> Iterator[dict[str, Any]]:
    """Canonical events (contract, section 3) from `start` (ms since the epoch), sorted by time.

    `calls_per_day` is what a full working day brings before repeats and callbacks; the default is
    60 for each manager. Calls in progress at the end have no end yet.
    """
    centre = centre or default_centre()
    if managers is not None:
        centre = centre.sized(managers)
    world = World.new(centre, seed, start, talk_ms=110 * SECOND)
    people = sum(len(team.managers) for team in centre.teams)
    wanted = _CALLS_PER_MANAGER if calls_per_day is None else calls_per_day / people
    for team in centre.teams:
        _populate(world, team, DAY_DEMAND, wanted * len(team.managers))
    yield from _events(world, start + int(days * DAY))


def live(seed: int, now: int, centre: Centre | None = None) -> Iterator[dict[str, Any]]:
    """An endless, busy feed that begins with the day of 3 hours before `now` and goes on for ever.

    Each day is simulated by itself, from the seed and its date, and its calls end with it. So a
    feed that is begun again tells the same events with the same ids, and nothing counts twice.
    """
    centre = centre or default_centre()
    zone = ZoneInfo(centre.teams[0].zone)
    first = datetime.fromtimestamp((now - 3 * HOUR) / 1000, zone).date()
    for day in count():
        begins, ends = (_midnight(first + timedelta(days=day + more), zone) for more in (0, 1))
        world = World.new(centre, seed + begins // SECOND, begins, talk_ms=30 * SECOND)
        for team in centre.teams:
            hourly = _LIVELY_CALLS_SELLING if team.sells else _LIVELY_CALLS
            hours = busy_hours(team, LIVELY_DEMAND, begins)
            _populate(world, team, LIVELY_DEMAND, hourly * len(team.managers) * hours)
        yield from _events(world, ends)
        yield from _hang_up(world, ends)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * SECOND


def _populate(world: World, team: Team, demand: Demand, calls: float) -> None:
    """Brings in the people of a team, and what will happen to it."""
    for manager in world.managers[team.id]:
        world.begin(shift(world, team, manager))
    world.begin(arrivals(world, team, demand, 0.75 * calls, inbound))
    world.begin(arrivals(world, team, demand, 0.24 * calls, follow_up))
    world.begin(arrivals(world, team, demand, 0.01 * calls, internal))
    if team.sells:
        world.begin(arrivals(world, team, demand, 0.06 * calls, lead))
        for _ in range(_STOCK * len(team.managers)):
            world.begin(stock(world, team))


def _events(world: World, end: int) -> Iterator[dict[str, Any]]:
    while world.time.advance(end):
        yield from world.told()


def _hang_up(world: World, end: int) -> Iterator[dict[str, Any]]:
    """Ends the calls in progress in the last millisecond before `end`."""
    world.time.now = end - 1
    for call_id, customer in sorted(world.open_calls.items()):
        world.tell("call.ended", call_id=call_id, customer=customer, ended_by="system")
    yield from world.told()
