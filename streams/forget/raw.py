"""The phone in Kafka: who holds it, until when, and what can be done about it.

Kafka deletes no single record. The compacted topic of customers gets a record without a value, which
takes the place of the one with the phone when Kafka compacts. The public topics are let go by age; or
all of a partition's records up to the last that holds the phone are deleted, whoever they are of.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from streams.forget.wanted import Wanted
from streams.topics import DEAD_LETTERS, EVENT_TOPICS, InternalTopics, partition_of

PUBLIC = (*EVENT_TOPICS, DEAD_LETTERS)

_ANSWER_S = 15.0
_DELIVERY_S = 30.0
_AT_ONCE = 10_000
#: The library waits for so long unless it has as many, s: at the end of each partition too.
_GATHERS_S = 0.05
#: Kafka looks this often for what has become old, ms.
_LOOKS_EVERY_MS = 300_000


class RawFault(Exception):
    """Kafka did not take or delete what it was asked to; the message says what."""


@dataclass(frozen=True, slots=True)
class Held:
    """Records of a partition that hold the phone."""

    topic: str
    partition: int
    records: int
    last_offset: int
    before: int  #: records of the partition up to the last of them, itself included
    until: int  #: when the last is deleted by age at the latest, ms since the epoch; 0: never


def tell_customers(brokers: str, keys: Sequence[str]) -> list[str]:
    """Writes the end of the keys' rows on every epoch's topic of customers; their names. Raises RawFault."""
    producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "log_level": 0})
    faults: list[KafkaError] = []
    topics = {
        name: len(topic.partitions)
        for name, topic in producer.list_topics(timeout=_ANSWER_S).topics.items()
        if name.startswith(InternalTopics(1).customers.removesuffix("1"))
    }
    for name, partitions in topics.items():
        for key in keys:
            place = partition_of(key, partitions)
            producer.produce(
                name, None, key.encode(), place, on_delivery=lambda fault, _: _note(faults, fault)
            )
    if producer.flush(_DELIVERY_S) or faults:
        raise RawFault(
            f"Kafka did not take the end of the customer's row: {faults or 'no answer'}; run it again"
        )
    return sorted(topics)


def _note(faults: list[KafkaError], fault: KafkaError | None) -> None:
    if fault is not None:
        faults.append(fault)


def held(brokers: str, wanted: Wanted) -> list[Held]:
    """Reads the public topics from beginning to end. Raises KafkaException."""
    quiet: dict[str, str | int | float | bool] = {"bootstrap.servers": brokers, "log_level": 0}
    consumer = Consumer(
        quiet | {"group.id": "salespulse-forget", "enable.auto.commit": False, "enable.partition.eof": True}
    )
    ages = _ages(AdminClient(quiet))
    try:
        return [
            found
            for topic in PUBLIC
            for partition in sorted(consumer.list_topics(topic, timeout=_ANSWER_S).topics[topic].partitions)
            if (found := _held(consumer, topic, partition, wanted, ages[topic])) is not None
        ]
    finally:
        consumer.close()


def _held(consumer: Consumer, topic: str, partition: int, wanted: Wanted, age: int) -> Held | None:
    begin, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_ANSWER_S)
    if begin == end:
        return None
    count, last, at = 0, -1, 0
    for message in _records(consumer, TopicPartition(topic, partition, begin)):
        if any(part and wanted.in_bytes(bytes(part)) for part in (message.key(), message.value())):
            count, last, at = count + 1, int(message.offset() or 0), message.timestamp()[1]
    if not count:
        return None
    return Held(topic, partition, count, last, last + 1 - begin, at + age if age else 0)


def _records(consumer: Consumer, place: TopicPartition) -> Iterator[Message]:
    """All records of a partition, until there is none to come just now."""
    consumer.assign([place])
    while True:
        for message in consumer.consume(_AT_ONCE, timeout=_GATHERS_S):
            fault = message.error()
            if fault is None:
                yield message
            elif fault.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's public name for it
                consumer.unassign()
                return
            else:
                raise KafkaException(fault)


def _ages(admin: AdminClient) -> dict[str, int]:
    """How old a record of each public topic can become, ms; 0 when it is never deleted.

    A record goes with its whole segment, which is closed some time after its first record.
    """
    resources = [ConfigResource(ResourceType.TOPIC, topic) for topic in PUBLIC]
    ages = {}
    for resource, told in admin.describe_configs(resources, request_timeout=_ANSWER_S).items():
        config = told.result()
        kept, segment = (int(config[name].value) for name in ("retention.ms", "segment.ms"))
        ages[resource.name] = kept + segment + _LOOKS_EVERY_MS if kept >= 0 else 0
    return ages


def delete(brokers: str, places: Sequence[Held]) -> None:
    """Deletes everything up to the last record that holds the phone, in each partition. Raises RawFault."""
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
    asked = [TopicPartition(place.topic, place.partition, place.last_offset + 1) for place in places]
    for place, told in admin.delete_records(asked, request_timeout=_ANSWER_S).items():
        try:
            told.result()
        except KafkaException as fault:
            raise RawFault(
                f"{place.topic}/{place.partition}: Kafka deleted nothing: {fault.args[0].str()}"
            ) from None
