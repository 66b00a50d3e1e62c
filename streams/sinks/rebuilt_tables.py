"""A second set of the tables that follow from the events, and how it takes the place of the first.

The tables of epoch n are made in a database of their own, `sales_rows_e<n>`, and refuse rows of an earlier
epoch by a constraint on `version`. So when they stand in `sales_rows`, a sink of the epoch before that
has not noticed yet (or was frozen for hours) can write nothing into them, whatever it tries.

Putting them in place is one EXCHANGE a table. Several processes may find that it has to be done: the
command that rebuilds, and each sink that begins in the new epoch. Who does it first gives the database a
name that only he knows, and whoever takes over from him (he may have been killed half-way) gives it
another; so each table is exchanged once, and nobody exchanges it back.
"""

import re
import secrets
from collections.abc import Iterator

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error

from streams.records import version
from streams.sinks.connection import ROWS
from streams.sinks.copies import COPIES
from streams.sinks.tables import REBUILT

_CONSTRAINT = re.compile(r"CONSTRAINT epoch CHECK version >= (\d+)")
_DATABASE = re.compile(rf"{ROWS}_e(\d+)(?:_[0-9a-f]+)?")


class TablesMissing(Exception):
    """The tables of the epoch in force are nowhere."""


def database_of(epoch: int) -> str:
    """Where the tables of an epoch are until they are in force."""
    return f"{ROWS}_e{epoch}"


def make_tables(client: Client, epoch: int) -> None:
    """Makes the tables of an epoch, empty. Raises clickhouse-connect's errors."""
    database = database_of(epoch)
    client.command(f"CREATE DATABASE {database}")
    for table in REBUILT:
        client.command(f"CREATE TABLE {database}.{table} AS {ROWS}.{table}")
        _refuse_earlier(client, f"{database}.{table}", epoch)


def _refuse_earlier(client: Client, table: str, epoch: int) -> None:
    client.command(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS epoch")
    client.command(
        f"ALTER TABLE {table} ADD CONSTRAINT IF NOT EXISTS epoch CHECK version >= {version(epoch, 0)}"
    )


def same_columns(client: Client, epoch: int) -> bool:
    """Whether the tables of an epoch still have the columns of those in force: a migration may have come."""
    columns = """
        SELECT groupArray((table, name, type, default_expression)) FROM (
            SELECT table, name, type, default_expression FROM system.columns
            WHERE database = {database:String} AND table IN {tables:Array(String)} ORDER BY table, name)"""
    told = [
        client.query(columns, parameters={"database": database, "tables": list(REBUILT)}).result_rows
        for database in (ROWS, database_of(epoch))
    ]
    return told[0] == told[1]


def put_tables_in_force(client: Client, epoch: int) -> None:
    """Puts the tables of an epoch in the place of those before, unless that is done.

    It may be called by several at once, and again after it was cut off. Raises `TablesMissing`, and
    clickhouse-connect's errors while ClickHouse is away.
    """
    mine = f"{database_of(epoch)}_{secrets.token_hex(8)}"
    while behind := [table for table in REBUILT if _epoch_of(client, ROWS, table) < epoch]:
        if not COPIES.keys().isdisjoint(behind) and _copied_anew(client, epoch, behind):
            continue
        theirs = next(_databases(client, epoch), None)
        if theirs is None:
            raise TablesMissing(
                f"the tables of epoch {epoch}, which is in force, are neither in {ROWS} nor in "
                f"{database_of(epoch)}: was ClickHouse put back to an earlier state? "
                "`salespulse rebuild` makes them anew"
            )
        try:
            client.command(f"RENAME DATABASE {theirs} TO {mine}")
            for table in REBUILT:
                if _epoch_of(client, mine, table) == epoch:
                    client.command(f"EXCHANGE TABLES {ROWS}.{table} AND {mine}.{table}")
        except Error:
            # Whoever took over from us has given it another name, and goes on.
            if next(_databases(client, epoch), None) in {theirs, mine}:
                raise


def _copied_anew(client: Client, epoch: int, behind: list[str]) -> bool:
    """Copies anew what versions that made this epoch did not yet make for it; whether there was anything.

    Their tables of the epoch lack those copies, and a materialized view copied into tables of every epoch.
    """
    waiting = {
        table
        for name in _databases(client, epoch)
        for table in behind
        if _epoch_of(client, name, table) == epoch
    }
    found = [table for table in behind if table in COPIES and COPIES[table].of not in behind]
    missing = [table for table in found if table not in waiting]
    for table in missing:
        client.command(f"INSERT INTO {ROWS}.{table} {COPIES[table].select.format(database=ROWS)}")
        client.command(
            f"ALTER TABLE {ROWS}.{table} DELETE WHERE version < {version(epoch, 0)}",
            settings={"mutations_sync": 2},
        )
        _refuse_earlier(client, f"{ROWS}.{table}", epoch)
    return bool(missing)


def drop_other_tables(client: Client) -> None:
    """Drops every set of tables that is not in force, such as the one before the last rebuild."""
    for database in list(_databases(client)):
        client.command(f"DROP DATABASE IF EXISTS {database} SYNC")


def _databases(client: Client, epoch: int | None = None) -> Iterator[str]:
    for (name,) in client.query("SELECT name FROM system.databases ORDER BY name").result_rows:
        found = _DATABASE.fullmatch(str(name))
        if found and (epoch is None or int(found[1]) == epoch):
            yield str(name)


def _epoch_of(client: Client, database: str, table: str) -> int:
    """The epoch whose rows a table takes; 0 for a table that no rebuild made, or that is not there."""
    told = client.query(
        "SELECT create_table_query FROM system.tables "
        "WHERE database = {database:String} AND name = {table:String}",
        parameters={"database": database, "table": table},
    ).result_rows
    found = _CONSTRAINT.search(str(told[0][0])) if told else None
    return int(found[1]) // version(1, 0) if found else 0
