"""Kafka goes away, comes back, loses a leader; and a client writes on as well as it can."""

from pathlib import Path

import pytest

from tests.faults.cluster import ThreeBrokers
from tests.faults.conftest import Make
from tests.faults.feed import Feed
from tests.faults.judging import assert_exact
from tests.faults.product import Product
from tests.faults.sizes import Sizes

pytestmark = [pytest.mark.whole, pytest.mark.timeout(3600)]


def test_the_broker_killed_and_away_for_a_minute(product: Product, sizes: Sizes) -> None:
    feed = Feed(31, sizes.events // 4)
    worker, sink = product.worker(), product.sink()
    product.wait_ready()
    turns = 2
    rate = len(feed.messages) / (turns * (sizes.broker_away + 15))
    fed = feed.sending(product.kafka, feed.rest(), rate)
    for _ in range(turns):
        fed.join(8)
        product.brokers.kill()
        product.tell("broker killed")
        fed.join(sizes.broker_away)
        product.brokers.start()
        product.tell(f"broker started after {sizes.broker_away:g} s")
    fed.join()
    assert_exact(product, feed, 600)
    product.tell(f"exits: worker {worker.exits}, sink {sink.exits}")


@pytest.mark.parametrize("what", ["panes", "journeys", "events", "measurements"])
def test_a_cluster_of_three_loses_the_leader_of_an_internal_topic(
    make: Make, sizes: Sizes, what: str, tmp_path: Path
) -> None:
    feed = Feed(32, sizes.events // 8)
    cluster = ThreeBrokers(tmp_path / "cluster")
    product = make("clustered", brokers=cluster)
    product.worker("worker-0")
    product.worker("worker-1")
    product.sink()
    product.wait_ready()
    fed = feed.sending(product.kafka, feed.rest(), len(feed.messages) / 75)
    for _ in range(2):
        fed.join(6)
        led = cluster.leader(f"salespulse.{what}.e1")
        cluster.kill_one(led)
        product.tell(f"broker {led}, leader of a partition of {what}, killed")
        fed.join(15)
        cluster.start()
        product.tell(f"broker {led} is back")
    fed.join()
    assert_exact(product, feed, 600)
