"""An embedded ClickHouse inside the test process, with the base tables as migrations make them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from chdb import session as chdb_session

from streams.kpis.sql import pane_arrays_sql, pane_columns

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas" / "clickhouse"
TABLES = (
    "measurements",
    "kpi_minutes",
    "kpi_now",
    "kpis",
    "kpi_days",
    "kpi_day_records",
    "calls",
    "groups",
    "managers",
)

_MAKES = re.compile(rf"(CREATE TABLE IF NOT EXISTS|ALTER TABLE) sales_rows\.({'|'.join(TABLES)})\s")


class Tables:
    """Database `sales_rows` with the tables that the KPI read."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.do("CREATE DATABASE sales_rows")
        self.do("CREATE DATABASE sales")
        for file in sorted(SCHEMAS.glob("*.sql")):
            for statement in file.read_text().split(";\n"):
                if _MAKES.search(statement):
                    self.do(statement)
        for name, kind in pane_columns():
            self.do(f"ALTER TABLE sales_rows.kpi_minutes ADD COLUMN {name} {kind}")
        for statement in pane_arrays_sql():
            self.do(statement)

    def do(self, sql: str) -> None:
        """Runs a statement."""
        self._session.query(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        text = str(
            self._session.query(f"{sql} SETTINGS output_format_json_quote_64bit_integers = 0", "JSONCompact")
        )
        return [tuple(row) for row in json.loads(text)["data"]]

    def put(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Inserts rows into a table of `sales_rows`."""
        lines = "\n".join(json.dumps(row) for row in rows)
        self.do(f"INSERT INTO sales_rows.{table} FORMAT JSONEachRow {lines}")

    def clear(self) -> None:
        """Empties all tables."""
        for table in TABLES:
            self.do(f"TRUNCATE TABLE sales_rows.{table}")


@pytest.fixture(scope="session")
def engine() -> Iterator[Tables]:
    """One engine a process is all that there can be."""
    session: Any = chdb_session.Session()  # type: ignore[no-untyped-call]
    yield Tables(session)
    session.close()


@pytest.fixture
def tables(engine: Tables) -> Tables:
    """The tables, empty."""
    engine.clear()
    return engine
