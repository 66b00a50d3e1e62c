"""A running Salespulse as its users see it: topics to write to, tables to read, work to wait for."""

import urllib.error
import urllib.request
from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from streams.local.broker import answers
from tests.waiting import eventually

#: What the pipeline reads, upstream first, and the consumer group that reads it.
WORKER, SINK, CORRECTIONS = "salespulse", "salespulse.sink", "salespulse.corrections"
GROUPS = (WORKER, SINK, CORRECTIONS)


def read_in(epoch: int) -> tuple[tuple[str, str], ...]:
    """Topics that are read in an epoch, and by which group."""
    suffix = "" if epoch == 1 else f".e{epoch}"
    worker, sink, corrections = (f"{group}{suffix}" for group in GROUPS)
    return (
        ("pbx.calls", worker),
        ("crm.stages", worker),
        (f"salespulse.history.e{epoch}", corrections),
        (f"salespulse.events.e{epoch}", worker),
        (f"salespulse.measurements.e{epoch}", worker),
        (f"salespulse.recompute.e{epoch}", corrections),
        (f"salespulse.events.e{epoch}", sink),
        (f"salespulse.customers.e{epoch}", sink),
        (f"salespulse.records.e{epoch}", sink),
        (f"salespulse.panes.e{epoch}", sink),
        ("dead-letters", sink),
        ("alerts", sink),
    )


Message = tuple[str, bytes | None, bytes | None]


class Outside:
    """What is done from outside to whatever answers at these addresses."""

    def __init__(self, kafka: str, clickhouse_port: int) -> None:
        self.kafka = kafka
        self.clickhouse_port = clickhouse_port
        #: the epoch in force, which a rebuild raises
        self.epoch = 1

    # -- what users do

    def wait_kafka(self) -> None:
        """Waits until the broker takes records."""
        eventually(lambda: answers(self.kafka, 2), 60, what="the broker answers")

    def produce(self, messages: Iterable[Message]) -> int:
        """Writes to the public topics as any producer would; how many were taken."""
        producer = Producer(
            {
                "bootstrap.servers": self.kafka,
                "compression.type": "lz4",
                "enable.idempotence": True,
                "message.max.bytes": 4 << 20,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        failed: list[object] = []

        def delivered(error: object, _: object) -> None:
            if error:
                failed.append(error)

        count = 0
        for topic, key, value in messages:
            producer.produce(topic, value, key, on_delivery=delivered)
            count += 1
            if count % 500 == 0:
                producer.poll(0)
        assert producer.flush(60) == 0, "the broker did not take everything"
        assert not failed, failed[:3]
        return count

    def query(self, sql: str) -> list[list[str]]:
        """Rows of a query, as an analyst's client sees them."""
        url = f"http://127.0.0.1:{self.clickhouse_port}/?default_format=TabSeparated"
        request = urllib.request.Request(url, data=sql.encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{sql}\n{error.read().decode()}") from error
        return [line.split("\t") for line in text.splitlines()]

    # -- what can be waited for

    def lag(self) -> dict[str, int]:
        """Records that nobody has finished with yet, by group and topic."""
        found = {}
        read = read_in(self.epoch)
        for group in {reader for _, reader in read}:
            consumer = Consumer(
                {
                    "bootstrap.servers": self.kafka,
                    "group.id": group,
                    "enable.auto.commit": False,
                    "log_level": 0,  # that the broker is away is told by an error
                }
            )
            try:
                for topic, reader in read:
                    if reader == group:
                        found[f"{group} {topic}"] = _lag(consumer, topic)
            finally:
                consumer.close()
        return found

    def wait_drained(self, within: float = 120) -> None:
        """Waits until everything written so far has reached ClickHouse."""
        seen: list[dict[str, int]] = []

        def still() -> bool:
            try:
                seen.append(self.lag())
            except KafkaException:
                return False
            return len(seen) > 1 and not any(seen[-1].values()) and not any(seen[-2].values())

        try:
            eventually(still, within, every=0.3)
        except AssertionError:
            raise AssertionError(f"not drained within {within} s: {seen[-1:]}") from None


def _lag(consumer: Consumer, topic: str) -> int:
    metadata = consumer.list_topics(topic, timeout=10).topics[topic]
    places = [TopicPartition(topic, number) for number in metadata.partitions]
    total = 0
    for place in consumer.committed(places, timeout=10):
        low, high = consumer.get_watermark_offsets(place, timeout=10)
        total += high - max(place.offset, low)
    return total
