"""The consumer and its thread by themselves, on stand-ins for aiokafka's."""

import asyncio
from types import SimpleNamespace
from typing import Any

from aiokafka.errors import IllegalStateError
from aiokafka.structs import TopicPartition
from faust.types import TP

from streams.engine.transport import BatchConsumer, BatchThread

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


class Broker:
    """Tells what is committed, each time that it is asked, when it is let."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[asyncio.Future[dict[TP, int]]] = asyncio.Queue()

    async def seek_to_committed(self) -> dict[TP, int]:
        answer: asyncio.Future[dict[TP, int]] = asyncio.get_running_loop().create_future()
        await self.asked.put(answer)
        return await answer

    async def seek_wait(self, _: dict[TP, int]) -> None:
        await self.seek_to_committed()


PLACE = TP("topic", 0)


def consumer_of(broker: Broker) -> Any:
    made: Any = BatchConsumer.__new__(BatchConsumer)
    made.__dict__ |= {
        "app": SimpleNamespace(consumer_generation_id=2),
        "flow_active": True,
        "assignment": lambda: {PLACE},
        "_thread": broker,
        "_delivered": {},
        "_wanted": {},
        "_turns": [],
        "_seeks": 0,
        "_one_seeks": asyncio.Lock(),
        "_read_offset": {},
        "_committed_offset": {},
    }
    return made


async def test_what_was_asked_before_the_group_changed_does_not_say_where_reading_goes_on() -> None:
    """A member that was frozen asks, the group goes on and commits, and it is given the partition again."""
    broker = Broker()
    consumer = consumer_of(broker)
    before = asyncio.create_task(consumer.perform_seek())
    stale = await broker.asked.get()
    consumer.app.consumer_generation_id = 4
    after = asyncio.create_task(consumer.perform_seek())
    stale.set_result({PLACE: 10})
    await before
    assert consumer.delivered(PLACE) is None
    (await broker.asked.get()).set_result({PLACE: 14})
    await after
    assert consumer.delivered(PLACE) == 14


async def test_a_place_that_was_sought_before_the_group_changed_is_not_where_reading_goes_on() -> None:
    broker = Broker()
    consumer = consumer_of(broker)
    consumer.read_again(PLACE, 10)
    seeking = asyncio.create_task(consumer._seek_wanted())
    answer = await broker.asked.get()
    consumer.app.consumer_generation_id = 4
    answer.set_result({})
    await seeking
    assert consumer.delivered(PLACE) is None
    consumer.read_again(PLACE, 14)
    seeking = asyncio.create_task(consumer._seek_wanted())
    (await broker.asked.get()).set_result({})
    await seeking
    assert consumer.delivered(PLACE) == 14
