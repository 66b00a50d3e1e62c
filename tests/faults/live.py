"""Calls of this very moment, for alerts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.outside import Message
from tests.faults.alerts import transitions
from tests.faults.feed import Feed
from tests.faults.product import Product
from tests.waiting import eventually

Json = dict[str, Any]
#: The share of missed calls counts for rule `missed-now` from so many calls on.
LEAST = 3


def _event(id: str, kind: str, at: datetime, customer: str, **fields: Any) -> Json:
    return {
        "event_id": id,
        "type": kind,
        "occurred_at": at.isoformat(timespec="milliseconds"),
        "source": "live",
        "customer": customer,
        **fields,
    }


def missed(feed: Feed, name: str, number: int) -> list[Message]:
    """A call that nobody of the group `night` answered; it ended just now."""
    end = datetime.now(UTC)
    customer, call = f"+7495126{number:04d}", f"{name}-{number}"
    begun = end - timedelta(seconds=30)
    events = [
        _event(f"{call}-1", "call.started", begun, customer, call_id=call, direction="in", group="night"),
        _event(f"{call}-2", "call.ended", end, customer, call_id=call, reason="hangup"),
    ]
    return [feed.known(event) for event in events]


def misses(feed: Feed, name: str) -> list[Message]:
    """So many missed calls that rules `missed-now` and `open-missed` fire for group `night`."""
    return [message for number in range(LEAST) for message in missed(feed, name, number)]


def assert_alert_in_time(product: Product, feed: Feed, name: str, within: float = 15) -> None:
    """Misses calls, and waits for the alert about them on the topic."""
    began = datetime.now(UTC)
    feed.send(product.kafka, misses(feed, name))
    eventually(lambda: any(t["rule"] == "missed-now" for t in transitions(product)), within, 0.2, "an alert")
    took = (datetime.now(UTC) - began).total_seconds()
    product.tell(f"{LEAST} calls missed, alert {took:.1f} s later")
