"""Validation of a canonical event: from the bytes of a record to an `Event`, or why it is none.

Pure: the same bytes and `logged_at` always give the same result. What is refused is described for
a person; no detail holds a whole phone (long runs of digits are hidden).
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import msgspec

from streams.customers import is_phone
from streams.event_types import EVENT_TYPES, MAX_DEPTH, MAX_LINKED, MAX_RECORD, MAX_TEXT
from streams.event_types import EventType, Field, Kind
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

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_LARGEST_AMOUNT = Decimal(10) ** 15
_SHALLOW = 64  #: as many brackets cannot nest too deep for the decoder
_INT64 = 1 << 63
_LONG_NUMBER = re.compile(r"\d(?:[\s().-]{0,2}\d){6,}")
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_PREFIXES = ("crm:", "anonymous:", "ext:")
_decode = msgspec.json.Decoder().decode


class Invalid(msgspec.Struct, frozen=True):
    """Why a record is no event."""

    reason: str  #: a key of `REASONS`
    detail: str  #: for a person: which field, what was expected, what was found
    source: str = ""  #: the event's source as far as it could be read


class _Fault(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class _Plan:
    """What `parse` looks up per type, prepared once."""

    __slots__ = ("kind", "required", "special", "texts")

    def __init__(self, kind: EventType) -> None:
        self.kind = kind
        self.required = kind.required_names
        fields = kind.fields.values()
        self.texts = frozenset(field.name for field in fields if field.kind is Kind.TEXT)
        self.special = {f.name: (_READERS[f.kind], f) for f in fields if f.kind is not Kind.TEXT}


def parse(raw: bytes | None, *, logged_at: int) -> Event | Invalid:
    """The event in `raw`; `logged_at` is Kafka's time of the record, in ms.

    `customer` stays the phone and `manager`, `group` the names of the source; `streams.intake`
    resolves them. A known field that is null or empty is absent.
    """
    fields: Any = None
    try:
        fields = _read_object(raw)
        return _event(fields, logged_at)
    except _Fault as fault:
        return Invalid(fault.reason, fault.detail, _source_of(fields))


def _event(fields: dict[str, Any], logged_at: int) -> Event:
    kind = fields.get("type")
    plan = _PLANS.get(kind) if type(kind) is str else None
    if plan is None:
        raise _no_type(kind)
    texts, special = plan.texts, plan.special
    data: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in fields.items():
        if name in texts:
            if type(value) is str and len(value) <= MAX_TEXT:
                if value:
                    data[name] = value
            elif value is not None:
                raise _bad_text(name, value)
        elif name in special:
            if value is not None and value != "":
                reader, field = special[name]
                data[name] = reader(field, value)
        else:
            extra[name] = value
    if not plan.required <= data.keys():
        raise _missing(plan, data, fields)
    at = data.pop("occurred_at")
    if not EARLIEST <= at <= logged_at + MAX_AHEAD_MS:
        raise _implausible(fields["occurred_at"], at, logged_at)
    take = data.pop
    del data["type"]
    return Event(
        take("source"),
        take("event_id"),
        plan.kind.name,
        at,
        take("customer", ""),
        take("manager", ""),
        take("group", ""),
        data,
        {name: _kept(value) for name, value in extra.items()} if extra else extra,
    )


def _read_object(raw: bytes | None) -> dict[str, Any]:
    if raw is None:
        raise _Fault("null_value", "the record has no value; expected a JSON object")
    if len(raw) > MAX_RECORD:
        detail = f"the record has {len(raw)} bytes; expected at most {MAX_RECORD}"
        raise _Fault("too_large", detail)
    if raw.count(b"[") + raw.count(b"{") > _SHALLOW and _depth(raw) > MAX_DEPTH:
        detail = f"lists and objects are nested too deep; expected at most {MAX_DEPTH} levels"
        raise _Fault("too_large", detail)
    try:
        fields = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _undecodable(raw, error) from None
    if type(fields) is not dict:
        raise _Fault("not_an_object", f"expected a JSON object, found {_described(fields)}")
    return fields


def _undecodable(raw: bytes, error: Exception) -> _Fault:
    try:
        text = raw.decode()
    except UnicodeDecodeError as fault:
        return _Fault("not_utf8", f"expected UTF-8, but byte {fault.start} is not")
    if not text.strip():
        return _Fault("not_json", "expected a JSON object, found nothing")
    if text.startswith("\ufeff"):
        return _Fault("not_json", "starts with a byte order mark; expected UTF-8 without one")
    hint = ""
    if re.search(r"\b(?:NaN|Infinity)\b", text):
        hint = " (NaN and Infinity are no JSON: leave the field out)"
    return _Fault("not_json", f"expected a JSON object: {error}{hint}")


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


def _no_type(kind: Any) -> _Fault:
    if kind is None or kind == "":
        return _Fault("missing_field", "type: is missing; expected one such as call.started")
    if type(kind) is not str:
        return _Fault("wrong_type", f"type: expected text, found {_described(kind)}")
    return _Fault("unknown_type", f"type: {shown(kind)} is not known; expected one of the contract")


def _missing(plan: _Plan, data: dict[str, Any], fields: dict[str, Any]) -> _Fault:
    name = min(plan.required - data.keys())
    state = "is missing"
    if name in fields:
        state = "is null" if fields[name] is None else "is empty"
    return _Fault("missing_field", f"{name}: {state}; {plan.kind.name} needs it")


def _implausible(written: str, at: int, logged_at: int) -> _Fault:
    if at < EARLIEST:
        detail = f"occurred_at: {written} lies before 2000-01-01; is the source's clock set?"
        return _Fault("implausible_time", detail)
    hours, minutes = divmod((at - logged_at) // 60_000, 60)
    ahead = f"{hours} h {minutes} min" if hours else f"{minutes} min"
    detail = (
        f"occurred_at: {written} is {ahead} ahead of when it was received (at most 5 min);"
        " are the source's clock and time zone right?"
    )
    return _Fault("implausible_time", detail)


def _bad_text(name: str, value: Any) -> _Fault:
    if type(value) is str:
        detail = f"{name}: has {len(value)} characters; expected at most {MAX_TEXT}"
        return _Fault("too_large", detail)
    return _Fault("wrong_type", f"{name}: expected text, found {_described(value)}")


def _read_text(field: Field, value: Any) -> str:
    if type(value) is not str or len(value) > MAX_TEXT:
        raise _bad_text(field.name, value)
    return value


def _read_choice(field: Field, value: Any) -> str:
    text = _read_text(field, value)
    if text not in field.choices:
        allowed = ", ".join(field.choices)
        raise _Fault("bad_value", f"{field.name}: expected one of {allowed}; found {shown(text)}")
    return text


def _read_customer(field: Field, value: Any) -> str:
    text = _read_text(field, value)
    if is_phone(text):
        return text
    for prefix in _PREFIXES:
        if text.startswith(prefix) and len(text) > len(prefix):
            if is_phone(text[len(prefix) :]):
                break
            return text
    raise _Fault(
        "bad_customer",
        f"{field.name}: expected a phone such as +74951234567, or crm:<id>, anonymous:<call_id>,"
        f" ext:<extension>; found {shown(text)}",
    )


def _read_customers(field: Field, value: Any) -> list[str]:
    if type(value) is not list:
        raise _Fault("wrong_type", f"{field.name}: expected a list, found {_described(value)}")
    if not 1 <= len(value) <= MAX_LINKED:
        detail = f"{field.name}: expected 1 to {MAX_LINKED} customers, found {len(value)}"
        raise _Fault("bad_value", detail)
    return [_read_customer(field, item) for item in value]


def _read_moment(field: Field, value: Any) -> int:
    if type(value) is not str:
        detail = f"{field.name}: expected a time as text, found {_described(value)}"
        raise _Fault("wrong_type", detail)
    try:
        since = msgspec.convert(value, _Moment) - _EPOCH
    except (msgspec.ValidationError, OverflowError):
        raise _Fault(
            "bad_time",
            f"{field.name}: expected RFC 3339 with an offset, such as"
            f" 2027-01-31T09:00:00.000+03:00; found {shown(value)}",
        ) from None
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def _read_number(field: Field, value: Any) -> int | float:
    if type(value) is not int and type(value) is not float:
        raise _Fault("wrong_type", f"{field.name}: expected a number, found {_described(value)}")
    if not 0 <= value <= 1_000_000:
        raise _Fault("bad_value", f"{field.name}: expected 0 to 1000000, found {value}")
    number: int | float = value
    return number


def _read_decimal(field: Field, value: Any) -> str:
    if type(value) not in (int, float, str):
        raise _Fault("wrong_type", f"{field.name}: expected an amount, found {_described(value)}")
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) >= _LARGEST_AMOUNT:
        detail = f"{field.name}: expected an amount such as 1500.50, found {shown(str(value))}"
        raise _Fault("bad_value", detail)
    return format(amount, "f")


def _read_flag(field: Field, value: Any) -> bool:
    if type(value) is not bool:
        detail = f"{field.name}: expected true or false, found {_described(value)}"
        raise _Fault("wrong_type", detail)
    return value


def _read_scores(field: Field, value: Any) -> dict[str, int | float]:
    if type(value) is not dict:
        detail = f"{field.name}: expected an object of numbers, found {_described(value)}"
        raise _Fault("wrong_type", detail)
    return {
        name: _read_number(Field(f"{field.name}.{name[:60]}"), score)
        for name, score in value.items()
    }


def _kept(value: Any) -> Any:
    """An unknown value as it can be passed on: whole numbers beyond 64 bits become text."""
    if type(value) is int:
        return value if -_INT64 <= value < _INT64 else str(value)
    if type(value) is list:
        return [_kept(item) for item in value]
    if type(value) is dict:
        return {name: _kept(item) for name, item in value.items()}
    return value


def shown(text: str) -> str:
    """The text as a detail may quote it: short, and with hidden digits where it holds a phone."""
    cut = text if len(text) <= 60 else text[:57] + "..."
    return repr(_LONG_NUMBER.sub(lambda m: re.sub(r"\d(?=(?:\D*\d){2})", "*", m.group()), cut))


def _described(value: Any) -> str:
    names = {bool: "true or false", str: "text", list: "a list", dict: "an object"}
    return "nothing" if value is None else names.get(type(value), "a number")


_READERS: dict[Kind, Callable[[Field, Any], Any]] = {
    Kind.CHOICE: _read_choice,
    Kind.CUSTOMER: _read_customer,
    Kind.CUSTOMERS: _read_customers,
    Kind.MOMENT: _read_moment,
    Kind.NUMBER: _read_number,
    Kind.DECIMAL: _read_decimal,
    Kind.FLAG: _read_flag,
    Kind.SCORES: _read_scores,
}
_PLANS: dict[str, _Plan] = {name: _Plan(kind) for name, kind in EVENT_TYPES.items()}
