"""What is edited in the configuration folder while the sink runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from streams.settings import Settings
from streams.sinks.planning_service import PlanningService

HEADER = "subject_kind,subject,kpi,period_start,period_end,value\n"


@asynccontextmanager
async def at_work(url: str, folder: Path) -> AsyncIterator[None]:
    service = PlanningService(replace(Settings(), clickhouse=url, config=folder), look_every=0.05)
    stop = asyncio.Event()
    task = asyncio.create_task(service.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


async def comes(check: Callable[[], bool]) -> None:
    """Returns when the check holds; fails when it does not within a time."""
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(check):  # noqa: ASYNC110 - ClickHouse tells nobody of its rows
            await asyncio.sleep(0.05)


def plans(store: Client) -> list[tuple[object, ...]]:
    query = "SELECT subject_kind, subject, kpi, toString(period_end), plan FROM sales.plans ORDER BY ALL"
    return [tuple(row) for row in store.query(query).result_rows]


def test_changed_plans_are_written_and_faulty_ones_change_nothing(
    store: Client, migrated: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "directory.yaml").write_text("groups: {sales: }\nmanagers: {m1: {group: sales}}")
    file = tmp_path / "plans.csv"
    first = [("all", "all", "deals_won", "2027-01-31", 60.0)]
    second = [*first, ("manager", "m1", "deals_won", "2027-01-31", 15.0)]
    text = HEADER + "all,all,deals_won,2027-01-01,2027-01-31,60\n"

    async def edit() -> None:
        async with at_work(migrated, tmp_path):
            await comes(lambda: plans(store) == first)
            file.write_text(text + "manager,m2,deals_won,2027-01-01,2027-01-31,15\n")
            await comes(lambda: "plans.csv, line 3, subject: expected one of m1" in caplog.text)
            assert plans(store) == first
            file.write_text(text + "manager,m1,deals_won,2027-01-01,2027-01-31,15\n")
            await comes(lambda: plans(store) == second)
            file.unlink()
            await comes(lambda: plans(store) == [])

    file.write_text(text)
    with caplog.at_level(logging.ERROR):
        asyncio.run(edit())
