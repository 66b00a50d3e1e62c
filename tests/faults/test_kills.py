"""Parts killed at random moments of the feed: nothing lost, nothing counted twice."""

import random
import threading

import pytest

from tests.faults.feed import Feed
from tests.faults.harm import kill
from tests.faults.judging import assert_exact
from tests.faults.live import misses
from tests.faults.product import Product
from tests.faults.sizes import Sizes

#: How often each part is drawn.
PARTS = ["worker"] * 4 + ["sink"] * 3 + ["clickhouse"] * 2 + ["broker"]


def kill_while_fed(
    product: Product, feed: Feed, parts: list[str], rate: float, pauses: tuple[float, float]
) -> None:
    """Kills these parts one after the other, at random moments, while the feed runs."""
    chance, wait = random.Random(), threading.Event()
    feed.send(product.kafka, misses(feed, "killed"))
    fed = feed.sending(product.kafka, feed.rest(), rate)
    for part in parts:
        wait.wait(chance.uniform(*pauses))
        kill(product, part)
    fed.join()


@pytest.mark.timeout(400)
def test_kills_at_random_moments(product: Product, feed: Feed) -> None:
    product.worker(static=True)
    product.sink(static=True)
    parts = random.Random().sample(["worker", "worker", "sink", "sink", "clickhouse", "broker"], 6)
    kill_while_fed(product, feed, parts, 150, (0.5, 3.0))
    assert_exact(product, feed)


@pytest.mark.whole
@pytest.mark.timeout(3600)
def test_fifty_kills_during_a_hundred_thousand_events(product: Product, sizes: Sizes) -> None:
    feed, chance = Feed(21, sizes.events), random.Random()
    product.worker(static=True)
    product.sink(static=True)
    parts = [chance.choice(PARTS) for _ in range(sizes.kills)]
    rate = len(feed.messages) / (sizes.kills * 4.5)
    kill_while_fed(product, feed, parts, rate, (0.2, 6.0))
    assert_exact(product, feed, 900)
