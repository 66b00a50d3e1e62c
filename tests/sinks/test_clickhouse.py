"""Writing: at least once, the newest version holds, for as long as it takes."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from streams.local.processes import free_port
from streams.records import PaneState
from streams.sinks import clickhouse as clickhouse_module
from streams.sinks.batch import Batch, Row
from streams.sinks.clickhouse import ClickHouse
from streams.sinks.connection import ROWS
from streams.sinks.generated import pane_values
from tests.sinks.faulty_proxy import CUT_AFTER, CUT_BEFORE, OVERLOADED, PASS, FaultyClickHouse


def leg(call: str, ring: Any, version: int, gone: int = 0) -> Row:
    return ["pbx", call, 1, "c1", "m1", "sales", 1_000, None, 2_000, ring, None, "no_answer", version, gone]


def batch_of(*rows: Row, table: str = "call_legs") -> Batch:
    batch = Batch()
    for row in rows:
        batch.put(table, row)
    return batch


def writing(url: str, *batches: Batch) -> None:
    """Writes batches, one after the other."""

    async def write() -> None:
        target = ClickHouse(url)
        for batch in batches:
            await target.write(batch)
        await target.close()

    asyncio.run(write())


def stored(store: Client) -> dict[str, int]:
    """Call to ring of the legs that hold."""
    rows = store.query(f"SELECT call_id, ring_ms FROM {ROWS}.call_legs FINAL").result_rows
    assert len(rows) == len({row[0] for row in rows})
    return {str(call): int(ring) for call, ring in rows}


def test_a_batch_written_twice_is_stored_once(store: Client, migrated: str) -> None:
    batch = batch_of(leg("a", 10, 1), leg("b", 20, 1))
    writing(migrated, batch, batch)
    assert stored(store) == {"a": 10, "b": 20}


def test_an_older_version_that_comes_late_changes_nothing(store: Client, migrated: str) -> None:
    writing(migrated, batch_of(leg("a", 10, 5)), batch_of(leg("a", 99, 4)))
    assert stored(store) == {"a": 10}


def test_what_is_gone_stays_gone_for_older_versions_only(store: Client, migrated: str) -> None:
    writing(migrated, batch_of(leg("a", 10, 5)), batch_of(leg("a", 10, 6, gone=1)), batch_of(leg("a", 9, 4)))
    assert stored(store) == {}
    store.command(f"OPTIMIZE TABLE {ROWS}.call_legs FINAL")
    writing(migrated, batch_of(leg("a", 9, 5)))
    assert stored(store) == {}
    writing(migrated, batch_of(leg("a", 11, 7)))
    assert stored(store) == {"a": 11}


def test_all_tables_of_a_batch_are_written(store: Client, migrated: str) -> None:
    batch = batch_of(leg("a", 10, 1))
    batch.put("measurements", ["pbx/a", "ring", "m1", "sales", True, 5_000, 10, "", "c1", 1, 0])
    batch.put("kpi_now", ["g:sales", "calls_in", "5m", 9_000, None, 0, 9_000, 0])
    batch.put("customers", ["c1", "+74951234567", "+7 *** ***-**-67", "", "", ["spam", "test"], 1, 0])
    writing(migrated, batch)
    (fact,) = store.query(
        "SELECT toUnixTimestamp64Milli(measured_at), subject FROM sales.measurements "
        "WHERE subject_kind = 'all'"
    ).result_rows
    assert fact == (5_000, "all")
    assert store.query("SELECT flags FROM sales.customers").result_rows == [(["spam", "test"],)]


def test_an_import_of_many_years_fits_into_one_batch(store: Client, migrated: str) -> None:
    month_ms = 31 * 86_400_000
    rows = [["pbx/a", "ring", "m1", "", False, n * month_ms, 1, "", "c1", 1, 0] for n in range(300)]
    writing(migrated, batch_of(*rows, table="measurements"))
    assert store.command(f"SELECT count() FROM {ROWS}.measurements") == 300


@pytest.mark.parametrize("bad", ["text", 1 << 70, [1]])
def test_a_row_that_cannot_be_stored_is_set_aside_and_the_others_are_stored(
    store: Client, migrated: str, bad: object
) -> None:
    rows = [leg(f"call{number}", number, 1) for number in range(9)]
    rows[6] = leg("bad", bad, 1)
    writing(migrated, batch_of(*rows))
    assert stored(store) == {f"call{number}": number for number in range(9) if number != 6}
    ((origin, reason, payload),) = store.query(
        "SELECT origin, reason, payload FROM sales.dead_letters"
    ).result_rows
    assert (origin, reason) == ("sink/call_legs/pbx/bad/1", "internal")
    assert str(bad) in payload


@pytest.mark.parametrize("fault", [OVERLOADED, CUT_BEFORE, CUT_AFTER])
def test_an_insert_that_fails_is_tried_again_until_it_is_stored(
    store: Client, migrated: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clickhouse_module, "_FIRST_PAUSE_S", 0.01)

    async def write() -> int:
        async with FaultyClickHouse(migrated, lambda number: fault if number < 3 else PASS) as faulty:
            target = ClickHouse(faulty.url)
            await target.write(batch_of(leg("a", 10, 1), leg("b", 20, 1)))
            await target.close()
            return faulty.inserts

    assert asyncio.run(write()) >= 4
    assert stored(store) == {"a": 10, "b": 20}


def test_a_clickhouse_that_is_away_is_waited_for(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clickhouse_module, "_FIRST_PAUSE_S", 0.05)
    pauses: list[float] = []

    async def write(url: str) -> None:
        target = ClickHouse(url)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await target.write(batch_of(leg("a", 10, 1)))
        await target.close()

    original = asyncio.sleep

    def noted(seconds: float) -> Awaitable[None]:
        pauses.append(seconds)
        return original(seconds)

    monkeypatch.setattr(asyncio, "sleep", noted)
    asyncio.run(write(f"http://127.0.0.1:{free_port()}"))
    waited = [pause for pause in pauses if pause >= 0.05]
    assert waited[:3] == [0.05, 0.1, 0.2]


def test_a_url_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="looks like http://user:password@host:8123"):
        ClickHouse("localhost:8123")


def test_rows_are_let_go_of_as_soon_as_they_are_stored(migrated: str) -> None:
    """The client's own notes of an insert lie in a cycle: what they held would stay until garbage is looked for."""

    class Held(dict[int, int]):
        """A value that can be watched, as a dict cannot."""

    async def write() -> bool:
        target = ClickHouse(migrated)
        value = Held({1: 2})
        watched = weakref.ref(value)
        await target.write(batch_of(pane(value), table="kpi_minutes"))
        del value
        await target.close()
        return watched() is None

    gc.collect()
    gc.disable()
    try:
        assert asyncio.run(write())
    finally:
        gc.enable()


def pane(histogram: dict[int, int]) -> Row:
    """A minute's row with this histogram of the wait for an answer."""
    values = pane_values(PaneState(histograms={"call_answered": histogram}))
    return ["all", 60, *values, 1, 0]
