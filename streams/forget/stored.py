"""The phone in ClickHouse: where it stands, and how it is taken out, from old versions of rows too.

What removes is a mutation: it writes the parts anew, and the files of the old ones are deleted a minute
later (migration 0083). A mutation's text is kept by ClickHouse, so it never names the phone.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from streams.forget.wanted import Wanted
from streams.sinks.connection import ROWS

_AT_ONCE = {"mutations_sync": 2, "max_query_size": 8 << 20}
_UNLOGGED = {"log_queries": 0}
_LETTER = "if(encoding = 'base64', tryBase64Decode(payload), payload)"
#: Events whose texts are exchanged by one mutation.
_EVENTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out of ClickHouse, and what could not be."""

    customers: int  #: rows of the table that holds phones
    dead_letters: int
    own_events: (
        int  #: events of the customer of which the fields that the contract does not know were cleared
    )
    other_events: int  #: events of others that had the phone in a text
    left: list[str]  #: `table.column: number of rows`


def keys_of(client: Client, wanted: Wanted) -> list[str]:
    """Keys under which the phone stands: the one of this secret, and what another secret made of it."""
    rows = client.query(
        f"SELECT DISTINCT customer FROM {ROWS}.customers "
        f"WHERE phone = unhex('{wanted.phone.encode().hex()}') AND customer != {{key:String}}",
        parameters={"key": wanted.key},
        settings=_UNLOGGED,
    ).result_rows
    return [wanted.key, *sorted(str(key) for (key,) in rows)]


def last_contact(client: Client, keys: Sequence[str]) -> datetime | None:
    """When Kafka got the customer's last event, as naive UTC; None when there is none."""
    rows = client.query(
        f"SELECT max(logged_at), count() FROM {ROWS}.events WHERE customer IN {{keys:Array(String)}}",
        parameters={"keys": list(keys)},
    ).result_rows
    at, count = rows[0]
    return at if count else None


def remove(client: Client, wanted: Wanted, keys: Sequence[str]) -> Removed:
    """Takes the phone out of every table; raises clickhouse-connect's errors."""
    customers = _customers(client, keys)
    letters = _dead_letters(client, wanted)
    own = _own_events(client, keys)
    others = _other_events(client, wanted)
    return Removed(customers, letters, own, others, list(_left(client, wanted)))


def _customers(client: Client, keys: Sequence[str]) -> int:
    """The row without a phone that the sink stored stays: it outlives any older row that is read again."""
    where = "customer IN {keys:Array(String)} AND (phone != '' OR phone_masked != '' OR name != '')"
    return _deleted(client, "customers", where, {"keys": list(keys)})


def _dead_letters(client: Client, wanted: Wanted) -> int:
    found = client.query(
        f"SELECT DISTINCT origin FROM {ROWS}.dead_letters "
        f"WHERE {wanted.in_sql(_LETTER)} OR {wanted.in_sql('detail')}",
        settings=_UNLOGGED,
    ).result_rows
    origins = [str(origin) for (origin,) in found]
    if origins:
        _deleted(client, "dead_letters", "origin IN {origins:Array(String)}", {"origins": origins})
    return len(origins)


def _own_events(client: Client, keys: Sequence[str]) -> int:
    where, parameters = "customer IN {keys:Array(String)} AND extra != ''", {"keys": list(keys)}
    count = _count(client, "events", where, parameters)
    if count:
        client.command(
            f"ALTER TABLE {ROWS}.events UPDATE extra = '' WHERE {where}",
            parameters=parameters,
            settings=_AT_ONCE,
        )
    return count


def _other_events(client: Client, wanted: Wanted) -> int:
    found = client.query(
        f"SELECT source, event_id, data, extra FROM {ROWS}.events "
        f"WHERE {wanted.in_sql('data')} OR {wanted.in_sql('extra')}",
        settings=_UNLOGGED,
    ).result_rows
    cleaned = [
        (str(source), str(event_id), _known(data, wanted), _unknown(extra, wanted))
        for source, event_id, data, extra in found
    ]
    for start in range(0, len(cleaned), _EVENTS_AT_ONCE):
        _exchange(client, cleaned[start : start + _EVENTS_AT_ONCE])
    return len({row[:2] for row in cleaned})


def _exchange(client: Client, rows: Sequence[tuple[str, str, str, str]]) -> None:
    ids = [(source, event_id) for source, event_id, _, _ in rows]
    place = "indexOf({ids:Array(Tuple(String, String))}, (toString(source), event_id))"
    client.command(
        f"ALTER TABLE {ROWS}.events UPDATE data = {{data:Array(String)}}[{place}], "
        f"extra = {{extra:Array(String)}}[{place}] "
        "WHERE (toString(source), event_id) IN {ids:Array(Tuple(String, String))}",
        parameters={"ids": ids, "data": [row[2] for row in rows], "extra": [row[3] for row in rows]},
        settings=_AT_ONCE,
    )


def _known(data: str, wanted: Wanted) -> str:
    """Fields of the contract: numbers are amounts, scores and times; ids stay, or they would name nothing."""
    fields = json.loads(data) if data else {}
    kept = {name for name, value in fields.items() if name.endswith("_id") or isinstance(value, int | float)}
    return _json({name: value if name in kept else wanted.without(value) for name, value in fields.items()})


def _unknown(extra: str, wanted: Wanted) -> str:
    return _json(wanted.without(json.loads(extra))) if extra else ""


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) if fields else ""


def _left(client: Client, wanted: Wanted) -> Iterator[str]:
    """Columns of any table that hold the phone still."""
    for database, table, columns in _texts(client):
        asked = ", ".join(
            f"countIf({wanted.in_sql(f'toString(assumeNotNull(`{name}`))')})" for name in columns
        )
        (counts,) = client.query(f"SELECT {asked} FROM {database}.{table}", settings=_UNLOGGED).result_rows
        for name, count in zip(columns, counts, strict=True):
            if count:
                yield f"{database}.{table}.{name}: {count} rows"


def _texts(client: Client) -> list[tuple[str, str, list[str]]]:
    """Tables with their columns that can hold text."""
    rows = client.query(
        "SELECT c.database, c.table, groupArray(c.name) FROM system.columns AS c "
        "INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table "
        f"WHERE startsWith(c.database, '{ROWS}') AND t.engine LIKE '%MergeTree' AND c.type LIKE '%String%' "
        "GROUP BY c.database, c.table ORDER BY c.database, c.table"
    ).result_rows
    return [(str(database), str(table), list(columns)) for database, table, columns in rows]


def _deleted(client: Client, table: str, where: str, parameters: dict[str, Any]) -> int:
    count = _count(client, table, where, parameters)
    if count:
        client.command(
            f"ALTER TABLE {ROWS}.{table} DELETE WHERE {where}", parameters=parameters, settings=_AT_ONCE
        )
    return count


def _count(client: Client, table: str, where: str, parameters: dict[str, Any]) -> int:
    rows = client.query(
        f"SELECT count() FROM {ROWS}.{table} WHERE {where}", parameters=parameters
    ).result_rows
    return int(rows[0][0])
