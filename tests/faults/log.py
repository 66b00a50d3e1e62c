"""What stands on topics, read by a plain consumer."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from tests.faults.feed import Feed
from tests.waiting import eventually

RAW = ("pbx.calls", "crm.stages")


@dataclass
class Log:
    """What stands on the public topics."""

    events: list[dict[str, Any]] = field(default_factory=list)
    #: origin of each record that cannot be used -> the reason
    bad: dict[str, str] = field(default_factory=dict)
    payloads: Counter[bytes] = field(default_factory=Counter)
    #: records by partition that nobody has sent
    foreign: list[str] = field(default_factory=list)


def read_log(bootstrap: str, feed: Feed) -> Log:
    """Reads the public topics from their beginning."""
    log = Log()
    for origin, value in read_records(bootstrap, RAW):
        payload = value or b""
        log.payloads[payload] += 1
        if payload in feed.good:
            log.events.append(feed.good[payload])
        elif payload in feed.bad:
            log.bad[origin] = feed.bad[payload]
        else:
            log.foreign.append(origin)
    return log


def read_records(bootstrap: str, topics: tuple[str, ...]) -> list[tuple[str, bytes | None]]:
    """Origin and value of all that stands in topics, partition by partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "judge", "enable.auto.commit": False})
    found: list[tuple[str, int, int, bytes | None]] = []
    try:
        begins, ends = [], {}
        for topic in topics:
            for number in consumer.list_topics(topic, timeout=20).topics[topic].partitions:
                low, high = _ends_of(consumer, TopicPartition(topic, number))
                if high > low:
                    begins.append(TopicPartition(topic, number, low))
                    ends[topic, number] = high
        consumer.assign(begins)
        while ends:
            for record in consumer.consume(5000, 0.2):
                assert not record.error(), record.error()
                place = record.topic() or "", record.partition() or 0
                found.append((*place, record.offset() or 0, record.value()))
            for at in consumer.position([TopicPartition(*known) for known in ends]):
                if at.offset >= ends[at.topic, at.partition]:
                    del ends[at.topic, at.partition]
    finally:
        consumer.close()
    return [
        (f"{topic}/{number}/{offset}", value) for topic, number, offset, value in sorted(found, key=_order)
    ]


def _ends_of(consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
    """Offsets between which a partition's records stand, as soon as this client knows where it is."""

    def ends() -> tuple[int, int] | None:
        try:
            return consumer.get_watermark_offsets(place, timeout=20)
        except KafkaException:
            return None  # a broker that has too much to do answers without the partition's leader

    found = eventually(ends, 60, what=f"the ends of {place.topic}/{place.partition}")
    assert found is not None
    return found


def _order(record: tuple[str, int, int, bytes | None]) -> tuple[str, int, int]:
    return record[:3]
