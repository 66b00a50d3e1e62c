"""A worker that is ahead in history rests, and nobody waits for ever."""

from typing import Any, cast

import pytest

from streams.agents.journeys import JourneysStage
from streams.agents.keeping_step import KeepingStep
from streams.agents.panes import HORIZON
from streams.agents.slots import Slots
from streams.records import Event, EventRow
from streams.topics import InternalTopics

HOUR = 3_600_000
NOW = 1_800_000_000_000
LONG_AGO = NOW - 1000 * HOUR


class Intake:
    """The intake of a worker with partition 1."""

    partitions = frozenset({1})
    held_up = False


class World:
    """Journeys that have heard of raw partitions 0 (another worker's) and 1; hours after `since`."""

    def __init__(self, since: int = LONG_AGO) -> None:
        self.now, self._since = NOW, since
        nobody = cast("Any", None)
        self.journeys = JourneysStage(configurations=nobody, internal=InternalTopics(), partitions=2)
        self.journeys.clear()
        self.intake = Intake()
        self.step = KeepingStep(cast("Any", self.intake), self.journeys)

    def comes(self, partition: int, hours: float) -> None:
        at = self._since + round(hours * HOUR)
        row = EventRow(0, partition, 1, at, Event("pbx", "e", "call.ended", at))
        self.journeys.slots(0).advance([row], self.now)

    async def rests(self, after_s: float = 1.0) -> bool:
        self.now += round(after_s * 1000)
        await self.step.look()
        return self.intake.held_up


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(JourneysStage, "now_ms", lambda _: made.now)
    return made


async def test_a_worker_rests_while_it_is_more_than_a_day_ahead(world: World) -> None:
    assert not await world.rests(), "nothing is known yet"
    world.comes(1, 10)
    assert not await world.rests(), "nobody else is known"
    world.comes(0, 9)
    world.comes(1, 33)
    assert not await world.rests(), "a day, and no more"
    world.comes(1, 34)
    assert await world.rests()
    world.comes(0, 12)
    assert not await world.rests()


async def test_a_worker_that_is_behind_goes_on(world: World) -> None:
    world.comes(0, 200)
    world.comes(1, 9)
    assert not await world.rests()


async def test_who_brings_nothing_is_waited_for_some_seconds(world: World) -> None:
    world.comes(0, 9)
    world.comes(1, 300)
    assert await world.rests()
    assert await world.rests(after_s=9)
    assert not await world.rests(after_s=2)
    assert not await world.rests(after_s=60)
    world.comes(0, 10)
    assert await world.rests(), "it goes on"


async def test_live_events_wait_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(since=NOW - HORIZON)
    monkeypatch.setattr(JourneysStage, "now_ms", lambda _: world.now)
    world.comes(0, 1)
    world.comes(1, 26)
    assert not await world.rests()


def test_of_a_raw_partition_the_furthest_that_any_partition_of_events_has_heard_counts() -> None:
    slots = Slots()
    rows = [EventRow(1, 7, 1, at, Event("crm", "e", "deal.stage", at)) for at in (5, 9, 8)]
    slots.advance(rows, NOW)
    assert dict(slots.raw_reached()) == {(1, 7): 9}
