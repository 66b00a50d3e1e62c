"""What a rebuild asks of Kafka: positions of consumer groups, and records in their order."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Self

from confluent_kafka import (
    Consumer,
    ConsumerGroupState,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConsumerGroupDescription

from streams.rebuild.patience import patiently

_ANSWER_S = 15.0
_DELIVERY_S = 60.0
_EVERY_S = 0.2

#: A partition: topic and number.
Place = tuple[str, int]


class NotTaken(Exception):
    """Kafka did not take a record, or did not say so."""


class Writer:
    """Writes records; only `flush` knows that Kafka has all of them. In a partition they keep their order."""

    def __init__(self, brokers: str) -> None:
        self._fault: KafkaError | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": brokers,
                "client.id": "salespulse-rebuild",
                "enable.idempotence": True,
                "compression.type": "zstd",
                "linger.ms": 5,
                "message.max.bytes": 16 << 20,
                "message.timeout.ms": int(_DELIVERY_S * 1000),
                "log_level": 0,
            }
        )

    def put(self, topic: str, partition: int, value: bytes | None, key: bytes | None = None) -> None:
        """Hands a record over; waits while too many are on their way. Raises `NotTaken`."""
        while True:
            try:
                self._producer.produce(topic, value, key, partition, on_delivery=self._delivered)
                break
            except BufferError:
                self._producer.poll(0.1)
                self._check()
        self._producer.poll(0)
        self._check()

    def flush(self) -> None:
        """Returns when Kafka has every record. Raises `NotTaken`."""
        left = self._producer.flush(_DELIVERY_S)
        self._check()
        if left:
            raise NotTaken(f"Kafka did not say in {_DELIVERY_S:g} s that it took {left} records")

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._fault = error

    def _check(self) -> None:
        if self._fault is not None:
            raise NotTaken(f"Kafka did not take a record: {self._fault.str()}")


def _without_faults(places: list[TopicPartition] | None) -> list[TopicPartition]:
    """These partitions, if Kafka said of none that it failed there; raises `KafkaException`."""
    for place in places or []:
        if place.error is not None:
            raise KafkaException(place.error)
    return places or []


class Group:
    """Positions of a consumer group, looked at from outside."""

    def __init__(self, brokers: str, name: str) -> None:
        self.name = name
        self._consumer = Consumer(
            {"bootstrap.servers": brokers, "group.id": name, "enable.auto.commit": False, "log_level": 0}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def places(self, topics: Iterable[str]) -> list[TopicPartition]:
        """The partitions of topics."""
        told = self._consumer.list_topics(timeout=_ANSWER_S).topics
        return [
            TopicPartition(topic, number) for topic in topics for number in sorted(told[topic].partitions)
        ]

    def positions(self, topics: Sequence[str]) -> dict[Place, int]:
        """Next offset of each partition of which the group has committed one."""
        places = self.places(topics)
        told = patiently(lambda: _without_faults(self._consumer.committed(places, timeout=_ANSWER_S)))
        return {(place.topic, place.partition): place.offset for place in told if place.offset >= 0}

    def ends(self, topics: Sequence[str]) -> dict[Place, int]:
        """Where each partition that holds records ends."""
        found = {}
        for place in self.places(topics):
            begin, end = self._consumer.get_watermark_offsets(place, timeout=_ANSWER_S)
            if end > begin:
                found[place.topic, place.partition] = end
        return found

    def behind(self, topic: str) -> tuple[int, dict[Place, int]]:
        """How many records of a topic the group has not committed, and where it ends."""
        ends = self.ends([topic])
        positions = self.positions([topic])
        return sum(max(0, end - positions.get(place, 0)) for place, end in ends.items()), ends

    def commit(self, positions: Mapping[Place, int]) -> None:
        """Commits positions for a group without members. Raises confluent-kafka's errors."""
        if positions:
            offsets = [TopicPartition(*place, offset) for place, offset in sorted(positions.items())]
            patiently(lambda: _without_faults(self._consumer.commit(offsets=offsets, asynchronous=False)))


class Administration:
    """Groups and topics as a whole."""

    def __init__(self, brokers: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})

    def topics(self) -> list[str]:
        """Names of all topics."""
        return list(self._admin.list_topics(timeout=_ANSWER_S).topics)

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has; 0 if there is none of this name."""
        told = self._admin.list_topics(timeout=_ANSWER_S).topics.get(topic)
        return len(told.partitions) if told else 0

    def members(self, group: str) -> int:
        """How many members a group has."""
        try:
            told = patiently(lambda: self._described(group))
        except KafkaException as fault:
            if fault.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                return 0
            raise
        return 0 if told.state == ConsumerGroupState.DEAD else len(told.members)

    def _described(self, group: str) -> ConsumerGroupDescription:
        asked = self._admin.describe_consumer_groups([group], request_timeout=_ANSWER_S)
        told: ConsumerGroupDescription = asked[group].result()
        return told

    def wait_until_empty(self, groups: Sequence[str], within_s: float) -> bool:
        """Whether all these groups have no members before so many seconds are over."""
        return self._wait(lambda: not any(map(self.members, groups)), within_s)

    def wait_until_joined(self, groups: Sequence[str], within_s: float) -> bool:
        """Whether all these groups have members before so many seconds are over."""
        return self._wait(lambda: all(map(self.members, groups)), within_s)

    @staticmethod
    def _wait(holds: Callable[[], bool], within_s: float) -> bool:
        deadline = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline:
                return False
            time.sleep(_EVERY_S)
        return True

    def delete(self, topics: Sequence[str], groups: Sequence[str]) -> None:
        """Deletes topics and groups; what is not there, or not without members, is left alone."""
        futures = [
            *(
                self._admin.delete_topics(list(topics), operation_timeout=_ANSWER_S) if topics else {}
            ).values(),
            *(
                self._admin.delete_consumer_groups(list(groups), request_timeout=_ANSWER_S) if groups else {}
            ).values(),
        ]
        for future in futures:
            try:
                future.result()
            except KafkaException:
                continue
