"""Validation of a canonical event: from the bytes of a record to an `Event`, or why it is none.

Pure: the same bytes and `logged_at` always give the same result. What is refused is described for
a person; no detail holds a whole phone (long runs of digits are hidden).
"""

import re
from typing import Any

import msgspec

from streams.event_fields import READERS, Fault, bad_text, described, shown
from streams.event_types import EVENT_TYPES, MAX_DEPTH, MAX_RECORD, MAX_TEXT, EventType, Kind
from streams.records import Event

#: Reasons for which an event is refused, and what they mean.
REASONS: dict[str, str] = {
    "null_value": "the record has no value",
    "too_large": "the record or one of its texts is too long",
    "not_utf8": "the bytes are not UTF-8",
    "not_json": "the text is not JSON",
    "not_an_object": "the JSON is not an object",
    "unknown_type": "nobody knows this type of event",
    "missing_field": "a required field is absent, null or empty",
    "wrong_type": "a field holds another kind of value than it should",
    "bad_value": "a field holds a value outside of its list or range",
    "bad_time": "a time is not RFC 3339 with an offset",
    "bad_customer": "the customer is neither an E.164 phone nor another allowed id",
    "implausible_time": "the event lies before 2000, or more than 5 minutes ahead",
}

EARLIEST = 946_684_800_000  #: 2000-01-01T00:00:00Z
MAX_AHEAD_MS = 5 * 60 * 1000

_MANY_HOURS = 48
_INT64 = 1 << 63
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_decode = msgspec.json.Decoder().decode


class Invalid(msgspec.Struct, frozen=True):
    """Why a record is no event."""

    reason: str  #: a key of `REASONS`
    detail: str  #: for a person: which field, what was expected, what was found
    source: str = ""  #: the event's source as far as it could be read


class _Plan:
    """What `parse` looks up per type, prepared once."""

    __slots__ = ("kind", "required", "special", "texts")

    def __init__(self, kind: EventType) -> None:
        self.kind = kind
        self.required = kind.required_names
        fields = kind.fields.values()
        self.texts = frozenset(field.name for field in fields if field.kind is Kind.TEXT)
        self.special = {f.name: (READERS[f.kind], f) for f in fields if f.kind is not Kind.TEXT}


def parse(raw: bytes | None, *, logged_at: int) -> Event | Invalid:
    """The event in `raw`; `logged_at` is Kafka's time of the record, in ms.

    `customer` stays the phone and `manager`, `group` the names of the source; `streams.intake`
    resolves them. A known field that is null or empty is absent.
    """
    fields: Any = None
    try:
        fields = _read_object(raw)
        return _event(fields, logged_at)
    except Fault as fault:
        return Invalid(fault.reason, fault.detail, _source_of(fields))


def _event(fields: dict[str, Any], logged_at: int) -> Event:
    kind = fields.get("type")
    plan = _PLANS.get(kind) if type(kind) is str else None
    if plan is None:
        raise _no_type(kind)
    data, extra = _read_fields(plan, fields)
    if not plan.required <= data.keys():
        raise _missing(plan, data, fields)
    take = data.pop
    at = take("occurred_at")
    if not EARLIEST <= at <= logged_at + MAX_AHEAD_MS:
        raise _implausible(fields["occurred_at"], at, logged_at)
    return Event(
        take("source"),
        take("event_id"),
        take("type"),
        at,
        take("customer", ""),
        take("manager", ""),
        take("group", ""),
        data,
        extra,
    )


def _read_fields(plan: _Plan, fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The known fields that hold something, and the unknown ones."""
    texts, special = plan.texts, plan.special
    data: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in fields.items():
        if name in texts:
            if type(value) is str and len(value) <= MAX_TEXT:
                if value:
                    data[name] = value
            elif value is not None:
                raise bad_text(name, value)
        elif name in special:
            if value is not None and value != "":
                reader, field = special[name]
                data[name] = reader(field, value)
        else:
            extra[name] = _kept(value)
    return data, extra


def _read_object(raw: bytes | None) -> dict[str, Any]:
    if raw is None:
        raise Fault("null_value", "the record has no value; expected a JSON object")
    if len(raw) > MAX_RECORD:
        detail = f"the record has {len(raw)} bytes; expected at most {MAX_RECORD}"
        raise Fault("too_large", detail)
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth(raw) > MAX_DEPTH:
        detail = f"lists and objects are nested too deep; expected at most {MAX_DEPTH} levels"
        raise Fault("too_large", detail)
    try:
        fields = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _undecodable(raw, error) from None
    if type(fields) is not dict:
        raise Fault("not_an_object", f"expected a JSON object, found {described(fields)}")
    return fields


def _undecodable(raw: bytes, error: Exception) -> Fault:
    try:
        text = raw.decode()
    except UnicodeDecodeError as fault:
        return Fault("not_utf8", f"expected UTF-8, but byte {fault.start} is not")
    if not text.strip():
        return Fault("not_json", "expected a JSON object, found nothing")
    if text.startswith("\ufeff"):
        return Fault("not_json", "starts with a byte order mark; expected UTF-8 without one")
    hint = ""
    if re.search(r"\b(?:NaN|Infinity)\b", text):
        hint = " (NaN and Infinity are no JSON: leave the field out)"
    return Fault("not_json", f"expected a JSON object: {error}{hint}")


def _depth(raw: bytes) -> int:
    """The deepest nesting, texts left out."""
    deepest = level = 0
    for match in _BRACKETS.finditer(raw):
        token = match.group()
        if token in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif token in b"]}":
            level -= 1
    return deepest


def _source_of(fields: Any) -> str:
    source = fields.get("source") if type(fields) is dict else None
    return source if type(source) is str and len(source) <= MAX_TEXT else ""


def _no_type(kind: Any) -> Fault:
    if kind is None or kind == "":
        return Fault("missing_field", "type: is missing; expected one such as call.started")
    if type(kind) is not str:
        return Fault("wrong_type", f"type: expected text, found {described(kind)}")
    return Fault("unknown_type", f"type: {shown(kind)} is not known; expected one such as call.started")


def _missing(plan: _Plan, data: dict[str, Any], fields: dict[str, Any]) -> Fault:
    name = min(plan.required - data.keys())
    state = "is missing"
    if name in fields:
        state = "is null" if fields[name] is None else "is empty"
    return Fault("missing_field", f"{name}: {state}; {plan.kind.name} needs it")


def _implausible(written: str, at: int, logged_at: int) -> Fault:
    if at < EARLIEST:
        detail = f"occurred_at: {written} lies before 2000-01-01; is the source's clock set?"
        return Fault("implausible_time", detail)
    hours, minutes = divmod((at - logged_at) // 60_000, 60)
    ahead = f"{hours} h {minutes} min" if hours < _MANY_HOURS else f"{hours // 24} days"
    detail = (
        f"occurred_at: {written} is {ahead} ahead of when it was received (at most 5 min);"
        " are the source's clock and time zone right?"
    )
    return Fault("implausible_time", detail)


def _kept(value: Any) -> Any:
    """An unknown value as it can be passed on: whole numbers beyond 64 bits become text."""
    if type(value) is int:
        return value if -_INT64 <= value < _INT64 else str(value)
    if type(value) is list:
        return [_kept(item) for item in value]
    if type(value) is dict:
        return {name: _kept(item) for name, item in value.items()}
    return value


_PLANS: dict[str, _Plan] = {name: _Plan(kind) for name, kind in EVENT_TYPES.items()}
