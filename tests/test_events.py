"""Canonical events: every example file, the limits, and input that no file can hold."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.event_types import EVENT_TYPES
from streams.events import REASONS, Invalid, parse
from streams.records import Event

EXAMPLES = Path(__file__).parent.parent / "schemas" / "events" / "examples"
RECEIVED = int(datetime(2027, 2, 1, tzinfo=UTC).timestamp()) * 1000
VALID = sorted(EXAMPLES.glob("valid/*/*.json"))
INVALID = sorted(EXAMPLES.glob("invalid/*/*.json"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def started(**changes: Any) -> bytes:
    event = {
        "event_id": "e1",
        "type": "call.started",
        "occurred_at": "2027-01-18T10:15:30.250+03:00",
        "source": "asterisk",
        "customer": "+74951234567",
        "call_id": "c1",
        "direction": "in",
    }
    return json.dumps({**event, **changes}, ensure_ascii=False).encode()


def accepted(raw: bytes) -> Event:
    result = parse(raw, logged_at=RECEIVED)
    assert isinstance(result, Event), result
    return result


def refused(raw: bytes | None, at: int = RECEIVED) -> Invalid:
    result = parse(raw, logged_at=at)
    assert isinstance(result, Invalid), result
    assert result.reason in REASONS
    return result


@pytest.mark.parametrize("path", VALID, ids=name_of)
def test_a_valid_example_is_accepted_and_keeps_all_that_it_says(path: Path) -> None:
    event = accepted(path.read_bytes())
    written = json.loads(path.read_bytes())
    assert event.type == path.parent.name == written["type"]
    kept = {**event.data, **event.extra}
    for name in ("event_id", "source", "customer", "manager", "group"):
        kept[name] = getattr(event, name)
    moments = {"occurred_at", "callback_at", "due_at"}
    for name, value in written.items():
        if name == "type" or value in ("", None):
            continue
        if name in moments:
            at = event.at if name == "occurred_at" else kept[name]
            assert datetime.fromtimestamp(at / 1000, UTC) == datetime.fromisoformat(value)
        elif name == "amount":
            assert kept[name] == str(value)
        else:
            assert kept[name] == value


@pytest.mark.parametrize("path", INVALID, ids=name_of)
def test_an_invalid_example_is_refused_for_the_reason_in_its_name(path: Path) -> None:
    reason, field = path.name.split(".")[:2]
    fault = refused(path.read_bytes())
    assert fault.reason == reason
    assert fault.detail
    if field != "record":
        assert fault.detail.split(":")[0].split(".")[0] == field


def test_every_type_has_a_valid_and_an_invalid_example() -> None:
    assert {path.parent.name for path in VALID} == set(EVENT_TYPES)
    assert {path.parent.name for path in INVALID} == {*EVENT_TYPES, "any"}


def test_each_reason_has_an_example() -> None:
    # null_value has none: a file always holds something.
    assert {path.name.split(".")[0] for path in INVALID} == set(REASONS) - {"null_value"}


def test_the_fields_stand_where_folds_look_for_them() -> None:
    raw = started(group="sales_queue", line="+74951230001", trunk={"name": "t"}, actor="bot")
    assert accepted(raw) == Event(
        source="asterisk",
        event_id="e1",
        type="call.started",
        at=1_800_256_530_250,
        customer="+74951234567",
        manager="",
        group="sales_queue",
        data={"call_id": "c1", "direction": "in", "line": "+74951230001", "actor": "bot"},
        extra={"trunk": {"name": "t"}},
    )


def test_a_null_value_is_refused() -> None:
    assert refused(None).reason == "null_value"


def test_a_record_of_64_kib_is_accepted_and_one_byte_more_is_refused() -> None:
    room = 64 * 1024 - len(started(note=""))
    assert len(started(note="x" * room)) == 64 * 1024
    assert len(accepted(started(note="x" * room)).extra["note"]) == room
    fault = refused(started(note="x" * (room + 1)))
    assert fault.reason == "too_large"
    assert "65537 bytes" in fault.detail


def test_a_record_of_2_mb_is_refused_for_its_size_whatever_it_holds() -> None:
    assert refused(b"\xff" * 2_000_000).reason == "too_large"


@pytest.mark.parametrize("depth", [17, 900, 1100, 30_000])
@pytest.mark.parametrize("closed", [True, False])
def test_deep_nesting_is_refused_for_one_reason_however_deep(depth: int, closed: bool) -> None:
    # Were it left to the decoder, the answer would depend on how deep the caller's stack is.
    raw = started()[:-1] + b', "deep": ' + b"[" * depth + b"]" * depth * closed + b"}"
    fault = refused(raw)
    assert fault.reason == "too_large"


def test_many_lists_side_by_side_are_not_deep() -> None:
    note = [["["] for _ in range(100)]
    assert accepted(started(note=note)).extra == {"note": note}


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2000-01-01T00:00:00Z", 946_684_800_000),
        ("2000-01-01T02:59:59.999+03:00", None),
        ("2027-02-01T00:05:00.000Z", RECEIVED + 300_000),
        ("2027-02-01T00:05:00.001Z", None),
    ],
)
def test_the_bounds_of_a_plausible_time(written: str, at: int | None) -> None:
    raw = started(occurred_at=written)
    if at is None:
        assert refused(raw).reason == "implausible_time"
    else:
        assert accepted(raw).at == at


def test_a_clock_hours_ahead_is_named_as_such() -> None:
    fault = refused(started(occurred_at="2027-02-01T03:07:00Z"))
    assert "3 h 7 min ahead" in fault.detail
    assert "time zone" in fault.detail


def test_whole_numbers_beyond_64_bits_become_text_so_that_they_can_travel() -> None:
    event = accepted(started(serial=2**64, least=-(2**63), list=[{"n": 10**30}]))
    assert event.extra == {"serial": str(2**64), "least": -(2**63), "list": [{"n": str(10**30)}]}
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=Event) == event


def test_a_detail_holds_no_whole_phone() -> None:
    for customer in ("8 (495) 123-98-76", "tel:+74951239876", "74951239876"):
        detail = refused(started(customer=customer)).detail
        assert "23987" not in detail
        assert "23-98" not in detail


def test_the_source_of_an_invalid_event_is_kept_when_it_can_be_read() -> None:
    assert refused(started(direction="up")).source == "asterisk"
    assert refused(started(direction="up", source=["x"])).source == ""
    assert refused(b"[]").source == ""


def test_a_key_that_stands_twice_counts_as_its_last() -> None:
    assert accepted(started()[:-1] + b', "call_id": "c2"}').data["call_id"] == "c2"


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_raise(raw: bytes) -> None:
    assert isinstance(parse(raw, logged_at=RECEIVED), Event | Invalid)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.sampled_from(sorted(EVENT_TYPES)).flatmap(
        lambda kind: st.fixed_dictionaries(
            {"type": st.just(kind)},
            optional=dict.fromkeys({*EVENT_TYPES[kind].fields, "unknown"} - {"type"}, json_values),
        )
    )
)
def test_no_object_raises_and_what_is_accepted_can_travel(fields: dict[str, Any]) -> None:
    raw = json.dumps(fields).encode()
    result = parse(raw, logged_at=RECEIVED)
    if isinstance(result, Event):
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=Event) == result
