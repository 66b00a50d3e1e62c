"""Reads back all that is stored of customers, so that the journeys stage can fold them anew."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from streams.journey import further_keys, is_entity, is_manager_day
from streams.records import Event, EventRow, FactKey, HistoryRecord, StoredFact
from streams.records_tables import TABLES
from streams.sinks.connection import ROWS
from streams.sinks.history_of_days import read_days

_EVENTS = """
SELECT arrayIntersect(arrayConcat([customer], also), {customers:Array(String)}), customer,
    raw_topic, raw_partition, raw_offset, toUnixTimestamp64Milli(logged_at), config,
    source, event_id, type, toUnixTimestamp64Milli(at), manager, `group`, data, extra
FROM {database:Identifier}.events FINAL
WHERE customer IN {customers:Array(String)} OR hasAny(also, {customers:Array(String)})
ORDER BY logged_at, raw_topic, raw_partition, raw_offset"""
_LINKS = """
SELECT customer, root
FROM {database:Identifier}.customer_links FINAL"""
_FACTS = """
SELECT customer, entity, name, manager, `group`, whole, toUnixTimestamp64Milli(at), value, tag
FROM {database:Identifier}.measurements FINAL
WHERE customer IN {customers:Array(String)}
ORDER BY at, name, entity, manager, `group`, whole"""
_KEYS = """
SELECT {owner}, {columns}
FROM {{database:Identifier}}.{table} FINAL
WHERE {owner} IN {{customers:Array(String)}}
ORDER BY {columns}"""

LEAD_TYPES = frozenset({"lead.created", "lead.assigned", "lead.disqualified"})

#: Tables of records that a journey replaces; facts are compared by themselves.
_RECORD_TABLES = tuple(name for name in TABLES if name != "measurements")


#: Rows of a query about these customers.
Ask = Callable[[str, Sequence[str]], Sequence[Sequence[Any]]]


def read_history(client: Client, customers: Sequence[str], database: str = ROWS) -> dict[str, HistoryRecord]:
    """What is stored under each key of a journey: a customer, `deal:...` or `manager:...`.

    One of whom nothing is stored has an empty history.

    `request` is 0: whoever answers a request fills it in. `database`: where the base tables are.
    Raises clickhouse-connect's errors.
    """

    def ask(query: str, about: Sequence[str]) -> Sequence[Sequence[Any]]:
        asked = {"customers": list(about), "database": database}
        rows: Sequence[Sequence[Any]] = client.query(query, parameters=asked).result_rows
        return rows

    found = {customer: HistoryRecord(customer, 0, [], [], [], {}) for customer in customers}
    _read_events(ask, customers, found)
    for customer, *values in ask(_FACTS, customers):
        entity, name, manager, group, whole, at, value, tag = values
        key = FactKey(entity, name, manager, group, bool(whole), at)
        found[customer].facts.append(StoredFact(key, value, tag))
    for table in _RECORD_TABLES:
        columns = ", ".join(f"`{column}`" for column in TABLES[table].key)
        query = _KEYS.format(table=table, columns=columns, owner=TABLES[table].owner)
        for customer, *key_values in ask(query, customers):
            found[customer].keys.setdefault(table, []).append(key_values)

    def ask_of_days(query: str, asked: dict[str, Any]) -> Sequence[Sequence[Any]]:
        rows: Sequence[Sequence[Any]] = client.query(
            query, parameters=asked | {"database": database}
        ).result_rows
        return rows

    read_days(ask_of_days, filter(is_manager_day, customers), found)
    return found


def _read_events(ask: Ask, customers: Sequence[str], found: dict[str, HistoryRecord]) -> None:
    """Gives each customer his events, and those of all who have handed theirs over to him."""
    roots: dict[str, list[str]] = {}
    for customer, root in ask(_LINKS, ()):
        roots.setdefault(customer, []).append(root)
    wanted = {customer: {customer} for customer in customers}
    for customer in roots:
        for over in _taken_over_by(customer, roots) & wanted.keys():
            wanted[over].add(customer)
    _fill(ask, wanted, found)
    leads = {customer: _leads_of(record) for customer, record in found.items() if not is_entity(customer)}
    removed = {customer: HistoryRecord(customer, 0, [], [], [], {}) for customer, of in leads.items() if of}
    if removed:
        _fill(ask, {customer: leads[customer] for customer in removed}, removed)
    for customer, record in removed.items():
        for row, config in zip(record.rows, record.configs, strict=True):
            if not row.event.customer:  # a removal that does not say whose lead it was
                found[customer].rows.append(row)
                found[customer].configs.append(config)


def _fill(ask: Ask, wanted: dict[str, set[str]], found: dict[str, HistoryRecord]) -> None:
    """Gives each history the events of the keys that it wants."""
    bearers: dict[str, list[str]] = {}
    for customer, keys in wanted.items():
        for key in keys:
            bearers.setdefault(key, []).append(customer)
    for keys, customer, *values in ask(_EVENTS, sorted(bearers)):
        for bearer in sorted({bearer for key in keys for bearer in bearers[key]}):
            found[bearer].configs.append(values[4])
            found[bearer].rows.append(_event_row(customer, values))


def _leads_of(record: HistoryRecord) -> set[str]:
    """Keys of the leads that a customer's events are about."""
    events = (row.event for row in record.rows)
    return {key for event in events if event.type in LEAD_TYPES for key in further_keys(event)}


def _taken_over_by(customer: str, roots: dict[str, list[str]]) -> set[str]:
    """Everybody to whom the events of a customer ever went."""
    found: set[str] = set()
    open_ = [customer]
    while open_:
        further = [root for root in roots.get(open_.pop(), ()) if root not in found]
        found.update(further)
        open_ += further
    return found


def _event_row(customer: str, values: list[Any]) -> EventRow:
    topic, partition, offset, logged_at, _, source, event_id, kind, at, *rest = values
    manager, group, data, extra = rest
    event = Event(
        source=source,
        event_id=event_id,
        type=kind,
        at=at,
        customer=customer,
        manager=manager,
        group=group,
        data=msgspec.json.decode(data) if data else {},
        extra=msgspec.json.decode(extra) if extra else {},
    )
    return EventRow(topic, partition, offset, logged_at, event)
