"""The public topics on the real broker, and a look at what is written to them during a test."""

import itertools
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from streams.settings import Settings
from streams.topics import CALLS, DEAD_LETTERS, STAGES
from streams.topology import ensure_topics
from tests.waiting import eventually

PHONE = "+74951234567"
_SOURCES = itertools.count(1)


def call(source: str, id: str, **changes: Any) -> dict[str, Any]:
    """A valid event of an own source, by which the test finds it again."""
    fields = {
        "event_id": id,
        "type": "call.started",
        "occurred_at": "2026-01-19T10:15:30.250+03:00",
        "source": source,
        "customer": PHONE,
        "call_id": f"c-{id}",
        "direction": "in",
    }
    return {**fields, **changes}


class Written:
    """Records on the public topics from a moment on."""

    def __init__(self, brokers: str, *, from_start: bool = False) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": "tests",
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )
        self._found: list[Message] = []
        parts = []
        for topic in (CALLS, STAGES, DEAD_LETTERS):
            for partition in self._consumer.list_topics(topic, timeout=10).topics[topic].partitions:
                where = TopicPartition(topic, partition)
                _, end = self._consumer.get_watermark_offsets(where, timeout=10)
                parts.append(TopicPartition(topic, partition, 0 if from_start else end))
        self._consumer.assign(parts)

    def on(self, topic: str) -> list[Message]:
        """What has come on the topic up to now."""
        self._found += self._consumer.consume(10_000, timeout=0.1)
        return [message for message in self._found if message.topic() == topic]

    def values(self, topic: str, count: int) -> list[dict[str, Any]]:
        """The values of `count` records, waited for; fails when there are more."""
        eventually(lambda: len(self.on(topic)) >= count, within=10, what=f"{count} records on {topic}")
        values = [json.loads(message.value() or b"") for message in self.on(topic)]
        assert len(values) == count
        return values

    def close(self) -> None:
        self._consumer.close()


@pytest.fixture(scope="session")
def topics(kafka: str) -> str:
    """Bootstrap servers of a broker that has the topics."""
    ensure_topics(Settings(kafka=kafka, partitions=2, epoch=650))

    def led() -> bool:
        try:
            Written(kafka).close()
        except KafkaException:
            return False
        return True

    eventually(led, within=20, what="leaders of the topics")
    return kafka


@pytest.fixture
def written(topics: str) -> Iterator[Written]:
    found = Written(topics)
    yield found
    found.close()


@pytest.fixture
def source() -> str:
    """A source that no other test uses."""
    return f"source-{os.getpid()}-{next(_SOURCES)}"


Make = Callable[..., dict[str, Any]]


@pytest.fixture
def event(source: str) -> Make:
    """Makes valid events of the test's source."""
    return lambda id="e1", **changes: call(source, id, **changes)
