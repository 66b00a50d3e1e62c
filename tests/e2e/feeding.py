"""Events for the whole pipeline: random calls of the last days, and everything that can be wrong."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.outside import Message
from tests.journey.feeding import FUNNEL, directory_text
from tests.random_calls import Nastiness, random_log

Json = dict[str, Any]
SECRET = "a secret for the tests alone"


def write_config(folder: Path, rules: str = "rules: []\n") -> Path:
    """A configuration folder with the directory of the random logs."""
    folder.mkdir(parents=True)
    (folder / "directory.yaml").write_text(directory_text())
    (folder / "funnel.yaml").write_text(FUNNEL)
    (folder / "rules.yaml").write_text(rules)
    return folder


def recent_log(
    seed: int,
    *,
    calls: int,
    customers: int,
    days: float,
    deals: int = 0,
    links: int = 0,
    nastiness: Nastiness | None = None,
) -> list[Json]:
    """A random log moved by whole weeks so that it ends within the last days.

    Its customers get numbers of their own, which no line has.
    """
    log = random_log(
        seed, calls=calls, customers=customers, days=days, deals=deals, links=links, nastiness=nastiness
    )
    latest = max(datetime.fromisoformat(event["occurred_at"]) for event in log)
    by = timedelta(weeks=(datetime.now(UTC) - latest) // timedelta(weeks=1))
    return [_renumbered(moved(event, by)) for event in log]


def _renumbered(event: Json) -> Json:
    def other(customer: str) -> str:
        return customer.replace("+7495123", "+7495124")

    found = dict(event)
    if "customer" in event:
        found["customer"] = other(event["customer"])
    if "same_as" in event:
        found["same_as"] = [other(customer) for customer in event["same_as"]]
    return found


def moved(event: Json, by: timedelta) -> Json:
    """The same event at another time."""
    found = dict(event)
    for name in ("occurred_at", "due_at", "callback_at"):
        if name in event:
            at = datetime.fromisoformat(event[name]) + by
            found[name] = at.isoformat(timespec="milliseconds")
    return found


def message(event: Json) -> Message:
    """An event as a producer writes it: by customer, so that the log has one order of what he did.

    What has no customer has a key too: records without one lie in any partition, and of two events with
    the same id nobody could say which is the first.
    """
    topic = "pbx.calls" if event["type"].split(".")[0] in ("call", "callback", "agent") else "crm.stages"
    return topic, str(event.get("customer") or "nobody").encode(), json.dumps(event).encode()


def customer_key(customer: str) -> str:
    """The key of a customer, by the words of the contract."""
    if not customer.startswith("+"):
        return customer
    digest = hmac.new(SECRET.encode(), customer.encode(), hashlib.sha256).hexdigest()
    return "c" + digest[:31]


def valid(**changes: Any) -> Json:
    """A valid event, changed."""
    return {
        "event_id": "bad-1",
        "type": "call.started",
        "occurred_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "source": "pbx",
        "customer": "+74951239999",
        "call_id": "bad-call",
        "direction": "in",
        **changes,
    }


def bad_messages() -> list[tuple[Message, str]]:
    """Everything of the contract that cannot be used, with the reason it gets."""
    without = valid()
    del without["call_id"]
    cases: list[tuple[bytes | None, str]] = [
        (b"{not json", "not_json"),
        (b"", "not_json"),
        (b"[1, 2]", "not_an_object"),
        (None, "null_value"),
        (b'{"event_id": "\xff\xfe"}', "not_utf8"),
        (json.dumps(without).encode(), "missing_field"),
        (json.dumps(valid(call_id=5)).encode(), "wrong_type"),
        (json.dumps(valid(type="call.sneezed")).encode(), "unknown_type"),
        (json.dumps(valid(occurred_at="1970-01-01T00:00:00Z")).encode(), "implausible_time"),
        (json.dumps(valid(occurred_at="2100-01-01T00:00:00Z")).encode(), "implausible_time"),
        (json.dumps(valid(note="x" * (2 << 20))).encode(), "too_large"),
    ]
    return [(("pbx.calls", None, value), reason) for value, reason in cases]


def payload_start(value: bytes | None) -> bytes:
    """What a dead letter keeps of a payload."""
    return (value or b"")[: 64 << 10]


def payload_of(row: Json) -> bytes:
    """The bytes in a row of `dead_letters`."""
    text: str = row["payload"]
    return base64.b64decode(text) if row["encoding"] == "base64" else text.encode()
