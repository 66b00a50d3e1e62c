"""When calls, leads and shifts come: the shape of a day."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from streams.simulate.centre import Team
from streams.simulate.timeline import Steps
from streams.simulate.world import DAY, HOUR, MINUTE, Manager, World


@dataclass(frozen=True, slots=True)
class Demand:
    """When things happen in the course of a day."""

    #: How busy a team is at a moment: 1 is usual, at most `_PEAK`, never 0.
    shape: Callable[[Team, int], float]
    #: 1: by chance alone, as calls come; more: at steadier intervals.
    steadiness: int = 1


_QUARTERS = range(0, DAY, 15 * MINUTE)
_CLOSED = 0.03
_PEAK = 1.7


def _day(team: Team, at: int) -> float:
    if not team.open_at(at):
        return _CLOSED
    local = datetime.fromtimestamp(at / 1000, ZoneInfo(team.zone))
    hour = local.hour + local.minute / 60
    morning = math.exp(-(((hour - 11) / 1.7) ** 2))
    return 0.45 + morning + 0.8 * math.exp(-(((hour - 15.5) / 2.2) ** 2))


def _always(team: Team, at: int) -> float:
    wave = 0.3 * math.sin(2 * math.pi * (at % (15 * MINUTE)) / (15 * MINUTE))
    return 1 + wave if team.open_at(at) else _CLOSED / 4


#: Peaks before noon and in the afternoon, little when closed.
DAY_DEMAND = Demand(_day)
#: Much the same at all open hours, with a wave every quarter of an hour.
LIVELY_DEMAND = Demand(_always, 4)


def busy_hours(team: Team, demand: Demand, start: int) -> float:
    """Hours of busyness 1 in the busiest of the next seven days."""
    days = (start + day * DAY for day in range(7))
    hours = 24 / len(_QUARTERS)
    return max(sum(demand.shape(team, day + q) for q in _QUARTERS) * hours for day in days)


def arrivals(
    world: World,
    team: Team,
    demand: Demand,
    per_day: float,
    kind: Callable[[World, Team], Steps[None]],
) -> Steps[None]:
    """Starts processes, `per_day` of them on a full working day of the team."""
    if per_day <= 0:
        return
    peak = per_day / busy_hours(team, demand, world.now) * _PEAK / HOUR
    steps = 0
    while True:
        yield 1 + int(world.rng.expovariate(peak * demand.steadiness))
        if world.chance(demand.shape(team, world.now) / _PEAK):
            steps += 1
            if steps % demand.steadiness == 0:
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
