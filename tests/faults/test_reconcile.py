"""A stored pane that is wrong, whatever made it so, is found by `reconcile` and mended by it."""

import pytest

from tests.faults.feed import Feed
from tests.faults.judging import assert_exact
from tests.faults.product import Product

pytestmark = [pytest.mark.whole, pytest.mark.timeout(900)]

_ONE = "FROM sales_rows.kpi_minutes FINAL WHERE call_in_n > 0 ORDER BY minute DESC LIMIT 1"
#: Statements that corrupt panes: by a version that can be, by one that cannot, and by removing one.
CORRUPTED = {
    "a pane of the version that it had": f"SELECT * REPLACE (call_in_n + 1 AS call_in_n) {_ONE}",
    "a pane of a version that never was": (
        f"SELECT * REPLACE (call_in_n + 7 AS call_in_n, version + 1000000 AS version) {_ONE} OFFSET 3"
    ),
    "a pane marked as gone": f"SELECT * REPLACE (1 AS gone) {_ONE} OFFSET 5",
}


def test_corrupted_panes_are_found_and_mended(product: Product) -> None:
    feed = Feed(71, 3000)
    product.worker()
    product.sink()
    feed.send(product.kafka, feed.portion(0.5))
    assert_exact(product, feed)
    for what, select in CORRUPTED.items():
        product.query(f"INSERT INTO sales_rows.kpi_minutes {select}")
        code, said = product.command("reconcile")
        assert code == 1, said
        product.tell(f"{what}: {said.splitlines()[0]}")
    code, said = product.command("reconcile", "--mend")
    product.tell(said.strip().splitlines()[-1])
    assert code == 0, said
    assert_exact(product, feed)
    # What comes later still counts in the minutes that were mended.
    feed.send(product.kafka, feed.rest())
    assert_exact(product, feed)
