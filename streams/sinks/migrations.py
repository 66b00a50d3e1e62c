"""Brings ClickHouse to the schema of this version: numbered SQL files, applied once, in order.

`schemas/clickhouse/NNNN_what.sql` are forward-only: a file that was applied must never change, and
the runner refuses to go on when one did. What was applied stands in `sales_rows.migrations`. After
the files come the parts that are generated from the KPI declarations (see `generated`).
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.client import Client

from streams.settings import Settings
from streams.sinks.connection import ROWS, connect
from streams.sinks.generated import generated_statements

FOLDER = Path(__file__).resolve().parents[2] / "schemas" / "clickhouse"

_FILE_NAME = re.compile(r"[0-9]{4}_[a-z0-9_]+")
_STATUS = (
    f"CREATE DATABASE IF NOT EXISTS {ROWS}",
    f"""
    CREATE TABLE IF NOT EXISTS {ROWS}.migrations
    (
        name String,
        checksum FixedString(64) COMMENT 'SHA-256 of the text that was applied',
        applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
    )
    ENGINE = MergeTree
    ORDER BY (name, applied_at)
    COMMENT 'Migrations that were applied; the newest checksum of a name holds'
    """,
)


class EditedHistory(Exception):
    """A migration that was applied has another text, or none, in this version."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self) -> list[str]:
        """The statements: each ends with a semicolon at the end of a line."""
        found = [part.strip() for part in re.split(r";[ \t]*(?:\n|$)", self.text)]
        return [part for part in found if _without_comments(part)]


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """The files of a folder in order. Raises ValueError for a name or number that breaks the order."""
    found: list[Migration] = []
    numbers: set[str] = set()
    for path in sorted(folder.glob("*.sql")):
        number = path.stem[:4]
        if not _FILE_NAME.fullmatch(path.stem) or number in numbers:
            raise ValueError(f"{path.name}: migrations are named NNNN_what.sql, each number once")
        numbers.add(number)
        found.append(Migration(path.stem, path.read_text(encoding="utf-8")))
    return found


def migrate(target: Settings | Client, folder: Path = FOLDER) -> list[str]:
    """Applies what is missing and returns its names, in order; empty when all is there.

    A file is noted after its last statement, so every statement must bear being run again.
    Raises EditedHistory when an applied file was changed or has gone.
    """
    if isinstance(target, Settings):
        client = connect(target.clickhouse)
        try:
            return _migrate(client, folder)
        finally:
            client.close()
    return _migrate(target, folder)


def _migrate(client: Client, folder: Path) -> list[str]:
    for statement in _STATUS:
        client.command(statement)
    applied = applied_checksums(client)
    migrations = read_migrations(folder)
    _refuse_edited(migrations, applied)
    done: list[str] = []
    for migration in migrations:
        if migration.name not in applied:
            _apply(client, migration.name, migration.statements(), migration.checksum)
            done.append(migration.name)
    return done + _apply_generated(client, applied, folder)


def pending(client: Client, folder: Path = FOLDER) -> list[str]:
    """Names of what `migrate` would apply, without changing anything."""
    known = bool(client.command(f"EXISTS TABLE {ROWS}.migrations"))
    applied = applied_checksums(client) if known else {}
    migrations = read_migrations(folder)
    _refuse_edited(migrations, applied)
    missing = [migration.name for migration in migrations if migration.name not in applied]
    return missing + [part.name for part in _generated(folder) if applied.get(part.name) != part.checksum]


def applied_checksums(client: Client) -> dict[str, str]:
    """Name to the checksum of the text last applied under it."""
    rows = client.query(
        f"SELECT name, argMax(toString(checksum), applied_at) FROM {ROWS}.migrations GROUP BY name"
    ).result_rows
    return {str(name): str(checksum) for name, checksum in rows}


def _apply_generated(client: Client, applied: dict[str, str], folder: Path) -> list[str]:
    done: list[str] = []
    for part in _generated(folder):
        if applied.get(part.name) != part.checksum:
            _apply(client, part.name, part.statements(), part.checksum)
            done.append(part.name)
    return done


def _generated(folder: Path) -> list[Migration]:
    if folder != FOLDER:
        return []  # they belong to the tables of the product's own files
    return [
        Migration(f"{_GENERATED}{name}", ";\n".join(statements))
        for name, statements in generated_statements()
    ]


_GENERATED = "generated_"


def _apply(client: Client, name: str, statements: Iterable[str], checksum: str) -> None:
    for statement in statements:
        client.command(statement)
    client.command(
        f"INSERT INTO {ROWS}.migrations (name, checksum) VALUES ({{name:String}}, {{checksum:String}})",
        parameters={"name": name, "checksum": checksum},
        settings={"async_insert": 0},
    )


def _refuse_edited(migrations: list[Migration], applied: dict[str, str]) -> None:
    present = {migration.name: migration.checksum for migration in migrations}
    for name, checksum in sorted(applied.items()):
        if name.startswith(_GENERATED):
            continue
        if name not in present:
            raise EditedHistory(f"{name} was applied, but this version has no such migration")
        if present[name] != checksum:
            raise EditedHistory(f"{name} was applied with another text: add a new migration instead")


def _without_comments(statement: str) -> str:
    return "\n".join(line for line in statement.splitlines() if not line.lstrip().startswith("--")).strip()
