"""Worker and sink end themselves at each point between two steps, while events come in."""

import threading

import pytest

from tests.faults.feed import Feed
from tests.faults.judging import assert_exact
from tests.faults.kept import FAILED, Kept
from tests.faults.live import misses
from tests.faults.product import Product

STATELESS = ("between-outputs", "after-outputs", "before-done")
POINTS = ("between-outputs", "after-outputs", "between-state", "after-state", "before-done")
#: Each point once; the third number is how often it is reached before.
WORKER = [
    *(("intake", point, 1) for point in STATELESS),
    ("commit", "mid-commit", 1),
    *(("journeys", point, 1) for point in POINTS),
    *(("windows", point, 1) for point in POINTS),
]
SINK = [
    ("sink", "before-inserts", 2),
    ("sink", "before-insert", 2),
    ("sink", "after-insert", 2),
    ("sink", "after-inserts", 1),
    ("sink", "before-commit", 1),
    ("sink", "after-commit", 1),
    ("corrections", "before-answer", 1),
    ("corrections", "before-refold", 1),
    ("corrections", "after-refold", 1),
    ("corrections", "after-answer", 1),
]


def done(role: Kept, plan: list[tuple[str, str, int]]) -> bool:
    return role.exits.count(FAILED) == len(plan)


@pytest.mark.timeout(400)
def test_exits_between_each_pair_of_steps(product: Product) -> None:
    feed = Feed(8, 4500)
    worker = product.worker(static=True, exits=WORKER)
    sink = product.sink(static=True, exits=SINK)
    pause = threading.Event()
    feed.send(product.kafka, misses(feed, "points"))
    while not (done(worker, WORKER) and done(sink, SINK)):
        messages = feed.portion(0.005)
        taken = worker.exits.count(FAILED), sink.exits.count(FAILED)
        assert messages, (
            f"{taken[0]} of {len(WORKER)} exits of the worker, {taken[1]} of {len(SINK)} of the sink"
        )
        feed.send(product.kafka, messages)
        pause.wait(0.5)
    feed.send(product.kafka, feed.rest())
    product.tell(f"{len(WORKER)} exits of the worker, {len(SINK)} of the sink, each at another point")
    assert_exact(product, feed)
    assert {*worker.exits, *sink.exits} == {FAILED}
