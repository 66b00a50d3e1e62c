"""Puts rows into the base tables without Kafka."""

import asyncio
from collections.abc import Iterable
from typing import Any

from clickhouse_connect.driver.client import Client

from streams.clock import now_ms
from streams.records import FactKey, PaneState, StoredFact
from streams.sinks.batch import Batch, Row
from streams.sinks.clickhouse import ClickHouse
from streams.sinks.connection import connect
from streams.sinks.copies import copies
from streams.sinks.day_keeper import DayKeeper
from streams.sinks.generated import pane_values
from streams.sinks.tables import LAYOUTS


def put(url: str, table: str, *rows: Row) -> None:
    """Writes whole rows, version and gone included, and their copies in other tables."""
    batch = Batch()
    for row in rows:
        batch.put(table, row)
        for other, copy in copies(table, row, now_ms()):
            batch.put(other, copy)
    asyncio.run(_write(url, batch))


def put_named(url: str, table: str, *rows: dict[str, Any]) -> None:
    """Writes rows given by column; what is not given is empty: text "", times and numbers none."""
    columns = LAYOUTS[table].columns
    put(url, table, *([row.get(name, _EMPTY.get(name, "")) for name in columns] for row in rows))


def put_facts(url: str, *facts: StoredFact, version: int = 1, gone: int = 0) -> None:
    """Writes measurements, all of customer c1."""
    rows = [
        [k.entity, k.name, k.manager, k.group, k.whole, k.at, fact.value, fact.tag, "c1", version, gone]
        for fact in facts
        for k in (fact.key,)
    ]
    put(url, "measurements", *rows)


def put_panes(url: str, panes: Iterable[tuple[str, int, PaneState]], version: int = 1, gone: int = 0) -> None:
    """Writes panes: subject, minute (whole minutes), state."""
    rows = [[subject, minute * 60, *pane_values(state), version, gone] for subject, minute, state in panes]
    put(url, "kpi_minutes", *rows)


def put_counted(
    url: str, panes: Iterable[tuple[str, int, PaneState]], version: int = 1, gone: int = 0
) -> None:
    """Writes panes, and has their days added up."""
    put_panes(url, panes, version, gone)
    client = connect(url)
    keep_days(client)
    client.close()


def keep_days(store: Client) -> DayKeeper:
    """Brings the sums of days up to date, as the sink does; the keeper, which has looked at everything."""
    keeper = DayKeeper(store)
    while keeper.turn():
        pass
    return keeper


def fact(name: str, at: int, value: int = 1, **key: Any) -> StoredFact:
    """A measurement of group sales and the whole, unless the key says otherwise."""
    tag = key.pop("tag", "")
    given: dict[str, Any] = {"entity": "pbx/1", "manager": "", "group": "sales", "whole": True} | key
    return StoredFact(FactKey(name=name, at=at, **given), value, tag)


async def _write(url: str, batch: Batch) -> None:
    target = ClickHouse(url)
    await target.write(batch)
    await target.close()


_EMPTY: dict[str, Any] = {
    **dict.fromkeys(
        "started_at answered_at ended_at wait_ms wait_total_ms talk_ms hold_ms in_hours transferred "
        "recovered_at recovery_ms first_callback_at rating offered_at left_at ring_ms last_attempt_at "
        "due_at expires_at value threshold n created_at first_attempt_at first_attempt_ms first_contact_at "
        "first_contact_ms disqualified_at closed_at stage_since amount_minor proposed_at entered_at dwell_ms "
        "done_at at logged_at".split()
    ),
    **dict.fromkeys(
        (
            "offers offers_missed misses attempts gone leg raw_topic raw_partition raw_offset place item"
        ).split(),
        0,
    ),
    "version": 1,
    "flags": [],
    "also": [],
    "owners": [],
    "meeting_ahead": [],
}
