"""Customers that turn out to be one, in orders of events that once went wrong."""

from typing import Any

from streams.records import EventRow
from tests.journey.feeding import Feed, row_of
from tests.journey.scenario import at, record, talk
from tests.journey.test_random import agree

Json = dict[str, Any]
ANN, BEA, CAT = "+74951230101", "+74951230102", "+74951230103"


def link(event_id: str, *same: str) -> Json:
    """Says that customers are one."""
    first, *others = same
    fields = {"event_id": event_id, "source": "crm", "customer": first, "same_as": others}
    return at(0, "customer.linked", **fields)


def test_who_was_handed_over_stays_with_his_parent_when_a_lesser_key_is_learnt() -> None:
    log = [
        *talk("k1", 0, 5, 90, customer=CAT),
        link("l1", CAT, BEA),
        link("l2", ANN, CAT),
        *talk("k2", 200, 205, 290, customer=CAT),
    ]
    feed = Feed()
    feed.log(log)
    feed.answer()
    agree(feed, log)
    assert {record(feed, call)["customer"] for call in ("k1", "k2")} == {ANN}
    links = [(row["customer"], row["root"]) for row in feed.table("customer_links")]
    assert links == [(BEA, ANN), (CAT, BEA)]


def test_a_history_with_later_events_of_another_partition_drops_none_that_are_still_to_come() -> None:
    before = talk("k0", 0, 5, 90, customer=ANN)
    linking, late = link("l1", ANN, BEA), talk("k1", 20, 25, 80, customer=ANN)
    other = [*talk("k2", 200, 205, 290, customer=BEA), link("l2", BEA, ANN)]
    log = [*before, linking, *late, *other]

    def rows(*events: Json) -> list[EventRow]:
        return [row_of(event, log.index(event)) for event in events]

    feed = Feed()
    feed.take(ANN, rows(*before))
    feed.forget(ANN)
    feed.take(BEA, rows(linking, *other))
    feed.deliver()
    # The partition of ANN lags behind: her history, BEA's by now too, comes before the end of her own call.
    feed.take(ANN, rows(linking, late[0]))
    feed.answer()
    feed.take(ANN, rows(*late[1:]))
    feed.answer()
    agree(feed, log)
    assert record(feed, "k1")["answered_at"] is not None
