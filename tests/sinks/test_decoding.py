"""Records of the topics become rows: by hand, one record at a time."""

import random
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from streams import records, topics
from streams.kpis.measurements import KINDS
from streams.kpis.sql import pane_row
from streams.records import (
    CustomerRow,
    Event,
    EventRow,
    EventsRecord,
    HistoryRecord,
    NowRecord,
    NowRow,
    PaneState,
    TableRow,
    TablesRecord,
    pack,
    version,
)
from streams.sinks.batch import Batch
from streams.sinks.decoding import Decoding
from streams.sinks.generated import pane_values
from streams.sinks.tables import LAYOUTS
from streams.windows.pane import apply

INTERNAL = topics.InternalTopics(epoch=2)
LAST = (1 << 44) - 1


@dataclass
class Given:
    """A Kafka record."""

    topic: str
    value: bytes | None
    offset: int = 0
    key: bytes | None = None
    partition: int = 3
    timestamp: int = 1_767_225_600_000


def rows_of(*given: Given) -> dict[str, list[dict[str, Any]]]:
    """Rows by table, each as column to value; every record must be usable."""
    batch, decoding = Batch(), Decoding(INTERNAL)
    for record in given:
        assert decoding.put(record, batch) is None
    return shown(batch)


def shown(batch: Batch) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [dict(zip(LAYOUTS[table].columns, row, strict=True)) for row in rows.values()]
        for table, rows in batch.tables.items()
    }


def event(event_id: str, at: int = 1_000, **data: Any) -> Event:
    return Event("pbx", event_id, "call.started", at, "c1", "m1", "sales", data, {"b": 1, "a": [2]})


def events(*given: Event, config: str = "cfg") -> bytes:
    rows = [EventRow(0, 7, 70 + number, 1_500, each) for number, each in enumerate(given)]
    return pack(EventsRecord(config, rows))


def test_an_event_is_stored_with_all_that_a_refold_needs() -> None:
    record = Given(INTERNAL.events, events(event("e1", call_id="17", direction="in")), offset=5)
    (row,) = rows_of(record)["events"]
    assert row == {
        "source": "pbx",
        "event_id": "e1",
        "type": "call.started",
        "at": 1_000,
        "customer": "c1",
        "manager": "m1",
        "group": "sales",
        "data": '{"call_id":"17","direction":"in"}',
        "extra": '{"a":[2],"b":1}',
        "raw_topic": 0,
        "raw_partition": 7,
        "raw_offset": 70,
        "logged_at": 1_500,
        "config": "cfg",
        "place": version(2, 5),
        "item": 0,
        "also": [],
        "version": version(2, LAST - 5),
        "gone": 0,
    }


def test_of_one_event_id_the_first_in_the_log_holds_in_whatever_order_it_is_read() -> None:
    first = Given(INTERNAL.events, events(event("e1", at=1), event("e1", at=2)), offset=5)
    later = Given(INTERNAL.events, events(event("e1", at=3)), offset=6)
    for order in ([first, later], [later, first], [first, later, first]):
        (row,) = rows_of(*order)["events"]
        assert (row["at"], row["item"]) == (1, 0)


def test_statuses_and_flags_stand_in_tables_of_their_own_too() -> None:
    at = Given("", None).timestamp
    told = [
        Event("pbx", "s1", "agent.status", at, "", "m1", "", {"status": "paused"}, {}),
        Event("pbx", "s1", "agent.status", at, "", "m1", "", {"status": "available"}, {}),
        Event("pbx", "s2", "agent.status", at - 3 * 86_400_000, "", "m1", "", {"status": "paused"}, {}),
        Event("pbx", "f1", "customer.flagged", 1_000, "c1", "", "", {"flag": "spam"}, {}),
        event("e1"),
    ]
    found = rows_of(Given(INTERNAL.events, events(*told), offset=5))
    assert len(found["events"]) == 4
    shared = {"source": "pbx", "version": version(2, LAST - 5), "gone": 0}
    status = {"event_id": "s1", "at": at, "manager": "m1", "status": "paused"}
    assert found["agent_statuses"] == [shared | status]  # those of long ago are nobody's state
    assert found["customer_flags"] == [shared | {"event_id": "f1", "customer": "c1", "flag": "spam"}]


def test_measurements_of_records_stand_in_a_table_of_their_own_too() -> None:
    def row(name: str, at_version: int, *, gone: bool = False) -> TableRow:
        return TableRow(
            "measurements", at_version, gone, ["pbx/1", name, "", "sales", True, 1_000, 9, "tag", "c1"]
        )

    told = [row("span_missed", 8), row("ring", 8), row("span_missed", 9, gone=True)]
    found = rows_of(Given(INTERNAL.records, pack(TablesRecord(told))))
    assert len(found["measurements"]) == 2
    (copy,) = found["day_facts"]
    assert copy == {
        "entity": "pbx/1",
        "name": "span_missed",
        "manager": "",
        "group": "sales",
        "whole": True,
        "at": 1_000,
        "value": 9,
        "customer": "c1",
        "version": 9,
        "gone": 1,
    }


def test_a_history_that_comes_back_is_not_stored_again() -> None:
    history = HistoryRecord("c1", 1, [EventRow(0, 0, 0, 0, event("e1"))], ["cfg"], [], {})
    assert rows_of(Given(INTERNAL.events, pack(history))) == {}


def test_a_customer_is_stored_and_forgotten() -> None:
    known = CustomerRow("c1", "+74951234567", "+7 *** ***-**-67")
    came = Given(INTERNAL.customers, pack(known), offset=1, key=b"c1")
    gone = Given(INTERNAL.customers, None, offset=2, key=b"c1")
    (row,) = rows_of(came)["customers"]
    assert (row["phone"], row["version"], row["gone"]) == ("+74951234567", version(2, 1), 0)
    (row,) = rows_of(came, gone)["customers"]
    assert (row["customer"], row["phone"], row["gone"]) == ("c1", "", 1)


def leg(number: int, ring: int, at_version: int, *, gone: bool = False) -> TableRow:
    values = ["pbx", "17", number, "c1", "m1", "sales", 1, None, 2, ring, None, "no_answer"]
    return TableRow("call_legs", at_version, gone, values)


def test_of_a_row_the_highest_version_holds_and_the_end_of_a_row_is_a_row() -> None:
    record = pack(TablesRecord([leg(1, 10, 8), leg(1, 20, 9), leg(1, 30, 7), leg(2, 40, 8, gone=True)]))
    first, second = rows_of(Given(INTERNAL.records, record))["call_legs"]
    assert (first["ring_ms"], first["version"], first["gone"]) == (20, 9, 0)
    assert (second["leg"], second["gone"]) == (2, 1)


def pane(minute: int, state: PaneState | None, at_version: int) -> Given:
    packed = None if state is None else pack(state)
    return Given(INTERNAL.panes, pack([at_version, packed]), key=f"g:unmapped:pbx:a|b|{minute}".encode())


def test_a_pane_becomes_a_wide_row() -> None:
    state = PaneState(
        {0: 9}, {"call_in": [2, 0], "talk": [3, 90_000]}, {"ring": {5: 1}}, {"missed_caller": {"c1": 2}}
    )
    (row,) = rows_of(pane(100, state, 44))["kpi_minutes"]
    filled = {name: value for name, value in row.items() if value}
    assert filled == {
        "subject": "g:unmapped:pbx:a|b",
        "minute": 6_000,
        "version": 44,
        "call_in_n": 2,
        "talk_n": 3,
        "talk_sum": 90_000,
        "ring_hist": {5: 1},
        "missed_caller_set": {"c1": 2},
    }


def test_the_quick_way_to_a_row_gives_what_the_declarations_say() -> None:
    chance = random.Random(2)
    for _ in range(50):
        state = PaneState({}, {}, {}, {})
        for name, kind in KINDS.items():
            if kind != "item" and chance.random() < 0.5:
                apply(state, name, None, chance.randrange(100_000), f"c{chance.randrange(3)}")
        assert pane_values(state) == pane_row(state)


def test_a_pane_without_counters_is_gone_and_one_that_was_let_go_stays() -> None:
    full, empty = PaneState({}, {"call_in": [1, 0]}, {}, {}), PaneState({0: 1}, {}, {}, {})
    (row,) = rows_of(pane(1, full, 5), pane(1, empty, 6))["kpi_minutes"]
    assert row["gone"] == 1
    (row,) = rows_of(pane(1, full, 5), pane(1, None, 7))["kpi_minutes"]
    assert (row["call_in_n"], row["gone"]) == (1, 0)


@pytest.mark.parametrize("key", [b"@", b"!\x93\xa1g\xa1w\xa1t"])
def test_open_items_and_notes_of_the_stage_are_no_panes(key: bytes) -> None:
    assert rows_of(Given(INTERNAL.panes, pack([1, pack([1, 2])]), key=key)) == {}


def test_of_a_live_value_the_newest_moment_holds() -> None:
    values = [NowRow(9_000, "g:sales", "missed_share", "15m", 0.25, 4)]
    older = [NowRow(8_000, "g:sales", "missed_share", "15m", None, 0)]
    (row,) = rows_of(
        Given(INTERNAL.now, pack(NowRecord(values))), Given(INTERNAL.now, pack(NowRecord(older)))
    )["kpi_now"]
    assert (row["as_of"], row["value"], row["n"], row["version"]) == (9_000, 0.25, 4, 9_000)


ALERT = {
    "alert_id": "a1",
    "rule": "missed-share",
    "severity": "warning",
    "state": "firing",
    "subject_kind": "group",
    "subject": "sales",
    "kpi": "missed_share",
    "window": "15m",
    "value": 0.25,
    "threshold": 0.1,
    "n": 12,
    "started_at": "2026-01-01T00:00:00.250+00:00",
    "at": 1_767_225_601_000,
    "summary": "Sales: 25% of 12 calls missed in 15m",
    "runbook": "",
}


def test_a_transition_of_an_alert_is_stored_with_times_in_either_form() -> None:
    (row,) = rows_of(Given(topics.ALERTS, msgspec.json.encode(ALERT)))["alerts"]
    assert (row["alert_id"], row["at"], row["started_at"]) == ("a1", 1_767_225_601_000, 1_767_225_600_250)


def test_a_dead_letter_counts_once_per_origin() -> None:
    letter = {"topic": "pbx.calls", "partition": 1, "offset": 2, "reason": "not_json", "payload": "{"}
    origin = b"pbx.calls/1/2"
    rows = rows_of(
        *(Given(topics.DEAD_LETTERS, msgspec.json.encode(letter), offset=n, key=origin) for n in (1, 2))
    )
    (row,) = rows["dead_letters"]
    assert (row["origin"], row["partition"], row["reason"]) == ("pbx.calls/1/2", 1, "not_json")
    assert row["received_at"] == 1_767_225_600_000


@pytest.mark.parametrize(
    ("topic", "key", "value"),
    [
        (INTERNAL.events, b"", b"\xff"),
        (INTERNAL.events, b"", None),
        (INTERNAL.customers, b"c1", b"\x01"),
        (INTERNAL.records, b"", pack(TablesRecord([TableRow("call_legs", 1, False, ["too few"])]))),
        (INTERNAL.records, b"", pack(TablesRecord([TableRow("no_such_table", 1, False, [])]))),
        (INTERNAL.panes, b"g:sales|soon", pack([1, pack(PaneState({}, {}, {}, {}))])),
        (INTERNAL.now, b"", b"{}"),
        (topics.ALERTS, b"", b"[]"),
        (topics.DEAD_LETTERS, b"", b"not json"),
    ],
)
def test_a_record_that_is_no_such_thing_becomes_a_dead_letter(
    topic: str, key: bytes, value: bytes | None
) -> None:
    batch = Batch()
    fault = Decoding(INTERNAL).put(Given(topic, value, key=key, offset=8), batch)
    assert fault is not None
    (row,) = shown(batch).pop("dead_letters")
    assert (row["origin"], row["reason"]) == (f"{topic}/3/8", "internal")
    assert row["encoding"] in ("utf8", "base64")


def test_every_topic_of_the_sink_is_decoded() -> None:
    assert set(Decoding(INTERNAL).topics) == {
        INTERNAL.events,
        INTERNAL.customers,
        INTERNAL.records,
        INTERNAL.panes,
        INTERNAL.now,
        topics.ALERTS,
        topics.DEAD_LETTERS,
    }
    assert records.offset_of(version(2, 5)) == 5
