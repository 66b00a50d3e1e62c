"""The consumer's thread by itself, on a stand-in for aiokafka's consumer."""

import asyncio
from typing import Any

from aiokafka.errors import IllegalStateError
from aiokafka.structs import TopicPartition

from streams.engine.transport import BatchThread

ONE, TWO = TopicPartition("topic", 0), TopicPartition("topic", 1)


class Shrinking:
    """Loses partitions to another member while the broker is asked for what was committed."""

    def __init__(self, *assigned: set[TopicPartition]) -> None:
        self._left = list(assigned)
        self.asked: list[set[TopicPartition]] = []

    def assignment(self) -> set[TopicPartition]:
        return self._left[0]

    async def seek_to_committed(self, *places: TopicPartition) -> dict[TopicPartition, int]:
        self.asked.append(set(places))
        if len(self._left) > 1:
            del self._left[0]
            raise IllegalStateError("No current assignment for partition")
        return dict.fromkeys(places, 7)


def seek(consumer: Shrinking) -> Any:
    thread = BatchThread.__new__(BatchThread)
    thread._consumer = consumer
    return asyncio.run(thread._seek_to_committed())


def test_a_seek_goes_on_with_what_is_left_when_the_group_changes_meanwhile() -> None:
    consumer = Shrinking({ONE, TWO}, {TWO})
    assert seek(consumer) == {TWO: 7}
    assert consumer.asked == [{ONE, TWO}, {TWO}]


def test_who_has_nothing_left_seeks_nothing() -> None:
    assert seek(Shrinking({ONE}, set())) == {}
