"""Intake: names resolved at the time of the event, phones replaced, bad records described."""

import base64
import hashlib
import json
from typing import Any

import msgspec
import pytest

from streams.customers import CustomerKeys
from streams.directory import Directory
from streams.intake import Accepted, DeadLetter, Intake
from streams.records import CustomerRow, pack

PHONE = "+74951234567"
KEYS = CustomerKeys(b"a secret of this installation")
KEY = KEYS.key(PHONE)
LOGGED = 1_800_300_000_000
DIRECTORY = Directory.from_text("""
groups:
  sales: {aliases: {asterisk: [sales_queue]}}
  support: {aliases: {asterisk: [support_queue]}}
managers:
  m001: {group: sales, aliases: {asterisk: [SIP/101, {id: SIP/200, to: 2027-01-09}]}}
  m002: {group: sales, aliases: {asterisk: [{id: SIP/200, from: 2027-01-10}]}, phones: ["+74951230091"]}
lines:
  ads: {group: sales, aliases: {asterisk: ["+74951230003"]}}
""")
INTAKE = Intake(DIRECTORY, KEYS)


def event(**changes: Any) -> dict[str, Any]:
    fields = {
        "event_id": "e1",
        "type": "call.started",
        "occurred_at": "2027-01-18T10:15:30.250+03:00",
        "source": "asterisk",
        "customer": PHONE,
        "call_id": "1800256530.163",
        "direction": "in",
    }
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def read(value: dict[str, Any] | bytes | None, topic: str = "pbx.calls") -> Accepted | DeadLetter:
    raw = json.dumps(value, ensure_ascii=False).encode() if isinstance(value, dict) else value
    return INTAKE.read(topic, 3, 77, LOGGED, raw)


def accepted(value: dict[str, Any]) -> Accepted:
    result = read(value)
    assert isinstance(result, Accepted), result
    return result


def refused(value: dict[str, Any] | bytes | None) -> DeadLetter:
    result = read(value)
    assert isinstance(result, DeadLetter), result
    return result


def test_an_accepted_event_says_where_it_came_from() -> None:
    row = accepted(event()).row
    assert (row.topic, row.partition, row.offset, row.logged_at) == (0, 3, 77, LOGGED)
    stage = read(event(type="deal.removed", deal_id="4"), "crm.stages")
    assert isinstance(stage, Accepted)
    assert stage.row.topic == 1


def test_a_phone_becomes_a_key_and_stands_in_the_customers_row() -> None:
    result = accepted(event())
    assert result.row.event.customer == KEY
    assert result.customer == CustomerRow(KEY, PHONE, "+7 *** ***-**-67")
    assert result.linked == []


@pytest.mark.parametrize("customer", ["crm:55", "anonymous:1800256530.163", "ext:105"])
def test_other_ids_stay_and_have_no_row(customer: str) -> None:
    result = accepted(event(customer=customer))
    assert result.row.event.customer == customer
    assert result.customer is None


def test_an_event_without_a_customer() -> None:
    result = accepted(event(type="agent.status", customer=None, manager="SIP/101", status="paused"))
    assert result.row.event.customer == ""
    assert result.customer is None


def test_a_managers_own_phone_is_a_colleague_and_no_customer() -> None:
    result = accepted(event(customer="+74951230091", recording="rec/74951230091.ogg", note="84951230091"))
    assert result.row.event.customer == "ext:m002"
    assert result.row.event.extra == {"note": "ext:m002", "recording": "rec/ext:m002.ogg"}
    assert result.customer is None


def test_names_are_resolved_by_source_and_time() -> None:
    before, after = "2027-01-09T23:00:00Z", "2027-01-10T01:00:00Z"
    offered = event(type="call.offered", manager="SIP/200", group="sales_queue")
    first = accepted({**offered, "occurred_at": before}).row.event
    then = accepted({**offered, "occurred_at": after}).row.event
    assert (first.manager, first.group) == ("m001", "sales")
    assert (then.manager, then.group) == ("m002", "sales")
    other = accepted({**offered, "source": "mango"}).row.event
    assert (other.manager, other.group) == ("unmapped:mango:SIP/200", "unmapped:mango:sales_queue")


def test_every_name_in_an_event_is_resolved() -> None:
    given = event(
        type="call.transferred",
        manager="SIP/101",
        to_manager="SIP/200",
        to_group="support_queue",
        actor="SIP/101",
    )
    data = accepted(given).row.event.data
    assert (data["to_manager"], data["to_group"], data["actor"]) == ("m002", "support", "m001")
    assert accepted(event(line="+74951230003")).row.event.data["line"] == "ads"
    assert accepted(event(line="+74951230009")).row.event.data["line"] == "+74951230009"
    assert accepted(event(actor="system")).row.event.data["actor"] == "system"


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("+74951234567", KEY),
        ("74951234567", KEY),
        ("84951234567", KEY),
        ("0074951234567", KEY),
        ("4951234567", KEY),
        ("+7 (495) 123-45-67", KEY),
        ("8-495-123-45-67", KEY),
        ("call from +7.495.123.45.67, twice", f"call from {KEY}, twice"),
        ("rec/2027-01-18_84951234567_101.ogg", f"rec/2027-01-18_{KEY}_101.ogg"),
        ("+74951234567 or 8 495 1234567", f"{KEY} or {KEY}"),
        ("tel:+74951234567;ext=5", f"tel:{KEY};ext=5"),
        ("+74951234568", "+74951234568"),
        ("1800256530.163", "1800256530.163"),
    ],
)
def test_a_phone_is_found_however_it_is_written(written: str, left: str) -> None:
    assert accepted(event(note=written)).row.event.extra == {"note": left}
    assert accepted(event(line=written)).row.event.data["line"] == left


def test_phones_are_taken_out_of_every_place() -> None:
    result = accepted(
        event(
            event_id=f"asterisk-{PHONE}-1",
            call_id="74951234567-17",
            group="q84951234567",
            deep={"list": [{PHONE: [74951234567, 74951234567.0]}], "other": 7},
        )
    )
    said = result.row.event
    assert said.event_id == f"asterisk-{KEY}-1"
    assert said.data["call_id"] == f"{KEY}-17"
    assert said.group == f"unmapped:asterisk:q{KEY}"
    assert said.extra == {"deep": {"list": [{KEY: [KEY, f"{KEY}.0"]}], "other": 7}}


def test_a_phone_hidden_by_escapes_is_found() -> None:
    raw = json.dumps(event(note="~")).encode().replace(b"~", b"\\u0037 495 1234567")
    result = read(raw)
    assert isinstance(result, Accepted)
    assert result.row.event.extra == {"note": KEY}


def test_linked_customers_become_keys_with_rows_of_their_own() -> None:
    other = "+74951239999"
    linked = event(type="customer.linked", call_id=None, direction=None, same_as=[other, "crm:5", PHONE])
    result = accepted(linked)
    assert result.row.event.data["same_as"] == [KEYS.key(other), "crm:5", KEY]
    assert result.customer == KEYS.row(PHONE)
    assert result.linked == [KEYS.row(other)]
    by_id = accepted({**linked, "customer": "crm:9"})
    assert by_id.row.event.customer == "crm:9"
    assert by_id.customer is None
    assert by_id.linked == [KEYS.row(other), KEYS.row(PHONE)]


def test_the_same_record_gives_the_same_bytes_in_another_intake() -> None:
    raw = json.dumps(event(note=PHONE)).encode()
    other = Intake(DIRECTORY, CustomerKeys(b"a secret of this installation"))
    results = [each.read("pbx.calls", 0, 1, LOGGED, raw) for each in (INTAKE, other, INTAKE)]
    assert len({pack(result) for result in results}) == 1


def test_a_dead_letter_says_where_why_and_what() -> None:
    raw = json.dumps(event(direction="up")).encode()
    assert read(raw) == DeadLetter(
        topic="pbx.calls",
        partition=3,
        offset=77,
        received_at=LOGGED,
        source="asterisk",
        reason="bad_value",
        detail="direction: expected one of in, out, internal; found 'up'",
        payload=raw.decode(),
        encoding="utf8",
        origin="pbx.calls/3/77",
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def test_a_null_value_is_a_dead_letter_with_an_empty_payload() -> None:
    letter = refused(None)
    assert (letter.reason, letter.payload, letter.size) == ("null_value", "", 0)


def test_of_a_record_of_2_mb_the_first_64_kib_its_size_and_hash_are_kept() -> None:
    raw = b"x" * 2_000_000
    letter = refused(raw)
    assert letter.reason == "too_large"
    assert letter.payload == "x" * 65_536
    assert letter.encoding == "utf8"
    assert (letter.size, letter.sha256) == (2_000_000, hashlib.sha256(raw).hexdigest())


def test_a_cut_inside_a_character_leaves_the_whole_ones() -> None:
    raw = b"x" + "ж".encode() * 40_000
    letter = refused(raw)
    assert (letter.encoding, letter.payload) == ("utf8", "x" + "ж" * 32_767)


def test_bytes_that_are_no_utf8_are_kept_as_base64() -> None:
    raw = b"\xff\xfe" + b"\x00" * 100
    letter = refused(raw)
    assert (letter.reason, letter.encoding) == ("not_utf8", "base64")
    assert base64.b64decode(letter.payload) == raw
    assert base64.b64decode(refused(b"\xff" * 70_000).payload) == b"\xff" * 65_536


def test_a_dead_letter_is_json_with_the_fields_of_the_contract() -> None:
    written = json.loads(msgspec.json.encode(refused(b"{}")))
    named = "topic partition offset received_at source reason detail payload encoding".split()
    assert set(named) <= set(written)
