"""From a raw record to an accepted event: validation, names resolved, phone replaced by its key."""

from typing import Any

import msgspec

from streams.customers import CustomerKeys
from streams.directory import Directory
from streams.events import Invalid, parse
from streams.intake.dead_letters import DeadLetter, dead_letter
from streams.intake.phones import Phones, stands_once
from streams.records import CustomerRow, Event, EventRow
from streams.topics import EVENT_TOPICS

#: What a colleague's id begins with where a customer's would stand.
STAFF = "ext:"
#: Who acts when no person does.
ROBOT = "system"

_TOPIC_INDEX = {name: index for index, name in enumerate(EVENT_TOPICS)}
#: Known fields in which digits are an amount and never a phone.
_AMOUNTS = frozenset({"amount"})


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """An accepted event, and the customers whose phones stood in it."""

    row: EventRow
    customer: CustomerRow | None  #: None when the event has none, or one that is no phone
    linked: list[CustomerRow] = []  #: the phones of `same_as`


class Intake:
    """Reads records under one configuration and one secret. A pure function of the record."""

    def __init__(self, directory: Directory, keys: CustomerKeys) -> None:
        self._directory = directory
        self._keys = keys

    def read(
        self, topic: str, partition: int, offset: int, logged_at: int, raw: bytes | None
    ) -> Accepted | DeadLetter:
        """The event in the record, or the dead letter that says why there is none.

        The phone of the customer stands in the result's `CustomerRow` alone. Where it is a
        manager's own phone at that time, the customer is `ext:<manager>`: a colleague.
        """
        parsed = parse(raw, logged_at=logged_at)
        if isinstance(parsed, Invalid):
            return dead_letter(
                raw,
                parsed,
                origin=f"{topic}/{partition}/{offset}",
                received_at=logged_at,
                topic=topic,
                partition=partition,
                offset=offset,
            )
        event, rows = self._keyed(named(self._directory, parsed), raw or b"")
        own = rows.pop(parsed.customer, None)
        row = EventRow(_TOPIC_INDEX[topic], partition, offset, logged_at, event)
        return Accepted(row, own, list(rows.values()))

    def _keyed(self, event: Event, raw: bytes) -> tuple[Event, dict[str, CustomerRow]]:
        """The event without phones, and the rows that hold them, by phone."""
        phone = event.customer if event.customer.startswith("+") else ""
        others = [each for each in event.data.get("same_as", ()) if each.startswith("+")]
        if not phone and not others:
            return event, {}
        keys: dict[str, str] = {}
        rows: dict[str, CustomerRow] = {}
        for each in ([phone] if phone else []) + others:
            staff = self._directory.owner_of_phone(each, event.at)
            keys[each] = STAFF + staff if staff else self._keys.key(each)
            if not staff:
                rows[each] = self._keys.row(each)
        customer = keys.get(phone, event.customer)
        if not others and stands_once(phone, raw):
            return _with_customer(event, customer), rows
        return _without(event, customer, Phones(keys)), rows


def named(directory: Directory, event: Event) -> Event:
    """The event with ids of the directory in place of the source's names."""
    source, at = event.source, event.at
    data = event.data
    names: dict[str, str] = {}
    for field in ("to_manager", "actor"):
        if field in data and data[field] != ROBOT:
            names[field] = directory.manager(source, data[field], at)
    if "to_group" in data:
        names["to_group"] = directory.group(source, data["to_group"], at)
    if "line" in data:
        names["line"] = directory.line(source, data["line"], at)
    if "pipeline" in data:
        pipeline = names["pipeline"] = directory.funnel.pipeline_of(source, data["pipeline"])
        if "stage" in data:
            names["stage"] = directory.funnel.stage_of(source, pipeline, data["stage"])
    return Event(
        source,
        event.event_id,
        event.type,
        at,
        event.customer,
        directory.manager(source, event.manager, at),
        directory.group(source, event.group, at),
        {**data, **names} if names else data,
        event.extra,
    )


def _with_customer(event: Event, customer: str) -> Event:
    return Event(
        event.source,
        event.event_id,
        event.type,
        event.at,
        customer,
        event.manager,
        event.group,
        event.data,
        event.extra,
    )


def _without(event: Event, customer: str, phones: Phones) -> Event:
    text = phones.text
    data = {name: _clean(name, value, phones) for name, value in event.data.items()}
    return Event(
        text(event.source),
        text(event.event_id),
        event.type,
        event.at,
        text(customer),
        text(event.manager),
        text(event.group),
        data,
        phones.value(event.extra),
    )


def _clean(name: str, value: Any, phones: Phones) -> Any:
    """A known field without phones; its numbers (times, scores, amounts) stay what they are."""
    if name in _AMOUNTS or type(value) is int or type(value) is float:
        return value
    if type(value) is dict:
        return {phones.text(key): score for key, score in value.items()}
    return phones.value(value)
