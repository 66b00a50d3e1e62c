"""The embedded ClickHouse as a process: side by side, killed, stopped, started twice."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.fixtures_clickhouse import EmbeddedClickHouse
from tests.local.curl import Reply, curl
from tests.waiting import eventually

CREATE = "CREATE OR REPLACE TABLE kept (batch UInt32, row UInt32) ENGINE = MergeTree ORDER BY (batch, row)"
ROWS_PER_BATCH = 1000

#: Runs for 3 s unless something stops it; a block per row makes it cancellable.
LONG_READ = "SELECT sum(sleepEachRow(0.02)) FROM numbers(150) SETTINGS max_block_size = 1"


def rows_of(batch: int) -> str:
    return "".join(f"{batch},{row}\n" for row in range(ROWS_PER_BATCH))


def insert(url: str, batch: int) -> Reply:
    return curl(url, rows_of(batch), params={"query": "INSERT INTO kept FORMAT CSV"})


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    process = EmbeddedClickHouse(tmp_path_factory.mktemp("process") / "data").start()
    yield process
    process.kill()


@pytest.fixture
def server(process: EmbeddedClickHouse) -> EmbeddedClickHouse:
    """A running server with an empty table."""
    assert curl(process.url, CREATE).status == 200
    return process


def running(url: str, part: str) -> bool:
    """Whether a statement with `part` in its text runs."""
    sql = "SELECT count() FROM system.processes WHERE position(query, {part:String}) > 0 AND elapsed > 0.05"
    return curl(url, sql, params={"param_part": part}).text != "0\n"


def test_a_long_query_holds_up_nobody(server: EmbeddedClickHouse) -> None:
    with ThreadPoolExecutor(4) as threads:
        urls = [server.url] * 3 + [server.reader_url]
        long_ones = [threads.submit(curl, url, LONG_READ) for url in urls]
        eventually(lambda: running(server.url, "sleepEachRow"), within=5)
        begun = time.monotonic()
        assert insert(server.url, 1).status == 200
        assert curl(server.url, "SELECT count() FROM kept").text == f"{ROWS_PER_BATCH}\n"
        assert curl(server.reader_url, "SELECT 1").text == "1\n"
        assert curl(server.url, path="/ping").text == "Ok.\n"
        took = time.monotonic() - begun
        assert not any(query.done() for query in long_ones)
        assert took < 2.0
        assert [query.result().text for query in long_ones] == ["0\n"] * 4


def test_a_query_ends_when_its_client_leaves(server: EmbeddedClickHouse) -> None:
    endless = LONG_READ.replace("150", "20000")
    for url in (server.url, server.reader_url):
        with ThreadPoolExecutor(1) as threads:
            leaving = threads.submit(
                subprocess.run, ["curl", "-s", "-m", "0.5", f"{url}/", "-d", endless], check=False
            )
            eventually(lambda: running(server.url, "numbers(20000)"), within=5)
            assert leaving.result().returncode != 0
        eventually(lambda: not running(server.url, "numbers(20000)"), within=5)


def test_readers_see_whole_batches_while_rows_come_in(server: EmbeddedClickHouse) -> None:
    seen: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            sql = f"SELECT countIf(n != {ROWS_PER_BATCH}) FROM (SELECT count() AS n FROM kept GROUP BY batch)"
            seen.append(curl(server.url, sql).text)

    with ThreadPoolExecutor(5) as threads:
        readers = [threads.submit(read) for _ in range(3)]
        writers = list(threads.map(lambda batch: insert(server.url, batch).status, range(40)))
        done.set()
        for reader in readers:
            reader.result()
    assert set(writers) == {200}
    assert set(seen) == {"0\n"}
    assert curl(server.url, "SELECT count() FROM kept").text == f"{40 * ROWS_PER_BATCH}\n"


def _reached(batches: list[int], enough: int) -> bool:
    return len(batches) >= enough


def test_kill_9_loses_no_acknowledged_insert(server: EmbeddedClickHouse) -> None:
    acknowledged: list[int] = []
    batches = iter(range(100_000))

    def write() -> None:
        with suppress(subprocess.CalledProcessError):
            acknowledged.extend(batch for batch in batches if insert(server.url, batch).status == 200)

    for more in (5, 23):
        with ThreadPoolExecutor(1) as threads:
            writing: Future[None] = threads.submit(write)
            enough = len(acknowledged) + more
            eventually(partial(_reached, acknowledged, enough), within=20, every=0.001)
            server.kill()
            writing.result()
        server.start()
        found = curl(server.url, "SELECT batch, count() FROM kept GROUP BY batch ORDER BY batch").text
        stored = {int(batch): int(rows) for batch, rows in (line.split("\t") for line in found.splitlines())}
        assert set(stored.values()) == {ROWS_PER_BATCH}
        assert set(acknowledged) <= set(stored)
        # Of what was under way, one batch may be stored and not acknowledged.
        assert len(stored) - len(acknowledged) <= 2


def test_a_stop_finishes_inserts_and_cancels_reads(server: EmbeddedClickHouse) -> None:
    slow = "INSERT INTO kept SELECT 7, number FROM numbers(100) WHERE sleepEachRow(0.02) = 0"
    endless = LONG_READ.replace("150", "20000")
    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(curl, server.url, slow)
        reading = threads.submit(curl, server.url, endless, "--max-time", "60")
        eventually(lambda: running(server.url, "INSERT INTO kept"), within=5)
        eventually(lambda: running(server.url, "numbers(20000)"), within=5)
        server.signal(signal.SIGTERM)
        assert writing.result().status == 200
        assert reading.result().code == 394
    assert server.wait() == 0
    server.start()
    assert curl(server.url, "SELECT count() FROM kept").text == "100\n"


def second(folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams.local.clickhouse"]
    arguments = ["--data-dir", str(folder), "--port", str(port)]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=30, check=False)


def test_a_folder_is_opened_by_one_server(server: EmbeddedClickHouse) -> None:
    refused = second(server.folder, server.port + 1)
    assert refused.returncode == 1
    assert f"in use by another embedded ClickHouse (process {server.pid})" in refused.stderr


def test_a_taken_port_is_named(server: EmbeddedClickHouse, tmp_path: Path) -> None:
    refused = second(tmp_path / "other", server.port)
    assert refused.returncode == 1
    assert f"port {server.port} of 127.0.0.1: " in refused.stderr
    assert "Traceback" not in refused.stderr
