"""A migrated ClickHouse whose tables are empty at the start of each test."""

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from streams.sinks.connection import ROWS, VIEWS, connect
from streams.sinks.migrations import migrate
from streams.sinks.tables import LAYOUTS

_TABLES = (
    *LAYOUTS,
    "groups",
    "managers",
    "absences",
    "kpi_days",
    "kpi_day_records",
    "working_spans",
    "funnel_stages",
    "plans",
    "bonus_terms",
    "sources",
    "kpis",
    "closed_periods",
    "kpi_closed",
    "deals_closed",
    "bonus_closed",
    "bonus_approvals",
    "adjustments_closed",
)


@pytest.fixture(scope="module")
def migrated(clickhouse: str) -> str:
    """URL of a ClickHouse with this version's schema and nothing of earlier ones."""
    client = connect(clickhouse)
    drop(client)
    migrate(client)
    client.close()
    return clickhouse


@pytest.fixture
def store(migrated: str) -> Iterator[Client]:
    """A client of a ClickHouse with empty tables."""
    client = connect(migrated)
    empty(client)
    yield client
    client.close()


def empty(client: Client) -> None:
    """Leaves no rows in the base tables."""
    for table in _TABLES:
        client.command(f"TRUNCATE TABLE {ROWS}.{table}")


def drop(client: Client) -> None:
    """Leaves nothing of Salespulse in ClickHouse."""
    for database in (VIEWS, ROWS):
        client.command(f"DROP DATABASE IF EXISTS {database} SYNC")
