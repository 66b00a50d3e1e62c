"""Proves that the stored minute panes are what the stored measurements say.

Both sides come by different ways: a measurement goes straight to ClickHouse, its effect through the
windows stage. So what is on its way when we look is no difference yet: first everything that was on
the topics is waited for, then panes that differ are looked at again until they agree, stay as they
are, or time is up.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.epochs import in_force
from streams.records import version
from streams.settings import Settings
from streams.sinks.comparing import Difference, PaneKey, compare_all, compare_some
from streams.sinks.connection import connect
from streams.sinks.mending import mend
from streams.topics import EVENT_TOPICS, SINK_GROUP, WORKER_GROUP, InternalTopics, partition_of

T = TypeVar("T")

_ANSWER_S = 10.0
_EVERY_S = 0.1
_LOOK_EVERY_S = 1.0
#: A difference that stays exactly the same for this long, after all was stored, is one.
_STEADY_S = 3.0
#: More differing panes than these are reported as they are: looking again would not help.
_MOST_LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class Reading:
    """Topics that a consumer group reads. Of several, the earlier ones feed the later."""

    group: str
    topics: tuple[str, ...]


class NotStored(Exception):
    """A consumer group did not come as far as its topics were when we looked, in the time given."""


def reconcile(settings: Settings, within_s: float = 60.0) -> list[Difference]:
    """Differences between the stored minute panes and the stored measurements; empty when all is right.

    Waits until the workers have counted, and the sink has stored, what was there when asked; raises
    NotStored when that has not come after `within_s` seconds, and clickhouse-connect's errors while
    ClickHouse is away.
    """
    wait_until_read(settings.kafka, readings(in_force(settings)), within_s)
    client = connect(settings.clickhouse)
    try:
        return differences(client)
    finally:
        client.close()


def mend_panes(settings: Settings, found: Sequence[Difference]) -> list[Difference]:
    """Replaces panes that differ by what the stored measurements say; what differs even then.

    Raises clickhouse-connect's errors while ClickHouse is away, confluent-kafka's while Kafka is.
    """
    internal = in_force(settings)
    ends = _ends_of(settings.kafka, internal.measurements)
    panes: dict[int, set[PaneKey]] = {}
    for difference in found:
        panes.setdefault(partition_of(difference.subject, len(ends)), set()).add(difference.pane)
    client = connect(settings.clickhouse)
    try:
        for partition, some in sorted(panes.items()):
            mend(client, some, version(internal.epoch, 0), version(internal.epoch, ends[partition]))
        return differences(client)
    finally:
        client.close()


def _ends_of(brokers: str, topic: str) -> list[int]:
    """Where each partition of a topic ends, in order."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": WORKER_GROUP, "enable.auto.commit": False})
    try:
        return [
            consumer.get_watermark_offsets(place, timeout=_ANSWER_S)[1]
            for place in _places(consumer, [topic])
        ]
    finally:
        consumer.close()


def readings(internal: InternalTopics) -> list[Reading]:
    """What has to be read, step by step, before panes and measurements can be compared.

    A measurement is stored before the worker has counted it: both have to be through.
    """
    by_worker = (EVENT_TOPICS, (internal.events,), (internal.measurements,))
    return [
        *(Reading(internal.group(WORKER_GROUP), topics) for topics in by_worker),
        Reading(internal.group(SINK_GROUP), (internal.records, internal.panes)),
    ]


def wait_until_read(brokers: str, readings: Sequence[Reading], within_s: float) -> None:
    """Returns when each group has read what its topics held when its turn came.

    Raises NotStored, which says where records are left, when that takes longer than `within_s`.
    """
    deadline = time.monotonic() + within_s
    for reading in readings:
        consumer = Consumer(
            {"bootstrap.servers": brokers, "group.id": reading.group, "enable.auto.commit": False}
        )
        try:
            _wait(consumer, reading, deadline)
        finally:
            consumer.close()


def _wait(consumer: Consumer, reading: Reading, deadline: float) -> None:
    left = _patiently(lambda: _ends(consumer, reading.topics), deadline)
    while left:
        asked = [TopicPartition(topic, partition) for topic, partition in left]
        for place in _patiently(partial(consumer.committed, asked, timeout=_ANSWER_S), deadline):
            if place.offset >= left[place.topic, place.partition]:
                del left[place.topic, place.partition]
        if left and time.monotonic() > deadline:
            names = ", ".join(sorted({topic for topic, _ in left}))
            raise NotStored(f"{reading.group} has not read all of {names} yet")
        if left:
            time.sleep(_EVERY_S)


def _patiently(ask: Callable[[], T], deadline: float) -> T:
    """What Kafka answers; a partition or group whose broker is changing just now is asked again."""
    while True:
        try:
            return ask()
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(_EVERY_S)


def _ends(consumer: Consumer, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """Where partitions that hold records end."""
    ends = {}
    for place in _places(consumer, topics):
        begin, end = consumer.get_watermark_offsets(place, timeout=_ANSWER_S)
        if end > begin:
            ends[place.topic, place.partition] = end
    return ends


def _places(consumer: Consumer, topics: Sequence[str]) -> list[TopicPartition]:
    return [
        TopicPartition(topic, partition)
        for topic in topics
        for partition in sorted(consumer.list_topics(topic, timeout=_ANSWER_S).topics[topic].partitions)
    ]


def differences(client: Client, within_s: float = 30.0) -> list[Difference]:
    """Differences that are none of traffic on its way; empty when both sides agree."""
    found = compare_all(client)
    if not found or len(_panes(found)) > _MOST_LOOKED_AT:
        return found
    now = time.monotonic()
    deadline = now + within_s
    since = dict.fromkeys(found, now)
    while True:
        time.sleep(_LOOK_EVERY_S)
        now = time.monotonic()
        seen = compare_some(client, _panes(list(since)))
        since = {difference: since.get(difference, now) for difference in seen}
        steady = all(now - first >= _STEADY_S for first in since.values())
        if steady or now > deadline:
            return list(since)


def _panes(found: Sequence[Difference]) -> list[tuple[str, int]]:
    return sorted({difference.pane for difference in found})
