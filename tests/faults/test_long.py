"""What takes long: a ledger of many keys, and an hour at twice the peak."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.outside import Message
from tests.faults.feed import Feed
from tests.faults.judging import assert_exact
from tests.faults.product import Product
from tests.faults.sizes import Sizes

pytestmark = [pytest.mark.whole, pytest.mark.timeout(7200)]

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
    feed = Feed(95, round(sizes.soak * sizes.soak_rate))
    worker, sink = product.worker(), product.sink()
    product.wait_ready()
    fed = feed.sending(product.kafka, feed.rest(), sizes.soak_rate)
    memory, parts = [], []
    while fed.is_alive():
        fed.join(sizes.soak / 12)
        memory.append((worker.memory_mb(), sink.memory_mb()))
        (most,) = product.query(
            "SELECT max(n) FROM (SELECT count() AS n FROM system.parts"
            " WHERE active AND database = 'sales_rows' GROUP BY table, partition)"
        )
        parts.append(int(most[0]))
    (late,) = product.query(
        """SELECT round(quantile(0.99)(late)) FROM
        (
            SELECT date_diff('ms', max(e.logged_at), any(c.inserted_at)) AS late
            FROM sales_rows.events AS e
            JOIN (SELECT * FROM sales_rows.calls FINAL) AS c
                ON c.source = e.source AND c.call_id = JSONExtractString(e.data, 'call_id')
            GROUP BY c.source, c.call_id
        )"""
    )
    product.tell(f"MB of worker and sink: {memory}; most parts of a partition: {parts}; p99 {late[0]} ms")
    assert_exact(product, feed, 900)
    middle = memory[len(memory) // 3]
    assert memory[-1][0] < middle[0] * 1.5 + 50
    assert memory[-1][1] < middle[1] * 1.5 + 50
    assert max(parts) < 150
