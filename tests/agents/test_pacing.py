"""History is counted no faster than it is stored; what is live waits for no sink."""

from typing import Any, cast

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

    def __init__(self, ago: int, by: int) -> None:
        self.now = NOW
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


async def paced(ago: int, by: int, *stored: int) -> tuple[list[bool], Sink]:
    """Whether the stage is held up at looks half a minute apart, given what the sink has stored by each."""
    stage, sink = Stage(ago, by), Sink()
    pacing = Pacing(cast("Any", stage), cast("Any", stage), cast("Any", sink))
    await pacing.look()
    found = []
    for so_far in stored:
        stage.go_on()
        sink.stored = so_far
        await pacing.look()
        found.append(stage.held_up)
        sink.end += 100
    return found, sink


async def test_history_waits_for_a_sink_that_is_behind_for_more_than_a_minute() -> None:
    found, _ = await paced(900 * DAY, DAY, 100, 150, 150, 150, 350, 350)
    assert found == [False, False, False, True, False, True]


async def test_live_events_wait_for_no_sink() -> None:
    found, sink = await paced(HORIZON - 300_000, 30_000, 100, 150, 150, 150, 150)
    assert not any(found)
    assert not sink.looks, "nor is anything asked"


async def test_the_first_events_after_days_without_any_wait_for_no_sink() -> None:
    found, _ = await paced(3 * DAY, 0, 100, 150, 150, 150, 150)
    assert not any(found)


async def test_where_nothing_was_ever_stored_nothing_is_waited_for() -> None:
    found, _ = await paced(900 * DAY, DAY, 0, 0, 0, 0, 0)
    assert not any(found)


@pytest.mark.parametrize(("committed", "begun"), [({}, False), ({PANES: 0}, False), ({PANES: 1}, True)])
def test_a_group_has_begun_once_it_has_read_something(committed: Any, begun: bool) -> None:
    state = Upstream()
    state.observe(NOW, {PANES: 5}, committed)
    state.observe(NOW + 1, {PANES: 5}, {})
    assert state.begun is begun
