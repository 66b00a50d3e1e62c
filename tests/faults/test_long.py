"""What takes long: a ledger of many keys, and an hour at twice the peak."""

import statistics
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.outside import Message
from tests.faults.feed import Feed
from tests.faults.judging import assert_exact
from tests.faults.live import missed
from tests.faults.product import Product
from tests.faults.sizes import Sizes
from tests.waiting import eventually

pytestmark = [pytest.mark.whole, pytest.mark.timeout(7200)]

#: Half of the calls are to have their row within so much, s; the machine may be busy with other work.
_TARGET = 5.0
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


def time_to_row(product: Product, feed: Feed, number: int) -> float:
    """s from when a call's end was sent until its row says how it ended."""
    began = time.monotonic()
    feed.send(product.kafka, missed(feed, "soak", number))
    asked = f"SELECT call_id FROM sales.calls WHERE call_id = 'soak-{number}' AND outcome = 'missed'"
    eventually(lambda: product.query(asked), 60, 0.1, "the row of a call")
    return time.monotonic() - began


def test_soak_at_twice_the_peak(product: Product, sizes: Sizes) -> None:
    feed = Feed(95, round(sizes.soak * sizes.soak_rate))
    worker, sink = product.worker(), product.sink()
    product.wait_ready()
    fed = feed.sending(product.kafka, feed.rest(), sizes.soak_rate)
    memory: list[tuple[int, int]] = []
    parts: list[int] = []
    late: list[float] = []
    while fed.is_alive():
        fed.join(sizes.soak / 12)
        late.append(time_to_row(product, feed, len(late)))
        memory.append((worker.memory_mb(), sink.memory_mb()))
        (most,) = product.query(
            "SELECT max(n) FROM (SELECT count() AS n FROM system.parts"
            " WHERE active AND database = 'sales_rows' GROUP BY table, partition)"
        )
        parts.append(int(most[0]))
    product.tell(f"MB of worker and sink: {memory}; most parts of a partition: {parts}")
    product.tell(f"s from a call to its row: {[round(one, 1) for one in late]}")
    assert_exact(product, feed, 900)
    middle = memory[len(memory) // 3]
    assert memory[-1][0] < middle[0] * 1.5 + 50
    assert memory[-1][1] < middle[1] * 1.5 + 50
    assert max(parts) < 150
    assert statistics.median(late) < _TARGET
