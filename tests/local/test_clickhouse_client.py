"""clickhouse-connect, the client that the product and Superset use, against the same server."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

ROWS = [
    (1, "one", datetime(2026, 3, 1, 8, 0, 0, 125000, tzinfo=UTC), None),
    (2, "два\t'x'", datetime(2026, 3, 2, tzinfo=UTC), 0.5),
]
COLUMNS = ["id", "name", "at", "share"]


@pytest.fixture
def client(clickhouse: str) -> Iterator[Client]:
    with clickhouse_connect.get_client(dsn=clickhouse, autogenerate_session_id=False) as client:
        client.command("CREATE DATABASE IF NOT EXISTS front")
        client.command("DROP TABLE IF EXISTS front.things")
        client.command(
            "CREATE TABLE front.things (id UInt64, name String, at DateTime64(3, 'UTC'), "
            "share Nullable(Float64)) ENGINE = MergeTree ORDER BY id"
        )
        yield client


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", False])
def test_inserted_rows_come_back_unchanged(client: Client, clickhouse: str, compression: str | bool) -> None:
    with clickhouse_connect.get_client(dsn=clickhouse, compress=compression) as packing:
        summary = packing.insert("things", ROWS, column_names=COLUMNS, database="front")
        assert summary.written_rows == 2
        found = packing.query("SELECT * FROM front.things ORDER BY id", tz_mode="aware").result_rows
    assert [tuple(row) for row in found] == ROWS


def test_parameters_are_bound_by_the_server(client: Client) -> None:
    values = {"text": 'it\'s\ta \\ "test"\n', "list": ["a'b", "", "\\"], "number": -7}
    found = client.query("SELECT {text:String}, {list:Array(String)}, {number:Int32}", parameters=values)
    assert found.result_rows == [(values["text"], values["list"], -7)]


def test_settings_count_for_one_query_alone(client: Client) -> None:
    sql = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    usual = client.command(sql)
    assert client.command(sql, settings={"max_block_size": 77}) == 77
    assert client.command(sql) == usual


def test_a_failure_has_its_code(client: Client) -> None:
    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE") as failed:
        client.query("SELECT * FROM front.nothing")
    assert failed.value.code == 60


def test_the_async_client_does_the_same(client: Client, clickhouse: str) -> None:
    async def use() -> list[Sequence[object]]:
        other = await clickhouse_connect.get_async_client(dsn=clickhouse)
        await other.insert("things", ROWS, column_names=COLUMNS, database="front")
        answers = await asyncio.gather(
            *(other.query(f"SELECT {n}, count() FROM front.things") for n in range(8))
        )
        await other.close()
        return [row for answer in answers for row in answer.result_rows]

    assert asyncio.run(use()) == [(n, 2) for n in range(8)]
