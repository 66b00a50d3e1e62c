"""A full disk stops everything for a while, and changes nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.local.broker import Broker
from tests.faults.conftest import Make
from tests.faults.disks import SmallDisk
from tests.faults.feed import Feed
from tests.faults.judging import assert_exact
from tests.waiting import eventually

pytestmark = [pytest.mark.whole, pytest.mark.timeout(1800)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], SmallDisk]]:
    made: list[SmallDisk] = []

    def new(megabytes: int) -> SmallDisk:
        made.append(SmallDisk(tmp_path / f"disk-{len(made)}", megabytes))
        return made[-1]

    yield new
    for one in made:
        one.unmount()


def test_the_disk_of_clickhouse_is_full_for_a_while(disk: Callable[[int], SmallDisk], make: Make) -> None:
    small = disk(1024)
    feed = Feed(41, 6000)
    product = make(clickhouse_folder=small.folder / "clickhouse")
    product.worker()
    sink = product.sink()
    product.wait_ready()
    feed.send(product.kafka, feed.portion(0.4))
    small.fill()
    product.tell(f"disk of ClickHouse full, {small.left} bytes left")
    refused = sink.log.count("cannot write")
    fed = feed.sending(product.kafka, feed.rest(), 200)
    eventually(lambda: sink.log.count("cannot write") >= refused + 5, 60, what="inserts refused")
    fed.join(20)
    product.tell(f"{sink.log.count('cannot write') - refused} inserts refused")
    small.free()
    if not product.clickhouse.running:
        product.tell("ClickHouse had ended itself; started again")
        product.clickhouse.start()
    fed.join()
    assert_exact(product, feed, 300)


def test_the_disk_of_kafka_is_full_for_a_while(disk: Callable[[int], SmallDisk], make: Make) -> None:
    small = disk(1024)
    feed = Feed(42, 6000)
    broker = Broker(small.folder / "kafka")
    product = make(brokers=broker)
    product.worker()
    product.sink()
    product.wait_ready()
    feed.send(product.kafka, feed.portion(0.4))
    small.fill()
    product.tell(f"disk of Kafka full, {small.left} bytes left")
    fed = feed.sending(product.kafka, feed.rest(), 200)
    process = broker.process
    assert process is not None
    eventually(lambda: process.poll() is not None, 60, what="the broker ends itself")
    product.tell(f"the broker ended itself: exit {process.returncode}")
    small.free()
    broker.start()
    product.tell("room again; broker started")
    fed.join()
    assert_exact(product, feed, 300)
