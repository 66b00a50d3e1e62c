"""Records deleted before they were read: whoever needed them stops and says so."""

import signal

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.faults.feed import Feed
from tests.faults.judging import assert_exact
from tests.faults.kept import Kept
from tests.faults.log import Log, read_log
from tests.faults.product import PARTITIONS, Product
from tests.waiting import eventually

#: The codes with which a worker and a sink end that cannot go on.
_CANNOT_GO_ON = (70, 1)

pytestmark = [pytest.mark.whole, pytest.mark.timeout(900)]


def delete_all(product: Product, topic: str) -> dict[int, int]:
    """Deletes what a topic holds, as retention would; where each partition begins now."""
    admin = AdminClient({"bootstrap.servers": product.kafka})
    places = [TopicPartition(topic, number, -1) for number in range(PARTITIONS)]
    deleted = admin.delete_records(places)
    return {place.partition: future.result().low_watermark for place, future in deleted.items()}


def go_on_from(product: Product, group: str, topic: str, begins: dict[int, int]) -> None:
    """What the message tells the operator to do with `kafka-consumer-groups`."""
    admin = AdminClient({"bootstrap.servers": product.kafka})
    places = [TopicPartition(topic, number, offset) for number, offset in begins.items()]

    def taken() -> bool:
        (asked,) = admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)]).values()
        return not any(place.error for place in asked.result().topic_partitions)

    eventually(taken, 30, 0.5, "the group has no member any more")


def joined(first: Log, second: Log) -> Log:
    """A log of which the middle is gone."""
    return Log(first.events + second.events, first.bad | second.bad, first.payloads + second.payloads)


def stopped_with(product: Product, role: Kept, message: str) -> str:
    """Returns the line in which a role that stops, as one does for its supervisor, says why; ends it."""
    eventually(lambda: bool({*role.exits} & {*_CANNOT_GO_ON}), 60, what=f"{role.name} stops")
    product.roles.remove(role)
    role.end(signal.SIGKILL)
    told = next(line for line in role.log.splitlines() if message in line)
    product.tell(told)
    return told


def test_raw_records_deleted_before_a_worker_read_them(product: Product) -> None:
    feed = Feed(81, 3000)
    worker = product.worker()
    product.sink()
    feed.send(product.kafka, feed.portion(0.3))
    product.wait_drained()
    before = read_log(product.kafka, feed)
    product.end(worker)
    feed.send(product.kafka, feed.portion(0.3))
    begins = {topic: delete_all(product, topic) for topic in ("pbx.calls", "crm.stages")}
    feed.sent.clear()
    product.tell("the worker was down while unread records were deleted")
    told = stopped_with(product, product.worker("stopped"), "were deleted before they were read")
    assert "--reset-offsets" in told
    for topic, at in begins.items():
        go_on_from(product, "salespulse", topic, at)
    product.worker("again")
    feed.send(product.kafka, feed.rest())
    product.wait_drained()
    assert_exact(product, feed, log=joined(before, read_log(product.kafka, feed)))


def test_internal_records_deleted_before_the_sink_stored_them(product: Product) -> None:
    feed = Feed(82, 3000)
    product.worker()
    sink = product.sink()
    feed.send(product.kafka, feed.portion(0.3))
    product.wait_drained()
    product.end(sink)
    feed.send(product.kafka, feed.portion(0.3))
    eventually(lambda: not product.lag()["salespulse pbx.calls"], 60, what="the worker has read")
    eventually(lambda: product.lag()["salespulse.sink salespulse.records.e1"], 60, what="records wait")
    delete_all(product, "salespulse.records.e1")
    product.tell("the sink was down while records that it had not stored were deleted")
    told = stopped_with(product, product.sink("stopped"), "were deleted before they were")
    assert "salespulse.records.e1" in told
    assert "salespulse rebuild" in told


# Minutes are asked for that have left the ledger, which they do as time goes on and while the sink is there.
@pytest.mark.parametrize(("what", "share"), [("history", 0.5), ("recompute", 0.9)])
def test_requests_deleted_before_they_were_answered(product: Product, what: str, share: float) -> None:
    feed = Feed(83, 3000)
    feed.messages = feed.messages[100:] + feed.messages[:100]  # so the last are two days late
    product.worker()
    sink = product.sink()
    feed.send(product.kafka, feed.portion(share))
    product.wait_drained()
    product.end(sink)
    feed.send(product.kafka, feed.rest())
    topic = f"salespulse.{what}.e1"
    eventually(lambda: product.lag()[f"salespulse.corrections {topic}"], 60, what="requests wait")
    eventually(lambda: not product.lag()["salespulse salespulse.measurements.e1"], 60, what="all is counted")
    begins = delete_all(product, topic)
    product.tell("the sink was down while requests that it had not answered were deleted")
    told = stopped_with(product, product.sink("stopped"), "were deleted before they were")
    assert topic in told
    assert "answered" in told
    assert "--group salespulse.corrections" in told
    go_on_from(product, "salespulse.corrections", topic, begins)
    product.sink("again")
    product.wait_drained()
    rebuild(product)
    assert_exact(product, feed)


def rebuild(product: Product) -> None:
    """What the message tells the operator to do last."""
    code, said = product.command("rebuild")
    assert code == 0, said
    product.epoch += 1
    product.tell(said.strip().splitlines()[-1])
