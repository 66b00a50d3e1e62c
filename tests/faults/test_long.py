"""What takes long: a ledger of many keys, and an hour at twice the peak."""

import statistics
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.outside import Message
from tests.faults.feed import Feed
from tests.faults.judging import assert_exact
from tests.faults.product import Product
from tests.faults.sizes import PEAK, Sizes
from tests.faults.soak import Soak

pytestmark = [pytest.mark.whole, pytest.mark.timeout(7200)]

#: Half of the calls are to have their row within so much, s; the machine may be busy with other work.
_TARGET = 5.0
#: What a process may hold in the end that lived through all of the soak, as a multiple of what one holds that
#: was killed some minutes before and has as many partitions: the state of both grows with what is fed.
_KEPT = 1.3
#: Most parts of a partition in ClickHouse at any moment.
_PARTS = 150
_LEAD = (
    '{"event_id": "key-%d", "type": "lead.created", "occurred_at": "%s", "source": "keys", '
    '"customer": "crm:key-%d", "lead_id": "key-%d", "channel": "web_form", "group": "night"}'
)


def test_ready_soon_with_a_ledger_of_many_keys_and_with_none(product: Product, sizes: Sizes) -> None:
    worker = product.worker(static=True)
    product.sink()
    worker.wait_ready(60)
    product.tell("ready with empty ledgers")
    at = (datetime.now(UTC) - timedelta(hours=5)).isoformat(timespec="milliseconds")
    messages: list[Message] = [
        ("crm.stages", b"crm:key-%d" % n, (_LEAD % (n, at, n, n)).encode()) for n in range(sizes.keys)
    ]
    product.produce(messages)
    product.wait_drained(3600)
    began = time.monotonic()
    worker.kill()
    worker.wait_ready(300)
    product.tell(f"ready {time.monotonic() - began:.1f} s after a kill with {sizes.keys} customers")
    (stored,) = product.query("SELECT count(), uniqExact(lead_id) FROM sales.leads WHERE source = 'keys'")
    assert stored == [str(sizes.keys)] * 2
    (minutes,) = product.query(
        "SELECT sum(lead_new_n) FROM sales_rows.kpi_minutes FINAL WHERE subject = 'g:night'"
    )
    assert minutes == [str(sizes.keys)]
    code, said = product.command("reconcile")
    assert code == 0, said


def test_soak_at_twice_the_peak(product: Product, sizes: Sizes) -> None:
    """An hour of more than twice the peak, with a fault every three minutes."""
    assert sizes.soak_rate >= 2 * PEAK
    soak = Soak(product, Feed(95, round(sizes.soak * sizes.soak_rate)), sizes.soak, lines=12)
    product.wait_ready()
    soak.run(sizes.soak_faults, sizes.soak_away)
    began = time.monotonic()
    product.tell(f"{len(soak.feed.messages)} records in {sizes.soak:g} s, the peak is {PEAK:.1f} events/s")
    product.tell(f"the soak, the most in each stretch of time\n{soak.table()}")
    product.wait_drained(900)
    product.tell(f"lag is zero {time.monotonic() - began:.1f} s after the last record")
    assert_exact(product, soak.feed, 900)
    for role, fresh in soak.pairs:
        assert role.exits == [], "\n".join(role.last_words)
        assert fresh.exits
        old, young = (soak.highest(one.name, 0.97, 1.0) for one in (role, fresh))
        product.tell(
            f"{role.name} holds {old} MB in the end, {fresh.name}, which was killed before, {young} MB"
        )
        assert old < young * _KEPT
    assert max(most for _, most in soak.parts) < _PARTS
    assert statistics.median(took for _, took in soak.to_row) < _TARGET
