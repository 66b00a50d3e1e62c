"""Reads the fields of a canonical event, each by the kind of value that it should hold."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from streams.customers import is_phone
from streams.event_types import MAX_LINKED, MAX_TEXT, Field, Kind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
LARGEST_AMOUNT = Decimal(10) ** 15
#: An amount as text.
AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
LARGEST_NUMBER = 1_000_000
_SHOWN = 60  #: characters of a quoted text
_LONG_NUMBER = re.compile(r"\d(?:[\s().-]{0,2}\d){6,}")
PREFIXES = ("crm:", "anonymous:", "ext:")


class Fault(Exception):
    """What is read is no event; `streams.events` turns it into an `Invalid`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def bad_text(name: str, value: Any) -> Fault:
    """The fault of a value that is no text, or too long a one."""
    if type(value) is str:
        detail = f"{name}: has {len(value)} characters; expected at most {MAX_TEXT}"
        return Fault("too_large", detail)
    return Fault("wrong_type", f"{name}: expected text, found {described(value)}")


def _read_text(field: Field, value: Any) -> str:
    if type(value) is not str or len(value) > MAX_TEXT:
        raise bad_text(field.name, value)
    return value


def _read_choice(field: Field, value: Any) -> str:
    text = _read_text(field, value)
    if text not in field.choices:
        allowed = ", ".join(field.choices)
        raise Fault("bad_value", f"{field.name}: expected one of {allowed}; found {shown(text)}")
    return text


def _read_customer(field: Field, value: Any) -> str:
    text = _read_text(field, value)
    if is_phone(text):
        return text
    for prefix in PREFIXES:
        if text.startswith(prefix) and len(text) > len(prefix):
            if is_phone(text[len(prefix) :]):
                break
            return text
    raise Fault(
        "bad_customer",
        f"{field.name}: expected a phone such as +74951234567, or crm:<id>, anonymous:<call_id>,"
        f" ext:<extension>; found {shown(text)}",
    )


def _read_customers(field: Field, value: Any) -> list[str]:
    if type(value) is not list:
        raise Fault("wrong_type", f"{field.name}: expected a list, found {described(value)}")
    if not 1 <= len(value) <= MAX_LINKED:
        detail = f"{field.name}: expected 1 to {MAX_LINKED} customers, found {len(value)}"
        raise Fault("bad_value", detail)
    return [_read_customer(field, item) for item in value]


def _read_moment(field: Field, value: Any) -> int:
    if type(value) is not str:
        detail = f"{field.name}: expected a time as text, found {described(value)}"
        raise Fault("wrong_type", detail)
    try:
        since = msgspec.convert(value, _Moment) - _EPOCH
    except (msgspec.ValidationError, OverflowError):
        raise Fault(
            "bad_time",
            f"{field.name}: expected RFC 3339 with an offset, such as"
            f" 2027-01-31T09:00:00.000+03:00; found {value[:_SHOWN]!r}",
        ) from None
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def _read_number(field: Field, value: Any) -> int | float:
    if type(value) is not int and type(value) is not float:
        raise Fault("wrong_type", f"{field.name}: expected a number, found {described(value)}")
    if not 0 <= value <= LARGEST_NUMBER:
        raise Fault("bad_value", f"{field.name}: expected 0 to {LARGEST_NUMBER}, found {value}")
    number: int | float = value
    return number


def _read_decimal(field: Field, value: Any) -> str:
    if type(value) not in (int, float, str):
        raise Fault("wrong_type", f"{field.name}: expected an amount, found {described(value)}")
    readable = type(value) is not str or AMOUNT.fullmatch(value)
    amount = Decimal(str(value)) if readable else LARGEST_AMOUNT
    if abs(amount) >= LARGEST_AMOUNT:
        detail = f"{field.name}: expected an amount such as 1500.50, found {shown(str(value))}"
        raise Fault("bad_value", detail)
    return format(amount, "f")


def _read_flag(field: Field, value: Any) -> bool:
    if type(value) is not bool:
        detail = f"{field.name}: expected true or false, found {described(value)}"
        raise Fault("wrong_type", detail)
    return value


def _read_scores(field: Field, value: Any) -> dict[str, int | float]:
    if type(value) is not dict:
        detail = f"{field.name}: expected an object of numbers, found {described(value)}"
        raise Fault("wrong_type", detail)
    return {name: _read_number(Field(f"{field.name}.{shown(name)}"), score) for name, score in value.items()}


def shown(text: str) -> str:
    """The text as a detail may quote it: short, and with hidden digits where it holds a phone."""
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return repr(_LONG_NUMBER.sub(lambda m: re.sub(r"\d(?=(?:\D*\d){2})", "*", m.group()), cut))


def described(value: Any) -> str:
    """What kind of JSON value this is, in words."""
    names = {bool: "true or false", str: "text", list: "a list", dict: "an object"}
    return "nothing" if value is None else names.get(type(value), "a number")


#: How to read each kind but plain text.
READERS: dict[Kind, Callable[[Field, Any], Any]] = {
    Kind.CHOICE: _read_choice,
    Kind.CUSTOMER: _read_customer,
    Kind.CUSTOMERS: _read_customers,
    Kind.MOMENT: _read_moment,
    Kind.NUMBER: _read_number,
    Kind.DECIMAL: _read_decimal,
    Kind.FLAG: _read_flag,
    Kind.SCORES: _read_scores,
}
