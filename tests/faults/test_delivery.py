"""Records that come again, in another order, or not at all to whom they were meant for."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.outside import Message
from tests.faults.conftest import Make
from tests.faults.feed import Feed
from tests.faults.judging import assert_exact
from tests.faults.product import Product
from tests.waiting import eventually

pytestmark = [pytest.mark.whole, pytest.mark.timeout(900)]

#: How long a minute stays in the state of the windows stage.
HORIZON = timedelta(hours=26)


def test_chunks_lost_on_their_way_and_kills(product: Product) -> None:
    """The commit never passes what was lost: it is read again."""
    feed = Feed(91, 4000)
    worker = product.worker(static=True, loses=0.05)
    product.sink()
    fed = feed.sending(product.kafka, feed.rest(), 150)
    while fed.is_alive():
        fed.join(random.Random().uniform(3, 6))
        worker.kill()
    assert_exact(product, feed)
    product.tell(f"1 chunk of 20 lost on its way to its stage; {worker.exits.count(-9)} kills")


@pytest.mark.parametrize("stage", ["intake", "journeys", "windows"])
def test_a_fold_that_raises_is_done_again(product: Product, stage: str) -> None:
    feed = Feed(92, 2000)
    worker = product.worker(static=True, raises=(stage, 7))
    product.sink()
    feed.send(product.kafka, feed.rest())
    eventually(lambda: worker.exits, 60, what="the worker ends")
    assert "raised on purpose" in worker.log
    assert_exact(product, feed)
    assert worker.exits == [70]


def aged(feed: Feed, id: str, age: timedelta) -> Message:
    """A call of so long ago."""
    at = datetime.now(UTC) - age
    return feed.known(
        {
            "event_id": id,
            "type": "call.started",
            "occurred_at": at.isoformat(timespec="milliseconds"),
            "source": "late",
            "customer": "+74951270001",
            "call_id": id,
            "direction": "in",
            "line": "+74951230001",
        }
    )


def test_one_event_again_after_a_restart_and_on_both_sides_of_the_horizon(product: Product) -> None:
    feed = Feed(93, 1500)
    worker = product.worker(static=True)
    product.sink()
    ages = (timedelta(), HORIZON - timedelta(seconds=30), HORIZON + timedelta(hours=1))
    thrice = [aged(feed, f"again-{number}", age) for number, age in enumerate(ages)]
    feed.send(product.kafka, [*feed.portion(0.5), *thrice])
    product.wait_drained()
    worker.kill()
    feed.send(product.kafka, thrice)
    feed.send(product.kafka, [*feed.rest(), *thrice])
    log = assert_exact(product, feed)
    assert [log.payloads[value or b""] for _, _, value in thrice] == [3, 3, 3]
    (stored,) = product.query(
        "SELECT count(), countIf(direction = 'in') FROM sales.calls WHERE source = 'late'"
    )
    product.tell(f"3 calls, each reported 3 times: {stored[0]} stored")
    assert stored == ["3", "3"]


def moment(event: dict[str, str]) -> float:
    return datetime.fromisoformat(event["occurred_at"]).timestamp()


def test_any_order_gives_the_same_minutes(make: Make) -> None:
    """The same events in the order of time and shuffled within two hours: equal to the byte."""
    kept = []
    for name in ("sorted", "shuffled"):
        feed, chance = Feed(94, 2000), random.Random(94)
        product = make(name)
        product.worker()
        product.sink()
        first = {json.dumps(event): event for event in feed.good.values() if event["type"].startswith("call")}
        # The first of an id counts: only one of each, whatever comes first.
        events = list({(e["source"], e["event_id"]): e for e in reversed(first.values())}.values())

        most = 7200.0 if name == "shuffled" else 0.0
        arrivals = [(moment(event) + chance.uniform(0, most), event) for event in events]
        arrivals.sort(key=lambda arrival: arrival[0])
        feed.send(product.kafka, [feed.known(event) for _, event in arrivals])
        assert_exact(product, feed)
        kept.append(
            [
                product.query(f"SELECT * EXCEPT ({without}) FROM sales_rows.{table} FINAL ORDER BY ALL")
                for table, without in (
                    ("kpi_minutes", "version, inserted_at"),
                    ("measurements", "version"),
                    ("calls", "version, inserted_at"),
                )
            ]
        )
        product.destroy()
    assert kept[0] == kept[1]
    product.tell(f"{len(kept[0][0])} minutes, {len(kept[0][1])} facts, {len(kept[0][2])} calls: the same")
