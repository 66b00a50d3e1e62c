"""Events of customers whose state is gone: asked for, answered from what is stored, folded again."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.config import Config, load_config
from streams.journey import is_manager_day, keys_of
from streams.records import (
    EventRow,
    EventsRecord,
    FactKey,
    ForwardRecord,
    HistoryRecord,
    HistoryRequest,
    RecomputeRow,
    StoredFact,
    TellsRecord,
    pack,
)
from streams.records_tables import TABLES
from tests.agents.pipeline import INTERNAL, Pipeline, panes_of_facts
from tests.journey.stored_days import history_of_day

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MONDAY = 1_789_974_000_000  # 2026-09-21 07:00 UTC, 10:00 in the centre


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(Path(__file__).parents[2] / "deploy" / "config")


def event(number: str, kind: str, at: int, **fields: Any) -> dict[str, Any]:
    seconds, ms = divmod(at, 1000)
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "event_id": number,
        "type": kind,
        "occurred_at": f"{moment}.{ms:03d}Z",
        "source": "demo",
        "customer": "+74951230001",
        **fields,
    }


def call(name: str, at: int, **fields: Any) -> list[dict[str, Any]]:
    """An inbound call that m001 answers after 7 s and that ends after a minute."""
    common = {"call_id": name, **fields}
    return [
        event(f"{name}-1", "call.started", at, direction="in", group="sales", **common),
        event(f"{name}-2", "call.queued", at + 1000, group="sales", **common),
        event(f"{name}-3", "call.offered", at + 2000, manager="m001", **common),
        event(f"{name}-4", "call.answered", at + 8000, manager="m001", **common),
        event(f"{name}-5", "call.ended", at + 60_000, ended_by="customer", **common),
    ]


def stored_history(made: Pipeline, request: HistoryRequest) -> HistoryRecord:
    """What ClickHouse would hold of the customer: all events read so far, facts and keys of rows."""
    rows, configs = [], []
    decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(
        EventsRecord | HistoryRecord | ForwardRecord | TellsRecord
    )
    for record in made.wire.log(INTERNAL.events, request.partition):
        assert record.value is not None
        content = decoder.decode(record.value)
        if isinstance(content, EventsRecord):
            mine = [row for row in content.rows if request.customer in keys_of(row.event)]
            rows += mine
            configs += [content.config] * len(mine)
    if is_manager_day(request.customer):
        return of_day(made, request, rows)
    facts: list[StoredFact] = []
    keys: dict[str, list[list[Any]]] = {}
    for table, stored in made.tables().items():
        for values in stored.values():
            named = dict(zip(TABLES[table].columns, values, strict=True))
            if named["customer"] != request.customer:
                continue
            if table == "measurements":
                facts.append(StoredFact(FactKey(*values[:6]), named["value"], named["tag"]))
            else:
                keys.setdefault(table, []).append(values[: len(TABLES[table].key)])
    return HistoryRecord(request.customer, request.version, rows, configs, facts, keys)


def of_day(made: Pipeline, request: HistoryRequest, rows: list[EventRow]) -> HistoryRecord:
    """The same of a manager's day."""
    tables = made.tables()
    named = {
        table: [dict(zip(TABLES[table].columns, values, strict=True)) for values in tables[table].values()]
        for table in ("measurements", "calls", "call_legs")
    }
    facts = {FactKey(*values[:6]): values[6] for values in tables["measurements"].values()}
    day = request.customer
    return history_of_day(day, request.version, rows, facts, named["calls"], named["call_legs"])


def answer_requests(made: Pipeline) -> list[HistoryRequest]:
    """What `streams.corrections` does, from the wire instead of ClickHouse."""
    requests = [
        msgspec.msgpack.decode(r.value or b"", type=HistoryRequest) for r in made.wire.all(INTERNAL.history)
    ]
    for request in requests:
        record = stored_history(made, request)
        made.wire.append(INTERNAL.events, request.partition, None, pack(record))
    made.run()
    return requests


def later_life(made: Pipeline, rnd: random.Random, days: int) -> None:
    """Other customers call on each of the following days, in every partition."""
    for day in range(1, days + 1):
        for number in range(30):
            at = MONDAY + day * DAY + number * 10 * MINUTE
            made.wire.now = at + 5 * MINUTE
            made.put(call(f"d{day}-{number}", at, customer=f"+7495124{number:04d}"), rnd)
            made.run()


def test_a_late_end_of_a_forgotten_call_gives_what_an_early_one_had_given(config: Config) -> None:
    *begun, end = call("old", MONDAY)
    late = Pipeline(config)
    rnd = random.Random(1)
    late.wire.now = MONDAY + 5 * MINUTE
    extra = event("old-x", "call.rated", MONDAY + 2 * HOUR, call_id="old", manager="m001", score=4)
    late.put([*begun, end], rnd)
    late.run()
    later_life(late, rnd, 12)
    late.put([extra], rnd)
    late.run()
    assert len(answer_requests(late)) == 1

    early = Pipeline(config)
    early.wire.now = MONDAY + 3 * HOUR
    early.put([*begun, end, extra], random.Random(2))
    early.run()
    key = ("demo", "old")
    assert late.tables()["calls"][key] == early.tables()["calls"][key]
    assert late.tables()["calls"][key][-1] == 4.0
    mine = {k: v for k, v in late.tables()["measurements"].items() if k[0] == "demo/old"}
    assert mine == early.tables()["measurements"]


def test_importing_again_what_is_forgotten_changes_nothing(config: Config) -> None:
    made = Pipeline(config)
    rnd = random.Random(3)
    history = call("first", MONDAY) + call("second", MONDAY + HOUR)
    made.wire.now = MONDAY + 2 * HOUR
    made.put(history, rnd)
    made.run()
    later_life(made, rnd, 12)
    before = made.tables()
    made.put(history, rnd)
    made.run()
    assert answer_requests(made)
    assert made.tables() == before


def test_a_late_call_asks_for_its_minutes_to_be_counted_again(config: Config) -> None:
    made = Pipeline(config)
    rnd = random.Random(4)
    later_life(made, rnd, 3)
    made.put(call("late", MONDAY + DAY + 5 * MINUTE), rnd)
    made.run()
    answer_requests(made)
    held = made.panes()
    counted = panes_of_facts(made.tables()["measurements"].values())
    asked: set[tuple[str, int]] = set()
    for record in made.wire.all(INTERNAL.recompute):
        rows = msgspec.msgpack.decode(record.value or b"", type=list[RecomputeRow])
        asked.update((row.subject, row.minute) for row in rows)
    differing = {
        key
        for key, counts in counted.items()
        if key not in held
        or any(held[key].counters.get(name, [0])[0] != n for name, n in counts.items() if name == "call_in")
    }
    late = {key for key in counted if key[1] * MINUTE < MONDAY + DAY + 10 * MINUTE and key[0] == "a:all"}
    assert late & asked
    assert differing <= asked


def test_a_history_is_asked_for_after_what_its_checkpoint_gave(config: Config) -> None:
    """Who answers waits for all records that stood before the request, and for no others."""
    made = Pipeline(config, partitions=1)
    intake, journeys, _ = made.runners
    made.wire.now = MONDAY + HOUR
    made.put(call("first", MONDAY), random.Random(1))
    intake.fold(100)
    intake.checkpoint()
    made.journeys.ask_for_history(HistoryRequest(0, 1, "somebody"))
    journeys.fold(100)
    waves = [{output.topic for output in wave} for wave in made.journeys.collect().waves]
    assert waves[-3:] == [{INTERNAL.events, INTERNAL.records}, {INTERNAL.measurements}, {INTERNAL.history}]
