"""ClickHouse away, or saying that it failed when it did not."""

import random
import signal

import pytest

from tests.e2e.listener import listening
from tests.faults.conftest import Make
from tests.faults.feed import Feed
from tests.faults.harm import end_timed, rest
from tests.faults.judging import assert_exact
from tests.faults.live import assert_alert_in_time
from tests.faults.product import Product
from tests.faults.sizes import Sizes
from tests.sinks.faulty_proxy import CUT_AFTER, CUT_BEFORE, ERROR_AFTER, OVERLOADED, PASS
from tests.waiting import eventually

pytestmark = [pytest.mark.whole, pytest.mark.timeout(3600)]


def test_clickhouse_away_while_alerts_go_on(make: Make, sizes: Sizes) -> None:
    with listening() as listener:
        product = make(SALESPULSE_WEBHOOK=listener.url)
        feed = Feed(51, sizes.events // 4)
        worker, sink = product.worker(), product.sink()
        product.wait_ready()
        feed.send(product.kafka, feed.portion(0.2))
        product.wait_drained()
        before = sink.memory_mb()
        product.clickhouse.kill()
        product.tell("ClickHouse killed")
        messages = feed.rest()
        fed = feed.sending(product.kafka, messages, len(messages) / sizes.clickhouse_away)
        fed.join(sizes.clickhouse_away / 2)
        assert_alert_in_time(product, feed, "away")
        eventually(
            lambda: listener.told(rule="missed-now", state="firing"), 30, what="the alert at the webhook"
        )
        product.tell("the alert came to the webhook")
        fed.join(sizes.clickhouse_away)
        most = sink.memory_mb()
        product.clickhouse.start()
        product.tell(f"ClickHouse started; memory of the sink {before} MB before, {most} MB in the end")
        assert_exact(product, feed, 600)
        assert most < before + 300
        assert (worker.exits, sink.exits) == ([], [])


def test_clickhouse_answers_with_an_error_after_it_has_stored(product: Product) -> None:
    feed, chance = Feed(52, 6000), random.Random(52)
    counts = dict.fromkeys((PASS, OVERLOADED, CUT_BEFORE, CUT_AFTER, ERROR_AFTER), 0)

    def plan(_: int) -> str:
        (what,) = chance.choices(list(counts), [60, 5, 5, 10, 20])
        counts[what] += 1
        return what

    product.worker()
    product.sink()
    product.wait_ready()
    product.proxy.plan = plan
    feed.send(product.kafka, feed.rest(), 300)
    product.wait_drained(300)
    product.tell(f"inserts: {counts}")
    assert counts[ERROR_AFTER] > 5
    product.proxy.plan = lambda _: PASS
    assert_exact(product, feed)


def test_told_to_end_while_clickhouse_hangs(product: Product) -> None:
    """It takes statements and answers none: nothing that waits for an answer may keep a part from ending."""
    feed = Feed(53, 2000)
    worker, sink = product.worker(), product.sink()
    product.wait_ready()
    feed.send(product.kafka, feed.portion(0.4))
    product.wait_drained()
    product.clickhouse.signal(signal.SIGSTOP)
    feed.send(product.kafka, feed.portion(0.4))
    eventually(lambda: product.lag()["salespulse.sink salespulse.records.e1"], 60, what="the sink waits")
    rest(5)  # tasks that begin every few seconds wait too
    end_timed(product, sink)
    end_timed(product, worker)
    product.clickhouse.signal(signal.SIGCONT)
    product.worker("again")
    product.sink("sink-again")
    feed.send(product.kafka, feed.rest())
    assert_exact(product, feed)
