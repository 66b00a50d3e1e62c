"""Writes batches of rows to ClickHouse, for as long as it takes.

`write` returns when every row is stored. While ClickHouse is away or overloaded it tries again with
growing pauses; a batch that ClickHouse refuses for its content is cut in halves until the bad row
stands alone and becomes a dead letter. Writing a batch again is harmless: the tables replace rows
by identity and version.
"""

import asyncio
import logging
import struct
import time
from typing import Any

import aiohttp
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import DataError, Error

from streams.clock import now_ms
from streams.sinks import metrics
from streams.sinks.batch import Batch, Row
from streams.sinks.connection import ROWS, WRITE_SETTINGS, connect_async, parameters
from streams.sinks.tables import LAYOUTS, REBUILT

_LOG = logging.getLogger(__name__)

#: A batch has one row of each key already, so that there is nothing to merge before its part is written.
_INSERT_SETTINGS = {**WRITE_SETTINGS, "optimize_on_insert": 0}

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 10.0

#: Codes with which ClickHouse says that a value cannot be stored, whoever sends it and when:
#: cannot parse, argument out of bound, type mismatch, cannot convert, incorrect data, value out of
#: range, null into a column without nulls, string too large.
_CONTENT_CODES = frozenset({6, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 131, 321, 349, 674})
_CONTENT_FAULTS = (DataError, TypeError, ValueError, OverflowError, struct.error, AttributeError)
_AWAY_FAULTS = (Error, OSError, aiohttp.ClientError, TimeoutError, LookupError)
_FAULTS = (*_CONTENT_FAULTS, *_AWAY_FAULTS)


class ClickHouse:
    """One way in for all tables; inserts of one batch go side by side, one per table."""

    def __init__(self, url: str, rebuilt_in: str = ROWS) -> None:
        """`rebuilt_in`: database of the tables that a rebuild makes anew; all others stand in one place."""
        self._rebuilt_in = rebuilt_in
        parameters(url)  # a wrong URL is a fault of the settings, not one of a row
        self._url = url
        self._client: AsyncClient | None = None
        self._connecting = asyncio.Lock()
        self._types: dict[str, list[str]] = {}

    async def write(self, batch: Batch) -> None:
        """Stores all rows of a batch, however long it takes. Only cancelling ends it early."""
        async with asyncio.TaskGroup() as writing:
            for table, rows in batch.tables.items():
                writing.create_task(self._store(table, list(rows.values())))

    async def close(self) -> None:
        """Lets go of the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _store(self, table: str, rows: list[Row]) -> None:
        """Stores rows of one table: tries again while ClickHouse is away, sets bad rows aside."""
        pause = _FIRST_PAUSE_S
        while True:
            started = time.monotonic()
            try:
                await self._insert(table, rows)
            except _FAULTS as fault:
                if _is_about_content(fault):
                    await self._divide(table, rows, fault)
                    return
                metrics.RETRIES.labels(table).inc()
                _LOG.warning("cannot write %s, again in %.1f s: %s", table, pause, _short(fault))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            else:
                metrics.FLUSH_SECONDS.labels(table).observe(time.monotonic() - started)
                metrics.ROWS.labels(table).inc(len(rows))
                return

    async def _divide(self, table: str, rows: list[Row], fault: Exception) -> None:
        if len(rows) > 1:
            middle = len(rows) // 2
            await self._store(table, rows[:middle])
            await self._store(table, rows[middle:])
            return
        metrics.REFUSED.labels(table).inc()
        _LOG.error("ClickHouse cannot store a row of %s, set aside: %s", table, _short(fault))
        if table != "dead_letters":
            await self._store("dead_letters", [_refused(table, rows[0], fault)])

    async def _insert(self, table: str, rows: list[Row]) -> None:
        client = await self._connected()
        database = self._rebuilt_in if table in REBUILT else ROWS
        types = self._types.get(table)
        if types is None:
            types = self._types[table] = await _column_types(client, database, table)
        columns = list(zip(*rows, strict=True))
        try:
            await client.insert(
                table,
                columns,
                column_names=LAYOUTS[table].columns,
                database=database,
                column_type_names=types,
                column_oriented=True,
                settings=_INSERT_SETTINGS,
            )
        finally:
            # What the client notes of an insert is a cycle, which held these until garbage is looked for.
            columns.clear()

    async def _connected(self) -> AsyncClient:
        async with self._connecting:
            if self._client is None:
                self._client = await connect_async(self._url)
            return self._client


async def _column_types(client: AsyncClient, database: str, table: str) -> list[str]:
    """Types of the columns to insert, in order. Raises LookupError while the schema is older."""
    found = await client.query(
        "SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {table:String}",
        parameters={"database": database, "table": table},
    )
    types: dict[str, str] = dict(found.result_rows)  # type: ignore[arg-type]
    missing = [name for name in LAYOUTS[table].columns if name not in types]
    if missing:
        raise LookupError(f"table {database}.{table} lacks {', '.join(missing)}: run `salespulse migrate`")
    return [types[name] for name in LAYOUTS[table].columns]


def _is_about_content(fault: Exception) -> bool:
    if isinstance(fault, Error) and fault.code is not None:
        return fault.code in _CONTENT_CODES
    return isinstance(fault, _CONTENT_FAULTS)


def _refused(table: str, row: Row, fault: Exception) -> Row:
    layout = LAYOUTS[table]
    key = "/".join(str(value) for value in row[: layout.key])
    shown: dict[str, Any] = dict(zip(layout.columns, row, strict=True))
    now = now_ms()
    return [
        f"sink/{table}/{key}",
        "",
        -1,
        -1,
        now,
        "",
        "internal",
        f"ClickHouse cannot store this row of {table}: {_short(fault)}",
        repr(shown),
        "utf8",
        now,
        0,
    ]


def _short(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"[:500]
