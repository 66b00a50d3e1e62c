"""Nothing is judged by the clock before the broker has said what time it is."""

from typing import Any, cast

import msgspec
import pytest

from streams.agents import watching
from streams.agents.upstream import Upstream
from streams.agents.watching import Watching
from streams.engine import Connection, Output
from streams.records import NowRecord
from streams.topics import InternalTopics


class Stage:
    """A windows stage that notes what is done with it."""

    internal = InternalTopics(1)

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.when_loaded: Any = None

    def every(self, seconds: float, _: Any) -> None:
        self.done.append(seconds)

    async def deliver(self, outputs: list[Output]) -> None:
        self.done.append(outputs)

    def restore(self, _: Any, partitions: frozenset[int]) -> None:
        self.done.append(partitions)


async def test_a_record_of_no_values_is_written_before_alerts_are_taken_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def none(_: Connection) -> list[Any]:
        return []

    monkeypatch.setattr(watching, "read_transitions", none)
    stage = Stage()
    made = Watching(
        cast("Any", stage),
        cast("Any", None),
        cast("Any", stage),
        cast("Any", None),
        Connection(""),
        lambda: True,
    )
    made.begin()
    stage.done.clear()
    await stage.when_loaded(frozenset({1}))
    ((first,), partitions) = stage.done
    assert first.topic == "salespulse.now.e1"
    assert msgspec.msgpack.decode(first.value, type=NowRecord).rows == []
    assert partitions == {1}


async def test_live_values_are_told_less_often_while_the_workers_are_behind() -> None:
    class Values:
        async def send(self, now: int) -> None:
            told.append(now)

    class Clock(Stage):
        def every(self, seconds: float, work: Any) -> None:
            self.done.append(work)

        def now_ms(self) -> int:
            return moment

    class Watch:
        state = Upstream()

    told: list[int] = []
    stage = Clock()
    made = Watching(
        cast("Any", stage),
        cast("Any", Values()),
        cast("Any", None),
        cast("Any", Watch()),
        Connection(""),
        lambda: True,
    )
    made.begin()
    show = stage.done[0]
    end = {("t", 0): 7}
    Watch.state.observe(0, end, end)
    Watch.state.observe(100, end, {})  # something has waited since 0.1 s or longer
    for moment in range(250, 70_000, 250):  # noqa: B007 - the stage's clock reads it
        await show()
    caught_up = list(range(250, 5_001, 250))
    assert told[: len(caught_up)] == caught_up
    assert told[len(caught_up) :] == list(range(7_000, 60_001, 2_000))  # then of another time: none
    assert max(told) <= 60_000


@pytest.mark.parametrize("stays", [True, False])
async def test_nothing_is_judged_while_partitions_are_loaded(stays: bool) -> None:
    class Rebalanced(Stage):
        loaded = True

        def every(self, seconds: float, work: Any) -> None:
            self.done.append(work)

        def now_ms(self) -> int:
            return 100

    class Watch:
        state = Upstream()

        async def look(self, now: int) -> None:
            self.state.observe(now, {("t", 0): 7}, {("t", 0): 7})
            stage.loaded = stays  # the group is divided anew while the broker answers

    class Rules:
        async def judge(self, now: int) -> None:
            judged.append(now)

    judged: list[int] = []
    stage = Rebalanced()
    made = Watching(
        cast("Any", stage),
        cast("Any", None),
        cast("Any", Rules()),
        cast("Any", Watch()),
        Connection(""),
        lambda: True,
    )
    made.begin()
    await stage.done[1]()
    assert judged == ([100] if stays else [])
