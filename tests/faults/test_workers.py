"""Workers and sinks that come, go, freeze and thaw under load."""

import pytest

from tests.faults.feed import Feed
from tests.faults.harm import end_timed, freeze_past_its_session
from tests.faults.judging import assert_exact
from tests.faults.live import misses
from tests.faults.product import Product
from tests.faults.sizes import Sizes


@pytest.mark.timeout(400)
def test_workers_join_leave_freeze_and_thaw(product: Product, feed: Feed) -> None:
    session = 4.0
    workers = [product.worker("worker-0", session=session)]
    product.sink()
    workers[0].wait_ready()
    fed = feed.sending(product.kafka, [*misses(feed, "workers"), *feed.rest()], 90)
    workers += [product.worker(f"worker-{number}", session=session) for number in (1, 2)]
    for worker in workers:
        worker.wait_ready()
    product.tell("1 → 3 workers")
    end_timed(product, workers[2])
    freeze_past_its_session(product, workers[1], workers[0], session)
    end_timed(product, workers[0])
    product.tell("3 → 1 workers")
    fed.join()
    assert_exact(product, feed)
    assert workers[1].exits == []


@pytest.mark.whole
@pytest.mark.timeout(3600)
def test_one_three_one_workers_under_load(product: Product, sizes: Sizes) -> None:
    feed = Feed(22, sizes.events // 2)
    workers, sinks = [product.worker("worker-0")], [product.sink("sink-0")]
    product.wait_ready()
    swaps = 10
    fed = feed.sending(product.kafka, feed.rest(), len(feed.messages) / (swaps * sizes.swap))
    number = 0
    while fed.is_alive():
        for _ in range(2):
            number += 1
            workers.append(product.worker(f"worker-{number}"))
            sinks.append(product.sink(f"sink-{number}"))
            fed.join(sizes.swap / 2)
        product.tell(f"{len(workers)} workers, {len(sinks)} sinks")
        while len(workers) > 1:
            end_timed(product, workers.pop(0))
            end_timed(product, sinks.pop(0))
            fed.join(sizes.swap / 2)
        product.tell("1 worker, 1 sink")
    assert_exact(product, feed, 600)


@pytest.mark.whole
@pytest.mark.timeout(3600)
def test_a_worker_frozen_and_thawed_again_and_again(product: Product, sizes: Sizes) -> None:
    feed = Feed(23, sizes.events // 4)
    workers = [product.worker("worker-0"), product.worker("worker-1")]
    product.sink()
    product.wait_ready()
    fed = feed.sending(product.kafka, feed.rest(), len(feed.messages) / 90)
    for turn in range(3):
        freeze_past_its_session(product, workers[turn % 2], workers[1 - turn % 2], 10)
        fed.join(8)
    fed.join()
    assert_exact(product, feed, 600)
    assert [worker.exits for worker in workers] == [[], []]


@pytest.mark.whole
@pytest.mark.timeout(1800)
def test_a_restart_with_a_backlog_and_a_filled_ledger(product: Product) -> None:
    feed = Feed(24, 24_000)
    worker = product.worker(static=True)
    product.sink(static=True)
    feed.send(product.kafka, feed.portion(0.3))
    product.wait_drained()
    worker.freeze()
    feed.send(product.kafka, feed.rest())
    behind = product.lag()
    left = behind["salespulse pbx.calls"] + behind["salespulse crm.stages"]
    product.tell(f"{left} records behind")
    assert left >= 10_000
    for _ in range(4):
        worker.kill()
        worker.wait_ready()
    assert_exact(product, feed, 600)
