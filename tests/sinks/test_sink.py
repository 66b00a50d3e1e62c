"""From the topics into ClickHouse, through crashes: the real broker, the real tables."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, TopicPartition

from streams.sinks import clickhouse as clickhouse_module
from streams.sinks import clickhouse_service, lane, metrics
from streams.sinks.clickhouse import ClickHouse
from streams.sinks.clickhouse_service import ClickHouseService
from streams.sinks.connection import ROWS
from streams.sinks.decoding import Decoding
from tests.sinks.faulty_proxy import CUT_AFTER, CUT_BEFORE, OVERLOADED, PASS, FaultyClickHouse
from tests.sinks.pipeline import Upstream
from tests.waiting import eventually

Check = Callable[[], bool]


@pytest.fixture
def upstream(kafka: str, migrated: str) -> Upstream:
    return Upstream(kafka, migrated)


def service(
    upstream: Upstream, url: str | None = None, reread_ms: int = 0, instance: str | None = "one"
) -> ClickHouseService:
    settings = upstream.settings
    return ClickHouseService(
        settings.kafka,
        ClickHouse(url or settings.clickhouse),
        Decoding(upstream.internal),
        group=upstream.group,
        instance=instance,
        reread_ms=reread_ms,
    )


async def run_until(running: ClickHouseService, done: Check) -> None:
    """Runs the service until the check holds, then stops it cleanly."""
    stop = asyncio.Event()
    task = asyncio.create_task(running.run(stop))
    await asyncio.to_thread(eventually, lambda: task.done() or done())
    stop.set()
    await asyncio.wait_for(task, 10)


def count(store: Client, table: str) -> int:
    rows = store.query(f"SELECT count() FROM {ROWS}.{table} FINAL").result_rows
    return int(rows[0][0])


def committed(upstream: Upstream, topic: str) -> int:
    consumer = Consumer({"bootstrap.servers": upstream.settings.kafka, "group.id": upstream.group})
    try:
        (place,) = consumer.committed([TopicPartition(topic, 0)], timeout=10)
        return int(place.offset)
    finally:
        consumer.close()


def test_everything_arrives_in_its_table_and_is_committed_afterwards(
    upstream: Upstream, store: Client
) -> None:
    upstream.calls(0, 100)
    upstream.panes(100)
    upstream.others()
    running = service(upstream)
    wanted = {"events": 100, "measurements": 100, "kpi_minutes": 4, "customers": 1, "kpi_now": 1}
    asyncio.run(run_until(running, lambda: {table: count(store, table) for table in wanted} == wanted))
    assert store.query(
        "SELECT sum(call_in_n) FROM sales.kpi_minutes WHERE subject = 'sales'"
    ).result_rows == [(100,)]
    assert store.query(
        f"SELECT state FROM sales.alerts WHERE alert_id = 'id-{upstream.group}'"
    ).result_rows == [("firing",)]
    origin = f"here/{upstream.group}"
    assert store.query(f"SELECT reason FROM sales.dead_letters WHERE origin = '{origin}'").result_rows == [
        ("not_json",)
    ]
    assert committed(upstream, upstream.internal.records) == 100
    assert running.position(upstream.internal.records, 1) == 0


def test_a_start_reads_the_last_minutes_before_the_commit_again(upstream: Upstream, store: Client) -> None:
    upstream.calls(0, 20)
    asyncio.run(run_until(service(upstream), lambda: count(store, "measurements") == 20))
    store.command(f"TRUNCATE TABLE {ROWS}.measurements")  # a power cut took what was acknowledged
    asyncio.run(run_until(service(upstream, reread_ms=600_000), lambda: count(store, "measurements") == 20))
    assert committed(upstream, upstream.internal.records) == 20
    store.command(f"TRUNCATE TABLE {ROWS}.measurements")
    upstream.calls(20, 25)
    asyncio.run(run_until(service(upstream), lambda: count(store, "measurements") == 5))


def test_a_record_that_cannot_be_read_stops_nothing(upstream: Upstream, store: Client) -> None:
    upstream.send(upstream.internal.records, b"\xff\xff")
    upstream.calls(0, 3)
    asyncio.run(run_until(service(upstream), lambda: count(store, "measurements") == 3))
    origin = f"{upstream.internal.records}/0/0"
    rows = store.query(
        f"SELECT reason, encoding FROM sales.dead_letters WHERE origin = '{origin}'"
    ).result_rows
    assert rows == [("internal", "base64")]


def test_faults_of_clickhouse_lose_nothing_and_count_nothing_twice(
    upstream: Upstream, store: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clickhouse_module, "_FIRST_PAUSE_S", 0.01)
    faults = [OVERLOADED, CUT_AFTER, PASS, CUT_BEFORE, CUT_AFTER, PASS, OVERLOADED, CUT_AFTER]

    async def run() -> None:
        async with FaultyClickHouse(
            upstream.settings.clickhouse, lambda number: faults[number] if number < len(faults) else PASS
        ) as faulty:
            running = service(upstream, faulty.url)
            await run_until(
                running, lambda: count(store, "measurements") == 300 and count(store, "kpi_minutes") == 10
            )

    upstream.calls(0, 300)
    upstream.panes(300)
    asyncio.run(run())
    assert store.query(
        "SELECT sum(call_in_n) FROM sales.kpi_minutes WHERE subject_kind = 'all'"
    ).result_rows == [(300,)]


def retries() -> float:
    samples = (sample for family in metrics.RETRIES.collect() for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))


def test_memory_stays_bounded_while_clickhouse_is_away(upstream: Upstream, store: Client) -> None:
    upstream.calls(0, 400)

    async def run() -> int:
        running = service(upstream, "http://127.0.0.1:9")
        stop = asyncio.Event()
        task = asyncio.create_task(running.run(stop))
        await asyncio.to_thread(eventually, lambda: running._rest.gathered.full)
        held = len(running._rest.gathered.batch)
        before = retries()
        await asyncio.to_thread(eventually, lambda: retries() > before)
        assert len(running._rest.gathered.batch) == held
        stop.set()
        await asyncio.wait_for(task, 10)
        return held

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lane, "_FLUSH_ROWS", 100)
        patch.setattr(clickhouse_service, "_LAST_WRITE_S", 0.2)
        assert asyncio.run(run()) <= 101
    assert committed(upstream, upstream.internal.records) < 0
    asyncio.run(run_until(service(upstream), lambda: count(store, "measurements") == 400))


def test_live_values_and_alerts_do_not_wait_for_the_rest(upstream: Upstream, store: Client) -> None:
    def live_is_there() -> bool:
        return bool(count(store, "kpi_now") and count(store, "alerts"))

    async def run() -> None:
        running, stop = service(upstream), asyncio.Event()
        task = asyncio.create_task(running.run(stop))
        await asyncio.to_thread(eventually, lambda: live_is_there() and len(running._rest.gathered.batch))
        assert (count(store, "events"), count(store, "measurements")) == (0, 0)
        assert committed(upstream, upstream.internal.records) < 0
        stop.set()
        await asyncio.wait_for(task, 10)

    upstream.calls(0, 20)
    upstream.others()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clickhouse_service, "_REST_S", 3600.0)
        asyncio.run(run())
    assert (count(store, "events"), count(store, "measurements")) == (20, 20)


def test_processes_that_come_and_go_share_the_work_and_lose_nothing(
    upstream: Upstream, store: Client
) -> None:
    async def run() -> None:
        first = service(upstream, instance=None)
        stop = asyncio.Event()
        task = asyncio.create_task(first.run(stop))
        await asyncio.to_thread(upstream.calls, 0, 300)
        second = service(upstream, instance=None)
        other_stop = asyncio.Event()
        other = asyncio.create_task(second.run(other_stop))
        await asyncio.to_thread(upstream.calls, 300, 600)
        await asyncio.to_thread(eventually, lambda: count(store, "measurements") >= 300)
        stop.set()
        await asyncio.wait_for(task, 20)
        await asyncio.to_thread(upstream.calls, 600, 900)
        await asyncio.to_thread(eventually, lambda: count(store, "events") == 900)
        await asyncio.to_thread(eventually, lambda: count(store, "measurements") == 900)
        other_stop.set()
        await asyncio.wait_for(other, 20)

    asyncio.run(run())


@contextmanager
def role(upstream: Upstream) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the role as a process of its own; ends what is left of them."""
    settings = upstream.settings.environment() | {"SALESPULSE_INSTANCE": "one"}
    code = (
        "from streams.epochs import in_force; from streams.settings import Settings; "
        "from streams.sinks.service import run_sink; "
        "settings = Settings.from_env(); run_sink(settings, in_force(settings))"
    )
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", code], env={**os.environ, **settings}, start_new_session=True
            )
        )
        return started[-1]

    try:
        yield start
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_killed_at_any_moment_it_stores_all_and_it_ends_cleanly_when_asked(
    upstream: Upstream, store: Client
) -> None:
    with role(upstream) as start:
        for least in (50, 550, 1050):
            process = start()
            upstream.calls(least - 50, least + 450)
            upstream.panes(least + 450)
            eventually(partial(more_than, store, least), within=30)
            process.kill()
            process.wait()
        process = start()
        upstream.calls(1500, 1600)
        eventually(lambda: count(store, "events") == count(store, "measurements") == 1600, within=30)
        eventually(lambda: count(store, "kpi_minutes") == 50, within=30)
        process.terminate()
        assert process.wait(10) == 0
    rows = store.query(
        "SELECT subject, sum(call_in_n) FROM sales.kpi_minutes GROUP BY subject ORDER BY subject"
    )
    assert rows.result_rows == [("all", 1500), ("sales", 1500)]
    assert store.command("SELECT count() FROM sales.managers") == 12


def more_than(store: Client, least: int) -> bool:
    return count(store, "measurements") > least
