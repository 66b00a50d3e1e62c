"""The comparison finds what is wrong: else none of these tests would say anything."""

import pytest

from tests.faults.feed import Feed
from tests.faults.judging import assert_exact, count, wrong
from tests.faults.live import assert_alert_in_time
from tests.faults.product import Product

#: What is broken on purpose, by a statement, and what the comparison has to say about it. All choose with
#: FINAL: a row that is gone is no loss.
BROKEN = {
    "a measurement lost": (
        """ALTER TABLE sales_rows.measurements DELETE WHERE name = 'call_in'
        AND entity = (SELECT min(entity) FROM sales_rows.measurements FINAL WHERE name = 'call_in')""",
        "fact",
    ),
    "a pane counted twice": (
        """INSERT INTO sales_rows.kpi_minutes
        SELECT * REPLACE (call_in_n * 2 AS call_in_n, version + 1 AS version)
        FROM sales_rows.kpi_minutes FINAL WHERE call_in_n > 0 ORDER BY minute LIMIT 1""",
        "minute",
    ),
    "a call lost": (
        """ALTER TABLE sales_rows.calls DELETE
        WHERE call_id = (SELECT min(call_id) FROM sales_rows.calls FINAL)""",
        "call",
    ),
    "a lead with another attempt": (
        """INSERT INTO sales_rows.leads SELECT * REPLACE (attempts + 1 AS attempts, version + 1 AS version)
        FROM sales_rows.leads FINAL ORDER BY lead_id LIMIT 1""",
        "lead",
    ),
    "a stay lost": (
        """ALTER TABLE sales_rows.stage_stays DELETE
        WHERE event_id = (SELECT min(event_id) FROM sales_rows.stage_stays FINAL)""",
        "stage_stays",
    ),
    "a dead letter lost": (
        """ALTER TABLE sales_rows.dead_letters DELETE
        WHERE origin = (SELECT min(origin) FROM sales_rows.dead_letters FINAL)""",
        "dead letter",
    ),
    "a dead letter twice": (
        """INSERT INTO sales_rows.dead_letters SELECT * REPLACE ('again' AS origin)
        FROM sales_rows.dead_letters FINAL LIMIT 1""",
        "dead letter again",
    ),
    "an alert resolved that nobody told of": (
        """INSERT INTO sales_rows.alerts SELECT * REPLACE ('resolved' AS state, now64(3) AS at)
        FROM (SELECT * FROM sales_rows.alerts FINAL WHERE state = 'firing' ORDER BY at DESC LIMIT 1)""",
        "transition",
    ),
    "a kept day that is wrong": (
        """INSERT INTO sales_rows.kpi_days
        SELECT * REPLACE (n + 1 AS n, upper + 1 AS upper, version + 1 AS version)
        FROM sales_rows.kpi_days FINAL WHERE kpi = 'calls_in' AND subject = 'a:all' ORDER BY day LIMIT 1""",
        "day",
    ),
}


@pytest.mark.timeout(400)
def test_the_comparison_sees_each_kind_of_fault(product: Product) -> None:
    feed = Feed(9, 1500)
    worker, sink = product.worker(static=True), product.sink(static=True)
    feed.send(product.kafka, feed.rest())
    assert_alert_in_time(product, feed, "judged", 60)
    log = assert_exact(product, feed)
    product.end(worker)
    product.end(sink)  # else it would mend the days
    counted = count(log)
    before: set[str] = set()
    for fault, (statement, found_as) in BROKEN.items():
        settings = " SETTINGS mutations_sync = 1" if statement.startswith("ALTER") else ""
        product.query(statement + settings)
        found = set(wrong(product, log, counted)) - before
        assert any(words.startswith(found_as) for words in found), (fault, sorted(found)[:5])
        before |= found
        product.tell(f"{fault}: {len(found)} differences, such as: {min(found)}")
