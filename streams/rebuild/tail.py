"""Carries on to the next epoch what is newly accepted in the one in force: events, and customers' phones."""

from collections.abc import Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.rebuild.kafka import Place, Writer
from streams.rebuild.resolving import Restamp
from streams.rebuild.respreading import forwarded
from streams.topics import InternalTopics, partition_of

_ANSWER_S = 15.0
_POLL_S = 0.2
_RECORDS = 500


class Tail:
    """Reads topics of the epoch in force for nobody's group, and writes to those of the next."""

    def __init__(
        self,
        brokers: str,
        topics: tuple[InternalTopics, InternalTopics],
        partitions: int,
        restamp: Restamp,
        writer: Writer,
    ) -> None:
        """`topics`: of the epoch in force and of the next; `partitions`: of the next one's topics."""
        self._present, self._next = topics
        self._partitions = partitions
        self._restamp = restamp
        self._writer = writer
        self._read: dict[Place, int] = {}
        self._before = 0
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

    def begin(self, stored: Mapping[Place, int]) -> None:
        """Begins with what is not among the stored events for certain: where the sink had come."""
        places = []
        told = self._consumer.list_topics(timeout=_ANSWER_S).topics
        for topic in self.read:
            for number in told[topic].partitions:
                low, _ = self._consumer.get_watermark_offsets(
                    TopicPartition(topic, number), timeout=_ANSWER_S
                )
                start = max(low, stored.get((topic, number), 0)) if topic == self._present.events else low
                self._read[topic, number] = start
                places.append(TopicPartition(topic, number, start))
        self._before = len(told[self._present.events].partitions)
        self._consumer.assign(places)

    def follow(self, ends: Mapping[Place, int]) -> int:
        """Carries on all below these ends; how many records. Raises `NotTaken` and confluent-kafka's errors."""
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
            if key is not None:
                place = partition_of(key.decode(), self._partitions)
                self._writer.put(self._next.customers, place, value, key)
            return
        counts = (self._before, self._partitions)
        for partition, record in forwarded(value or b"", number, counts, self._restamp):
            self._writer.put(self._next.events, partition, record)
