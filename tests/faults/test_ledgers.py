"""Ledgers that Kafka compacts in earnest, and ledgers that have lost records."""

from collections import Counter

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from tests.faults.feed import Feed
from tests.faults.judging import assert_exact
from tests.faults.product import PARTITIONS, Product
from tests.faults.test_retention import rebuild, stopped_with
from tests.waiting import eventually

pytestmark = [pytest.mark.whole, pytest.mark.timeout(900)]

#: Lets Kafka compact whatever is not in the segment that is written to.
_AT_ONCE = {
    "segment.ms": "500",
    "min.cleanable.dirty.ratio": "0.001",
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "1000",
    "delete.retention.ms": "100",
}


def configure(product: Product, topic: str, **settings: str) -> None:
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in settings.items()
    ]
    asked = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    admin = AdminClient({"bootstrap.servers": product.kafka})
    (done,) = admin.incremental_alter_configs([asked]).values()
    done.result()


def ends(product: Product, topic: str) -> dict[int, int]:
    consumer = Consumer({"bootstrap.servers": product.kafka, "group.id": "judge"})
    places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    found = {place.partition: consumer.get_watermark_offsets(place, timeout=20)[1] for place in places}
    consumer.close()
    return found


def records_of_keys(product: Product, topic: str, until: dict[int, int]) -> Counter[tuple[int, bytes]]:
    """How many records each key has below these offsets."""
    consumer = Consumer(
        {"bootstrap.servers": product.kafka, "group.id": "judge", "enable.auto.commit": False}
    )
    consumer.assign([TopicPartition(topic, number, 0) for number, end in until.items() if end])
    found: Counter[tuple[int, bytes]] = Counter()
    left = {number for number, end in until.items() if end}
    while left:
        for record in consumer.consume(5000, 0.2):
            assert not record.error(), record.error()
            number, key = record.partition() or 0, record.key() or b""
            found[number, key] += (record.offset() or 0) < until[number]
        for at in consumer.position([TopicPartition(topic, number) for number in left]):
            if at.offset >= until[at.partition]:
                left.discard(at.partition)
    consumer.close()
    return +found


def wait_compacted(product: Product, feed: Feed, topics: tuple[str, ...]) -> None:
    """Returns when all that stands on these topics now has one record a key."""
    until = {topic: ends(product, topic) for topic in topics}
    before = {topic: records_of_keys(product, topic, until[topic]).total() for topic in topics}
    # A segment is closed when something is written after its time.
    feed.send(product.kafka, feed.portion(0.05))
    product.wait_drained()
    for topic in topics:
        kept: list[Counter[tuple[int, bytes]]] = []

        def one_each(topic: str = topic, kept: list[Counter[tuple[int, bytes]]] = kept) -> bool:
            kept.append(records_of_keys(product, topic, until[topic]))
            return max(kept[-1].values()) == 1

        eventually(one_each, 180, 1.0, f"{topic} is compacted")
        product.tell(f"{topic}: of {before[topic]} records compaction has left {kept[-1].total()}")
        assert kept[-1].total() < before[topic]


def test_ledgers_compacted_between_kills(product: Product) -> None:
    feed = Feed(86, 4000)
    ledgers = ("salespulse.journeys.e1", "salespulse.panes.e1")
    for ledger in ledgers:
        configure(product, ledger, **_AT_ONCE)
    worker = product.worker(static=True)
    product.sink()
    for _ in range(2):
        feed.send(product.kafka, feed.portion(0.3))
        product.wait_drained()
        wait_compacted(product, feed, ledgers)
        worker.kill()
        worker.wait_ready()
    feed.send(product.kafka, feed.rest())
    assert_exact(product, feed)
    assert worker.exits == [-9, -9]


@pytest.mark.parametrize("what", ["journeys", "panes"])
def test_a_ledger_of_which_records_were_deleted(product: Product, what: str) -> None:
    """A worker that needs it stops: what it counted on would be wrong. A rebuild puts all right."""
    feed = Feed(87, 2500)
    ledger = f"salespulse.{what}.e1"
    worker = product.worker(static=True)
    product.sink()
    feed.send(product.kafka, feed.portion(0.4))
    product.wait_drained()
    # What somebody does who wants to save disk; the worker at work has its state in memory.
    configure(product, ledger, **{"cleanup.policy": "compact,delete"})
    admin = AdminClient({"bootstrap.servers": product.kafka})
    half = [TopicPartition(ledger, number, end // 2) for number, end in ends(product, ledger).items() if end]
    for done in admin.delete_records(half).values():
        done.result()
    product.tell(f"half of {ledger} deleted")
    feed.send(product.kafka, feed.portion(0.3))
    product.wait_drained()
    worker.kill()
    assert ledger in stopped_with(product, worker, "of this ledger were deleted")
    product.worker("again", static=True)
    rebuild(product)
    feed.send(product.kafka, feed.rest())
    assert_exact(product, feed)
