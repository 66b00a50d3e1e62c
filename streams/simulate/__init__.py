"""A believable call centre: the same seed and start give the same events, byte for byte."""

from collections.abc import Iterator
from typing import Any

from streams.simulate.centre import Centre, Team, WeekHours, default_centre
from streams.simulate.demand import arrivals, shift
from streams.simulate.inbound import inbound
from streams.simulate.outbound import follow_up
from streams.simulate.world import DAY, World

__all__ = ["Centre", "Team", "WeekHours", "default_centre", "simulate"]

_CALLS_PER_MANAGER = 60


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

    `calls_per_day` is what a full working day brings before repeats and callbacks; the default
    grows with the number of managers. Calls in progress at the end have no end yet.
    """
    centre = centre or default_centre()
    if managers is not None:
        centre = centre.sized(managers)
    staff = sum(len(team.managers) for team in centre.teams)
    wanted = calls_per_day if calls_per_day is not None else _CALLS_PER_MANAGER * staff
    world = World.new(centre, seed, start, wanted)
    for team in centre.teams:
        share = wanted * len(team.managers) / staff
        for manager in world.managers[team.id]:
            world.begin(shift(world, team, manager))
        world.begin(arrivals(world, team, 0.75 * share, inbound))
        world.begin(arrivals(world, team, 0.25 * share, follow_up))
    end = start + int(days * DAY)
    while world.time.advance(end):
        yield from world.told()
