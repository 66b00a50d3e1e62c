"""What becomes of records that were sent."""

import hashlib
import json
from datetime import UTC, datetime

from streams.gateway.taking import Rejected, Taken, take
from tests.fixtures_topics import PHONE, call

NOW = int(datetime(2027, 2, 1, tzinfo=UTC).timestamp()) * 1000


def taken(*records: bytes, first: int = 0) -> Taken:
    found = Taken()
    take(records, first, NOW, found)
    return found


def test_an_event_goes_to_its_topic_as_it_was_sent_under_its_customer() -> None:
    raw = json.dumps(call("demo", "e1")).encode() + b"  "
    found = taken(raw)
    assert found.accepted == 1
    assert found.rejected == []
    (record,) = found.outgoing
    assert (record.topic, record.key, record.value) == ("pbx.calls", PHONE.encode(), raw)
    lead = {**call("demo", "e2"), "type": "lead.created", "lead_id": "7", "customer": "crm:5"}
    (record,) = taken(json.dumps(lead).encode()).outgoing
    assert (record.topic, record.key) == ("crm.stages", b"crm:5")


def test_an_event_without_customer_has_no_key() -> None:
    status = {**call("demo", "e1"), "type": "agent.status", "manager": "m", "status": "paused"}
    del status["customer"]
    (record,) = taken(json.dumps(status).encode()).outgoing
    assert record.key is None


def test_what_is_no_event_becomes_a_dead_letter_and_the_rest_is_taken() -> None:
    good, bad = (
        json.dumps(call("demo", "e1")).encode(),
        json.dumps(call("demo", "e2", direction="up")).encode(),
    )
    found = taken(good, bad, b"{", first=10)
    assert found.accepted == 1
    assert [(each.index, each.reason) for each in found.rejected] == [(11, "bad_value"), (12, "not_json")]
    assert found.rejected[0] == Rejected(
        11, "bad_value", "direction: expected one of in, out, internal; found 'up'"
    )
    _, first, second = found.outgoing
    assert first.topic == second.topic == "dead-letters"
    origin = f"gateway/demo/{hashlib.sha256(bad).hexdigest()}"
    assert first.key == origin.encode()
    assert second.key == f"gateway/unknown/{hashlib.sha256(b'{').hexdigest()}".encode()
    letter = json.loads(first.value)
    assert letter["origin"] == origin
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("gateway", -1, -1)
    assert (letter["payload"], letter["received_at"], letter["source"]) == (bad.decode(), NOW, "demo")


def test_the_future_begins_five_minutes_from_now() -> None:
    soon = json.dumps(call("demo", "e1", occurred_at="2027-02-01T00:05:00Z")).encode()
    late = json.dumps(call("demo", "e2", occurred_at="2027-02-01T00:05:00.001Z")).encode()
    found = taken(soon, late)
    assert found.accepted == 1
    assert [each.reason for each in found.rejected] == ["implausible_time"]
