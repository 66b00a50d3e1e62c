"""The wall clock of a worker is an hour off: numbers stay, ages and alerts go by the broker's."""

from datetime import UTC, datetime

import pytest

from tests.e2e.stored import rows
from tests.faults.alerts import transitions
from tests.faults.feed import Feed
from tests.faults.judging import assert_exact
from tests.faults.live import assert_alert_in_time
from tests.faults.product import Product

pytestmark = [pytest.mark.whole, pytest.mark.timeout(900)]


def now_ms() -> int:
    return round(datetime.now(UTC).timestamp() * 1000)


@pytest.mark.parametrize("hours", [1, -1])
def test_the_clock_of_a_worker_an_hour_off(product: Product, hours: int) -> None:
    feed = Feed(61, 3000)
    began = now_ms()
    worker, sink = product.worker(clock=3600 * hours), product.sink()
    product.wait_ready()
    feed.send(product.kafka, feed.portion(0.5))
    product.wait_drained()
    assert_alert_in_time(product, feed, "off")
    worker.kill()
    sink.kill()
    feed.send(product.kafka, feed.rest())
    assert_exact(product, feed)
    told = transitions(product)
    assert all(began - 1000 <= t["at"] <= now_ms() + 1000 for t in told), told
    (values,) = rows(
        product, "SELECT min(as_of) AS first_at, max(as_of) AS last_at FROM sales_rows.kpi_now FINAL"
    )
    product.tell(
        f"clock {hours:+d} h off; live values of {values['first_at'] - now_ms()} to "
        f"{values['last_at'] - now_ms()} ms from now; {len(told)} transitions of alerts"
    )
    assert began - 60_000 <= values["first_at"]
    assert values["last_at"] <= now_ms() + 1000
