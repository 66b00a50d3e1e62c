"""When calls, leads and shifts come: the shape of a day."""

import math
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from streams.simulate.centre import Team
from streams.simulate.timeline import Steps
from streams.simulate.world import DAY, HOUR, MINUTE, Manager, World

_QUARTERS = range(0, DAY, 15 * MINUTE)
_CLOSED = 0.03
#: Upper bound of `intensity`.
_PEAK = 1.7


def intensity(team: Team, at: int) -> float:
    """How busy a moment is: peaks before noon and in the afternoon, little when closed."""
    local = datetime.fromtimestamp(at / 1000, ZoneInfo(team.zone))
    hour = local.hour + local.minute / 60
    morning = math.exp(-(((hour - 11) / 1.7) ** 2))
    afternoon = 0.8 * math.exp(-(((hour - 15.5) / 2.2) ** 2))
    return (0.45 + morning + afternoon) if team.open_at(at) else _CLOSED


def _busiest_day(team: Team, start: int) -> float:
    """Hours of intensity 1 that the busiest of the next seven days amounts to."""
    days = (start + day * DAY for day in range(7))
    return max(sum(intensity(team, day + q) for q in _QUARTERS) / 4 for day in days)


def arrivals(
    world: World, team: Team, per_day: float, kind: Callable[[World, Team], Steps[None]]
) -> Steps[None]:
    """Starts processes at random, `per_day` of them on a full working day."""
    if per_day <= 0:
        return
    peak = per_day / _busiest_day(team, world.now) * _PEAK / HOUR
    while True:
        yield 1 + int(world.rng.expovariate(peak))
        if world.chance(intensity(team, world.now) / _PEAK):
            world.begin(kind(world, team))


def shift(world: World, team: Team, manager: Manager) -> Steps[None]:
    """Comes when the team opens, takes breaks, goes when it closes."""
    while True:
        yield team.opening(world.now) - world.now + world.rng.randrange(4 * MINUTE)
        manager.present, manager.idle_since = True, world.now
        world.tell("agent.status", manager=manager.id, status="available")
        while team.open_at(world.now):
            yield int(world.rng.uniform(40, 110) * MINUTE)
            if team.open_at(world.now):
                yield from _pause(world, manager)
        manager.present = False
        world.tell("agent.status", manager=manager.id, status="offline")


def _pause(world: World, manager: Manager) -> Steps[None]:
    while manager.busy:
        yield 20_000
    manager.paused = True
    world.tell("agent.status", manager=manager.id, status="paused")
    yield int(world.rng.uniform(4, 15) * MINUTE)
    manager.paused, manager.idle_since = False, world.now
    world.tell("agent.status", manager=manager.id, status="available")
