"""History leaves the ledger no faster than it is stored; what is live waits for no sink."""

from typing import Any, NamedTuple, cast

import pytest

from streams.agents.pacing import Pacing
from streams.agents.panes import HORIZON
from streams.agents.upstream import Upstream

NOW = 1_800_000_000_000
PANES = ("panes", 0)
DAY = 86_400_000


class Stage:
    """Stages whose log begins so long ago; so much of it goes by between looks while they do not rest."""

    held_up = False
    buries = True

    def __init__(self, ago: int, by: int, unburied: int) -> None:
        self.now, self.unburied = NOW, unburied
        self._come_to, self._by = NOW - ago, by

    def furthest_raw(self) -> int:
        return self._come_to

    @property
    def in_history(self) -> bool:
        return self._come_to < self.now - HORIZON

    def now_ms(self) -> int:
        return self.now

    def go_on(self) -> None:
        self.now += 30_000
        self._come_to += 0 if self.held_up else self._by


class Sink:
    """What is known of the sink: the ends it is shown, and how far it says that it is."""

    def __init__(self) -> None:
        self.state = Upstream()
        self.end, self.stored, self.looks = 100, 0, 0

    async def look(self, now: int) -> None:
        self.looks += 1
        self.state.observe(now, {PANES: self.end}, {PANES: self.stored})


class Found(NamedTuple):
    """What was found at looks half a minute apart."""

    held_up: list[bool]
    buries: list[bool]


async def paced(ago: int, by: int, *stored: int, unburied: int = 100_001) -> tuple[Found, Sink]:
    """How the stage is paced, given what the sink has stored by each look, and how much is unburied."""
    stage, sink = Stage(ago, by, unburied), Sink()
    pacing = Pacing(cast("Any", stage), cast("Any", stage), cast("Any", sink))
    await pacing.look()
    found = Found([], [])
    for so_far in stored:
        stage.go_on()
        sink.stored = so_far
        await pacing.look()
        found.held_up.append(stage.held_up)
        found.buries.append(stage.buries)
        sink.end += 100
    return found, sink


async def test_history_waits_for_a_sink_that_is_behind_for_more_than_a_minute() -> None:
    found, _ = await paced(900 * DAY, DAY, 100, 150, 150, 150, 350, 350)
    assert found.held_up == [False, False, False, True, False, True]
    assert found.buries == [True, True, True, False, True, False]


async def test_it_goes_on_while_little_waits_to_be_buried() -> None:
    found, _ = await paced(900 * DAY, DAY, 100, 150, 150, 150, 350, 350, unburied=100_000)
    assert not any(found.held_up)
    assert found.buries == [True, True, True, False, True, False]


async def test_live_events_wait_for_no_sink() -> None:
    found, sink = await paced(HORIZON - 300_000, 30_000, 100, 150, 150, 150, 150)
    assert not any(found.held_up)
    assert all(found.buries)
    assert not sink.looks, "nor is anything asked"


async def test_what_waits_since_history_waits_for_the_sink_when_events_are_live_again() -> None:
    stored = (100, 150, 150, 150, 150, 150, 900)  # events are live from the fifth look on
    found, _ = await paced(900 * DAY, 200 * DAY, *stored, unburied=100_000)
    assert not any(found.held_up)
    assert found.buries == [True, True, True, False, False, False, True]


async def test_the_first_events_after_days_without_any_wait_for_no_sink() -> None:
    found, _ = await paced(3 * DAY, 0, 100, 150, 150, 150, 150)
    assert not any(found.held_up)


async def test_where_nothing_was_ever_stored_nothing_is_waited_for() -> None:
    found, _ = await paced(900 * DAY, DAY, 0, 0, 0, 0, 0)
    assert not any(found.held_up)
    assert all(found.buries)


@pytest.mark.parametrize(("committed", "begun"), [({}, False), ({PANES: 0}, False), ({PANES: 1}, True)])
def test_a_group_has_begun_once_it_has_read_something(committed: Any, begun: bool) -> None:
    state = Upstream()
    state.observe(NOW, {PANES: 5}, committed)
    state.observe(NOW + 1, {PANES: 5}, {})
    assert state.begun is begun
