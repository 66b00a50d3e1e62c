"""Reads back all that is stored of customers, so that the journeys stage can fold them anew."""

from collections.abc import Sequence
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from streams.records import Event, EventRow, FactKey, HistoryRecord, StoredFact
from streams.records_tables import TABLES
from streams.sinks.connection import ROWS

_EVENTS = """
SELECT arrayIntersect(arrayConcat([customer], also), {customers:Array(String)}), customer,
    raw_topic, raw_partition, raw_offset, toUnixTimestamp64Milli(logged_at), config,
    source, event_id, type, toUnixTimestamp64Milli(at), manager, `group`, data, extra
FROM {database:Identifier}.events FINAL
WHERE customer IN {customers:Array(String)} OR hasAny(also, {customers:Array(String)})
ORDER BY logged_at, raw_topic, raw_partition, raw_offset"""
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

#: Tables of records that a journey replaces; facts are compared by themselves.
_RECORD_TABLES = tuple(name for name in TABLES if name != "measurements")


def read_history(
    client: Client, customers: Sequence[str], database: str = ROWS
) -> dict[str, HistoryRecord]:
    """What is stored under each key of a journey: a customer, or `deal:...`.

    One of whom nothing is stored has an empty history.

    `request` is 0: whoever answers a request fills it in. `database`: where the base tables are.
    Raises clickhouse-connect's errors.
    """
    asked = {"customers": list(customers), "database": database}
    found = {customer: HistoryRecord(customer, 0, [], [], [], {}) for customer in customers}
    for keys, customer, *values in _rows(client, _EVENTS, asked):
        for key in keys:
            found[key].configs.append(values[4])
            found[key].rows.append(_event_row(customer, values))
    for customer, *values in _rows(client, _FACTS, asked):
        entity, name, manager, group, whole, at, value, tag = values
        key = FactKey(entity, name, manager, group, bool(whole), at)
        found[customer].facts.append(StoredFact(key, value, tag))
    for table in _RECORD_TABLES:
        columns = ", ".join(f"`{column}`" for column in TABLES[table].key)
        query = _KEYS.format(table=table, columns=columns, owner=TABLES[table].owner)
        for customer, *key_values in _rows(client, query, asked):
            found[customer].keys.setdefault(table, []).append(key_values)
    return found


def _rows(client: Client, query: str, asked: dict[str, Any]) -> Sequence[Sequence[Any]]:
    rows: Sequence[Sequence[Any]] = client.query(query, parameters=asked).result_rows
    return rows


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
