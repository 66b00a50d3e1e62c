"""Nothing is judged by the clock before the broker has said what time it is."""

from typing import Any, cast

import msgspec
import pytest

from streams.agents import watching
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
