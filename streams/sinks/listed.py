"""Keeps a table equal to what is listed in the configuration."""

from collections.abc import Sequence
from typing import Any

from clickhouse_connect.driver.client import Client

from streams.sinks.connection import ROWS, WRITE_SETTINGS


def write_listed(
    client: Client, table: str, key: int, columns: Sequence[str], rows: list[list[Any]], now: int
) -> None:
    """Writes the rows at `now` (ms), and the end of those stored under other keys.

    The first `key` columns are the table's key; `version` and `gone` it has besides.
    """
    named = ", ".join(f"`{column}`" for column in columns)
    listed = {tuple(row[:key]) for row in rows}
    stored = client.query(f"SELECT {named} FROM {ROWS}.{table} FINAL").result_rows
    gone = [[*row, now, 1] for row in stored if tuple(row[:key]) not in listed]
    written = [[*row, now, 0] for row in rows] + gone
    if written:
        names = [*columns, "version", "gone"]
        client.insert(table, written, column_names=names, database=ROWS, settings=WRITE_SETTINGS)
