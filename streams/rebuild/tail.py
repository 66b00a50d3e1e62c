"""Carries on to the next epoch what is newly accepted in the one in force: events, and customers' phones."""

import time
from collections.abc import Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.rebuild.kafka import Place, Writer
from streams.rebuild.resolving import Restamp
from streams.rebuild.respreading import Cut, carried_on
from streams.topics import EVENT_TOPICS, InternalTopics

_ANSWER_S = 15.0
_POLL_S = 0.2
_RECORDS = 500
#: Brokers' and our clock may differ by so much (ms).
_SKEW_MS = 10 * 60_000


class Tail:
    """Reads topics of the epoch in force for nobody's group, and writes to those of the next."""

    def __init__(
        self,
        brokers: str,
        topics: tuple[InternalTopics, InternalTopics],
        restamp: Restamp,
        writer: Writer,
    ) -> None:
        """`topics`: of the epoch in force and of the next, which have the same partitions."""
        self._present, self._next = topics
        self._restamp = restamp
        self._writer = writer
        self._cut: Cut = {}
        self._read: dict[Place, int] = {}
        self._partitions = 0
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": "salespulse.readers",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.message.max.bytes": 16 << 20,
                "log_level": 0,
            }
        )

    @property
    def read(self) -> tuple[str, str]:
        """The topics that are read."""
        return self._present.events, self._present.customers

    def begin(self, cut: Cut) -> None:
        """Begins at `cut`, or earlier: what lies below it is passed over."""
        self._cut = cut
        self._partitions = len(self._numbers(self._present.events))
        since = self._since()
        places = [self._start(topic, number, since) for topic in self.read for number in self._numbers(topic)]
        self._read = {(place.topic, place.partition): place.offset for place in places}
        self._consumer.assign(places)

    def _numbers(self, topic: str) -> list[int]:
        return sorted(self._consumer.list_topics(timeout=_ANSWER_S).topics[topic].partitions)

    def _since(self) -> int:
        """When the first record at or above the cut was written, or an earlier moment (ms)."""
        since = int(time.time() * 1000)
        for (topic, number), offset in self._cut.items():
            place = TopicPartition(EVENT_TOPICS[topic], number, offset)
            low, high = self._consumer.get_watermark_offsets(place, timeout=_ANSWER_S)
            if max(low, offset) < high:
                self._consumer.assign([place])
                since = min([since, *(m.timestamp()[1] for m in self._consumer.consume(1, _ANSWER_S))])
        return since - _SKEW_MS

    def _start(self, topic: str, number: int, since: int) -> TopicPartition:
        """Events are written after their raw record; phones are read from the beginning."""
        low, high = self._consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_ANSWER_S)
        if topic == self._present.customers or low == high:
            return TopicPartition(topic, number, low)
        (found,) = self._consumer.offsets_for_times([TopicPartition(topic, number, since)], timeout=_ANSWER_S)
        return TopicPartition(topic, number, found.offset if found.offset >= 0 else high)

    def follow(self, ends: Mapping[Place, int]) -> int:
        """Carries on all below these ends; how many records. Raises `NotTaken`, and Kafka's errors."""
        carried = 0
        while any(self._read[place] < end for place, end in ends.items()):
            for message in self._consumer.consume(_RECORDS, _POLL_S):
                fault = message.error()
                if fault is not None:
                    raise KafkaException(fault)
                topic, number, offset = message.topic(), message.partition(), message.offset()
                assert topic is not None
                assert number is not None
                assert offset is not None
                self._carry(topic, number, message.key(), message.value())
                self._read[topic, number] = offset + 1
                carried += 1
        self._writer.flush()
        return carried

    def close(self) -> None:
        """Lets go of the connection."""
        self._consumer.close()

    def _carry(self, topic: str, number: int, key: bytes | None, value: bytes | None) -> None:
        if topic == self._present.customers:
            self._writer.put(self._next.customers, number, value, key)
            return
        placed = carried_on(value or b"", number, self._partitions, self._cut, self._restamp)
        for partition, record in placed:
            self._writer.put(self._next.events, partition, record)
