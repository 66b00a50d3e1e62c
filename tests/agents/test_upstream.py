"""Whether the workers are caught up: what was written a while ago must have been read."""

import itertools

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.agents.upstream import Upstream
from streams.agents.watching import UpstreamWatch
from streams.engine import Connection
from tests.waiting import eventually

_NAMES = itertools.count(1)


def test_behind_until_what_was_there_is_read() -> None:
    upstream = Upstream(within_ms=5_000)
    assert not upstream.caught_up(10_000)
    upstream.observe(10_000, {("t", 0): 0}, {})
    assert upstream.caught_up(10_000)
    upstream.observe(11_000, {("t", 0): 7}, {("t", 0): 3})
    assert upstream.caught_up(15_000)
    assert not upstream.caught_up(15_001)
    upstream.observe(16_000, {("t", 0): 9}, {("t", 0): 7})
    assert upstream.caught_up(16_000)
    assert upstream.behind_ms(20_000) == 9_000
    upstream.observe(20_000, {("t", 0): 9}, {("t", 0): 9})
    assert upstream.behind_ms(20_000) == 0


def has_committed(readers: Consumer, topic: str) -> bool:
    """Whether the position was taken; a new broker needs a while until groups have a coordinator."""
    try:
        readers.commit(offsets=[TopicPartition(topic, 2, 1)], asynchronous=False)
    except KafkaException:
        return False
    return True


async def test_the_broker_is_asked_for_every_partition(kafka: str) -> None:
    topic = f"upstream-{next(_NAMES)}"
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic(topic, 3)])[topic].result()
    producer = Producer({"bootstrap.servers": kafka})
    producer.produce(topic, b"one", partition=2)
    assert producer.flush(30) == 0
    watch = UpstreamWatch(Connection(kafka), topic, [topic])
    await watch.look(1_000_000)
    assert not watch.state.caught_up(1_000_000)
    readers = Consumer({"bootstrap.servers": kafka, "group.id": topic})
    eventually(lambda: has_committed(readers, topic), 30, what="a coordinator of the group")
    readers.close()
    await watch.look(1_002_000)
    assert watch.state.caught_up(1_002_000)
    await watch.close()
