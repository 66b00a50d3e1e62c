"""When calls, leads and shifts come: the shape of a day."""

import math
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from streams.simulate.centre import Team
from streams.simulate.timeline import Steps
from streams.simulate.world import DAY, HOUR, MINUTE, Manager, World

#: How busy a team is at a moment: 1 is usual, at most `_PEAK`.
Shape = Callable[[Team, int], float]

_QUARTERS = range(0, DAY, 15 * MINUTE)
_CLOSED = 0.03
_PEAK = 1.7


def day_shape(team: Team, at: int) -> float:
    """Peaks before noon and in the afternoon, little when closed."""
    if not team.open_at(at):
        return _CLOSED
    local = datetime.fromtimestamp(at / 1000, ZoneInfo(team.zone))
    hour = local.hour + local.minute / 60
    morning = math.exp(-(((hour - 11) / 1.7) ** 2))
    return 0.45 + morning + 0.8 * math.exp(-(((hour - 15.5) / 2.2) ** 2))


def lively_shape(team: Team, at: int) -> float:
    """The same at all open hours, but for a wave every quarter of an hour."""
    wave = 0.3 * math.sin(2 * math.pi * (at % (15 * MINUTE)) / (15 * MINUTE))
    return 1 + wave if team.open_at(at) else 0.08


def _scale(team: Team, shape: Shape, start: int) -> float:
    """Hours of intensity 1 in the busiest of the next seven days."""
    days = (start + day * DAY for day in range(7))
    return max(sum(shape(team, day + q) for q in _QUARTERS) / len(_QUARTERS) * 24 for day in days)


def arrivals(
    world: World,
    team: Team,
    shape: Shape,
    per_day: float,
    kind: Callable[[World, Team], Steps[None]],
) -> Steps[None]:
    """Starts processes at random, `per_day` of them on a full working day of the team."""
    if per_day <= 0:
        return
    peak = per_day / _scale(team, shape, world.now) * _PEAK / HOUR
    while True:
        yield 1 + int(world.rng.expovariate(peak))
        if world.chance(shape(team, world.now) / _PEAK):
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
