"""Whatever an event holds, the customer's phone leaves intake in the customer's row alone."""

import json
import re
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.event_types import EVENT_TYPES, Kind
from streams.intake import Accepted
from tests.intake.test_intake import INTAKE, LOGGED

#: Phones, and the digits by which people of that country know them.
_NATIONAL = {
    "+74951234567": "4951234567",
    "+12025550143": "2025550143",
    "+4930123456789": "30123456789",
    "+3725551234": "3725551234",  # too short a number to be known without its country
    "+71111111111": "1111111111",
    "+1234567": "1234567",
}
_PHONES = st.sampled_from(sorted(_NATIONAL))
_BETWEEN = st.sampled_from(["", " ", "-", ".", " (", ") ", "_", "/", "   ", "\u00a0"])
_AROUND = st.text(st.characters(categories=["L", "P", "Z"]), max_size=6)


@st.composite
def _written(draw: st.DrawFn, phone: str) -> str:
    """The phone as somebody might write it, with something before and after."""
    national = _NATIONAL[phone]
    form = draw(st.sampled_from([phone, phone[1:], "00" + phone[1:], national, "8" + national]))
    parts = [char + draw(_BETWEEN) if draw(st.booleans()) else char for char in form]
    return draw(_AROUND) + "".join(parts) + draw(_AROUND)


@st.composite
def _values(draw: st.DrawFn, phone: str) -> Any:
    written = draw(_written(phone))
    shapes: list[Any] = [
        written,
        [written, 7],
        {"a": {"b": [written]}},
        {written: 1},
        int(phone[1:]),
        int(phone[1:] + "00"),
        float(phone[1:]),
        "no phone here",
    ]
    return draw(st.sampled_from(shapes))


@st.composite
def _events(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    phone = draw(_PHONES)
    kind = EVENT_TYPES[draw(st.sampled_from(sorted(EVENT_TYPES)))]
    filled: dict[Kind, Any] = {
        Kind.CUSTOMER: phone,
        Kind.MOMENT: "2027-01-18T10:15:30Z",
        Kind.NUMBER: 4,
        Kind.DECIMAL: "12.50",
        Kind.FLAG: True,
        Kind.SCORES: {draw(_written(phone)): 3},
        Kind.CUSTOMERS: ["+74951239999", phone],
    }
    fields: dict[str, Any] = {}
    for field in kind.fields.values():
        if field.choices:
            fields[field.name] = draw(st.sampled_from(field.choices))
        elif field.kind is Kind.TEXT:
            fields[field.name] = draw(_written(phone))
        else:
            fields[field.name] = filled[field.kind]
    fields["type"] = kind.name
    fields.update(draw(st.dictionaries(_written(phone), _values(phone), max_size=3)))
    return phone, fields


def _texts(value: Any) -> list[str]:
    """Every text, name and number in a JSON value."""
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [str(value)]


@settings(max_examples=120, deadline=None)
@given(_events(), st.booleans())
def test_the_phone_stands_in_the_customers_row_alone(
    given: tuple[str, dict[str, Any]], escaped: bool
) -> None:
    phone, fields = given
    raw = json.dumps(fields, ensure_ascii=escaped).encode()
    result = INTAKE.read("pbx.calls", 0, 0, LOGGED, raw)
    assert isinstance(result, Accepted), result
    assert result.customer is not None
    assert result.customer.phone == phone
    event = msgspec.to_builtins(result.row.event)
    for text in _texts(event):
        # Keys are hex digits and may hold any; what else is left is searched digit by digit.
        bare = re.sub(r"c[0-9a-f]{31}", "#", text)
        assert _NATIONAL[phone] not in re.sub(r"[^0-9#\w]|_", "", bare), text


@settings(max_examples=40, deadline=None)
@given(_events())
def test_the_same_call_keeps_one_id(given: tuple[str, dict[str, Any]]) -> None:
    # A call_id that holds the phone is rewritten, in each of the call's events alike.
    _, fields = given
    if "call_id" not in fields:
        return
    keep = ("event_id", "source", "occurred_at", "customer", "call_id")
    other = {name: fields[name] for name in keep} | {"type": "call.ended"}
    ids = set()
    for event in (fields, other):
        result = INTAKE.read("pbx.calls", 0, 0, LOGGED, json.dumps(event).encode())
        assert isinstance(result, Accepted), result
        ids.add(result.row.event.data["call_id"])
    assert len(ids) == 1
