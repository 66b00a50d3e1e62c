"""What the corrections need of ClickHouse: panes counted anew, and all that is stored of a customer."""

import asyncio
import random
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest
from clickhouse_connect.driver.client import Client

from streams.corrections import Corrections, service
from streams.records import (
    Event,
    EventRow,
    EventsRecord,
    HistoryRecord,
    PaneState,
    pack,
    version,
)
from streams.sinks.batch import Batch
from streams.sinks.decoding import Decoding
from streams.sinks.history import read_history
from streams.sinks.recompute import recompute_panes
from streams.topics import InternalTopics
from tests.sinks.stored import fact, put, put_facts, put_named, put_panes
from tests.sinks.test_decoding import Given

MINUTE = 29_470_140
AT = MINUTE * 60_000


def panes(store: Client) -> dict[tuple[str, int], tuple[int, float, int]]:
    """(subject, minute) -> calls in, talk in s, ring of bucket 5."""
    rows = store.query(
        "SELECT subject, intDiv(toUnixTimestamp(minute), 60), call_in_n, talk_s, ring_hist[5] "
        "FROM sales.kpi_minutes"
    ).result_rows
    return {(str(row[0]), int(row[1])): (row[2], row[3], row[4]) for row in rows}


def test_a_pane_is_counted_anew_from_the_stored_measurements(store: Client, migrated: str) -> None:
    put_facts(
        migrated,
        fact("call_in", AT),
        fact("call_in", AT + 59_999, entity="pbx/2"),
        fact("call_in", AT + 60_000, entity="pbx/3"),
        fact("talk", AT + 5, 90_000, manager="m1"),
        fact("ring", AT + 5, 5, manager="m1"),
        fact("waiting", AT, tag="sales|pbx/1"),
    )
    put_facts(migrated, fact("call_in", AT, entity="pbx/4"), gone=1, version=2)
    asked = [("g:sales", MINUTE, 7), ("a:all", MINUTE, 7), ("m:m1", MINUTE, 7)]
    recompute_panes(store, asked)
    recompute_panes(store, asked)
    assert panes(store) == {
        ("sales", MINUTE): (2, 90.0, 1),
        ("all", MINUTE): (2, 90.0, 1),
        ("m1", MINUTE): (0, 90.0, 1),
    }


def test_a_recount_has_the_version_asked_for_and_a_pane_without_facts_goes(
    store: Client, migrated: str
) -> None:
    wrong = PaneState({}, {"call_in": [5, 0]}, {}, {})
    put_panes(migrated, [("g:sales", MINUTE, wrong), ("g:support", MINUTE, wrong)], version=10)
    put_facts(migrated, fact("call_in", AT))
    recompute_panes(store, [("g:sales", MINUTE, 9), ("g:support", MINUTE, 11)])
    assert panes(store) == {("sales", MINUTE): (5, 0.0, 0)}
    recompute_panes(store, [("g:sales", MINUTE, 11), ("g:sales", MINUTE, 3)])
    assert panes(store) == {("sales", MINUTE): (1, 0.0, 0)}


def test_many_panes_at_once_and_names_that_need_quoting(store: Client, migrated: str) -> None:
    odd = "unmapped:pbx:O'Hara \\ %s"
    put_facts(migrated, *(fact("call_in", AT + 60_000 * n, group=odd) for n in range(2_500)))
    recompute_panes(store, [(f"g:{odd}", MINUTE + n, 5) for n in range(2_500)])
    assert len(panes(store)) == 2_500
    assert panes(store)[odd, MINUTE + 2_499] == (1, 0.0, 0)


def test_minutes_that_lie_far_apart_are_counted_anew_and_nothing_between_them(
    store: Client, migrated: str
) -> None:
    chance = random.Random(5)
    at = [AT + chance.randrange(20 * 24 * 60) * 60_000 + chance.randrange(60_000) for _ in range(400)]
    put_facts(migrated, *(fact("call_in", each, entity=f"pbx/{n}") for n, each in enumerate(at)))
    every = Counter(each // 60_000 for each in at)
    asked = [*chance.sample(sorted(every), 60), MINUTE - 10_000, MINUTE + 40 * 24 * 60]
    recompute_panes(store, [("g:sales", minute, 5) for minute in asked])
    found = {minute: calls for (_, minute), (calls, _, _) in panes(store).items()}
    assert found == {minute: every[minute] for minute in asked if every[minute]}


async def test_counting_anew_takes_up_a_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    took, now = iter([0.5, 60.0]), [100.0]

    class Slow:
        async def recompute(self, _: Any) -> None:
            now[0] += next(took)

    monkeypatch.setattr(service, "time", SimpleNamespace(monotonic=lambda: now[0]))
    corrections = Corrections("", InternalTopics(), 1, cast("Any", Slow()), group="", sink_group="")
    await corrections._recompute({("g:sales", MINUTE): 1})
    assert corrections._rests_until == now[0] + 2.0, "a fifth"
    await corrections._recompute({("g:sales", MINUTE): 1})
    assert corrections._rests_until == now[0] + 5.0, "though not for ever"
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(1):
        await corrections._rest(stop)
    now[0] += 5.0
    async with asyncio.timeout(1):
        await corrections._rest(asyncio.Event())


def test_the_history_of_customers_is_what_was_stored_in_the_order_of_the_log(
    store: Client, migrated: str
) -> None:
    data = {"call_id": "1", "score": 4.5, "criteria": {"b": 1, "a": 2}}
    first = EventRow(
        0, 3, 41, 1_500, Event("pbx", "e2", "call.rated", 900, "c1", "m1", "", data, {"x": [None]})
    )
    second = EventRow(1, 0, 7, 1_600, Event("pbx", "e1", "call.ended", 800, "c1"))
    other = EventRow(0, 3, 42, 1_500, Event("pbx", "e3", "call.ended", 700, "c2"))
    again = EventRow(0, 3, 99, 1_900, Event("pbx", "e1", "call.ended", 1, "c1"))
    internal, batch = InternalTopics(), Batch()
    for offset, config, rows in ((10, "one", [first, other]), (11, "two", [second]), (12, "two", [again])):
        record = Given(internal.events, pack(EventsRecord(config, rows)), offset=offset)
        assert Decoding(internal).put(record, batch) is None
    put(migrated, "events", *batch.tables["events"].values())
    put_facts(migrated, fact("call_in", 900), fact("missed_caller", 950, tag="c1"))
    put_facts(migrated, fact("short_abandon", 950), gone=1)
    put_named(
        migrated,
        "call_legs",
        {"source": "pbx", "call_id": "1", "leg": 2, "customer": "c1"},
        {"source": "pbx", "call_id": "1", "leg": 3, "customer": "c1", "gone": 1},
        {"source": "pbx", "call_id": "2", "leg": 1, "customer": "c2"},
    )
    put_named(migrated, "calls", {"source": "pbx", "call_id": "1", "customer": "c1"})
    found = read_history(store, ["c1", "c9"])
    assert found["c1"] == HistoryRecord(
        "c1",
        0,
        [first, second],
        ["one", "two"],
        [fact("call_in", 900), fact("missed_caller", 950, tag="c1")],
        {"calls": [["pbx", "1"]], "call_legs": [["pbx", "1", 2]]},
    )
    assert found["c9"] == HistoryRecord("c9", 0, [], [], [], {})
    assert version(1, 10) < version(1, 11)


def test_what_was_handed_over_several_times_is_known_and_read_under_the_last_key(
    store: Client, migrated: str
) -> None:
    internal, batch = InternalTopics(), Batch()
    rows = [EventRow(0, 0, n, 1, Event("pbx", f"e{n}", "call.ended", 1, f"c{n}")) for n in range(1, 5)]
    record = Given(internal.events, pack(EventsRecord("one", rows)), offset=10)
    assert Decoding(internal).put(record, batch) is None
    put(migrated, "events", *batch.tables["events"].values())
    links = [("c4", "c3"), ("c3", "c1"), ("c9", "c8")]
    put_named(migrated, "customer_links", *({"customer": customer, "root": root} for customer, root in links))
    known = store.query("SELECT customer, root FROM sales.customer_links ORDER BY customer").result_rows
    assert known == [("c3", "c1"), ("c4", "c1"), ("c9", "c8")]
    found = read_history(store, ["c1", "c2", "c3"])
    whose = {key: [row.event.customer for row in history.rows] for key, history in found.items()}
    assert whose == {"c1": ["c1", "c3", "c4"], "c2": ["c2"], "c3": ["c3", "c4"]}


def test_the_history_of_a_managers_day_is_his_statuses_what_he_missed_and_his_calls(
    store: Client, migrated: str
) -> None:
    day, hour = 20_000 * 24 * 3_600_000, 3_600_000
    rows = [
        EventRow(
            0, 0, n, n, Event("pbx", f"s{n}", "agent.status", day + at, "", who, "", {"status": "paused"})
        )
        for n, (at, who) in enumerate(
            [(-3 * 24 * hour, "m1"), (-4 * 24 * hour, "m1"), (5, "m2"), (hour, "m1")]
        )
    ]
    internal, batch = InternalTopics(), Batch()
    record = Given(internal.events, pack(EventsRecord("one", rows)), offset=10)
    assert Decoding(internal).put(record, batch) is None
    put(migrated, "events", *batch.tables["events"].values())
    own = {"group": "", "whole": False, "manager": "m1"}
    missed = [
        fact("span_offer_missed", day + 100, day + 200, entity="pbx/k1", **own),
        fact("span_offer_excused", day - 10, day + 10, entity="pbx/k2", **own),
    ]
    others = [
        fact("span_offer_missed", day + 100, day + 200, entity="pbx/k1", **own | {"manager": "m2"}),
        fact("span_offer_missed", day - 20, day, entity="pbx/k3", **own),
        fact("talk", day + 100, 5, entity="pbx/k1", **own),
    ]
    put_facts(migrated, *missed, *others)
    leg = {"source": "pbx", "manager": "m1", "leg": 1}
    put_named(
        migrated,
        "call_legs",
        leg
        | {"call_id": "k1", "customer": "c1", "offered_at": day + 100, "left_at": day + 200}
        | {"end_reason": "no_answer"},
        leg
        | {"call_id": "k2", "customer": "c2", "offered_at": day - 10, "left_at": day + 10}
        | {"end_reason": "declined"},
        leg | {"call_id": "k4", "customer": "c4", "answered_at": day - hour, "left_at": day + 1},
        leg | {"call_id": "k5", "customer": "c5", "answered_at": day - 4 * hour},
        leg | {"call_id": "k6", "customer": "c6", "answered_at": day - 4 * hour + 1},
        leg | {"call_id": "d1", "customer": "c7", "answered_at": day + 500, "left_at": day + 900},
        leg | {"call_id": "d1", "leg": 2, "customer": "c7", "answered_at": day + 1500, "left_at": day + 1900},
        leg
        | {"call_id": "k8", "customer": "c8", "offered_at": day + 5, "left_at": day + 9}
        | {"end_reason": "busy"},
    )
    dial = {"source": "pbx", "direction": "out", "manager": "m1"}
    put_named(
        migrated,
        "calls",
        dial | {"call_id": "d1", "customer": "c7", "started_at": day + 400, "ended_at": day + 1900},
        dial | {"call_id": "d2", "customer": "c8", "started_at": day + 7, "ended_at": day + 8},
        dial | {"call_id": "d3", "customer": "c9", "started_at": day - 9, "ended_at": day},
        dial | {"call_id": "i1", "customer": "c9", "started_at": day + 7, "direction": "in"},
    )
    key = "manager:m1:20000"
    found = read_history(store, [key, "manager:m3:19999", "c2"])[key]
    assert [(row.event.event_id, row.event.at) for row in found.rows] == [
        ("s0", day - 3 * 24 * hour), ("s3", day + hour)
    ]  # fmt: skip
    assert found.facts == sorted(missed, key=lambda one: one.key.at)
    assert sorted(found.keys["parts"], key=str) == [
        ["pbx", "d1", "c7", day + 400, day + 900],
        ["pbx", "d1", "c7", day + 1500, day + 1900],
        ["pbx", "d2", "c8", day + 7, day + 8],
        ["pbx", "k1", "c1", None, None],
        ["pbx", "k2", "c2", None, None],
        ["pbx", "k4", "c4", day - hour, day + 1],
        ["pbx", "k6", "c6", day - 4 * hour + 1, day + 1],
    ]
