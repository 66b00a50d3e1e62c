"""Servers that only the tests of the embedded ClickHouse need."""

from collections.abc import Iterator

import pytest

from tests.fixtures_clickhouse import EmbeddedClickHouse
from tests.local.curl import curl, done

STRICT_PASSWORD = "p:w ö"
STRICT_BODY = 100_000


@pytest.fixture(scope="session")
def strict_clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    """One with a password, small bodies, and a reader who can't change settings (readonly=1)."""
    server = EmbeddedClickHouse(
        tmp_path_factory.mktemp("strict") / "data",
        ("--max-body", str(STRICT_BODY)),
        SALESPULSE_CLICKHOUSE_PASSWORD=STRICT_PASSWORD,
        SALESPULSE_CLICKHOUSE_READONLY="1",
    ).start()
    yield server
    server.kill()


@pytest.fixture
def table(clickhouse: str) -> str:
    """Name of an empty table with the columns id and name."""
    for statement in (
        "CREATE DATABASE IF NOT EXISTS front",
        "DROP TABLE IF EXISTS front.lines",
        "CREATE TABLE front.lines (id UInt32, name String) ENGINE = MergeTree ORDER BY id",
    ):
        done(curl(clickhouse, statement))
    return "front.lines"
