"""What the fold promises to the stage: duplicates, late events, configurations, faults, restarts."""

import msgspec
import pytest

from streams.calendars import Calendar
from streams.directory import Directory
from streams.directory_text import read_directory
from streams.journey import NAMES, Journey, TooManyEvents, apply
from streams.journey import journey as journey_module
from streams.kpis.measurements import MEASUREMENTS
from streams.records import pack
from tests.journey.feeding import Feed, directory_text, row_of
from tests.journey.scenario import PAT, at, call, dial, folded, missed, note, record, t, talk

DAY_MS = 86_400_000


def test_every_name_is_declared_as_a_measurement() -> None:
    assert set(NAMES) <= set(MEASUREMENTS)


def test_the_same_event_twice_is_the_same_event() -> None:
    feed = folded(talk("k1", 0, 5, 90))
    state = feed.states()[PAT]
    changes = feed.take(PAT, [row_of(talk("k1", 0, 5, 90)[1], 50)])
    assert (changes.facts, changes.rows) == ([], [])
    feed.journeys[PAT].marks = {0: 2}
    assert feed.states()[PAT] == state


def test_of_one_id_with_other_content_the_first_in_the_log_counts() -> None:
    events = talk("k1", 0, 5, 90)
    feed = folded(events, [{**events[2], **at(500, "ended")}])
    assert record(feed)["ended_at"] == t(90)
    other_call = [{**events[2], "call_id": "k2"}]
    feed.log(other_call)
    assert len(feed.table("calls")) == 1


def test_the_same_ids_of_another_source_are_other_calls() -> None:
    feed = folded(talk("k1", 0, 5, 90), talk("k1", 0, 5, 90, source="mango"))
    assert [(row["source"], row["call_id"]) for row in feed.table("calls")] == [
        ("mango", "k1"),
        ("pbx", "k1"),
    ]
    assert len(feed.named("call_in")) == 2


def test_what_intake_sent_twice_is_dropped_by_its_offset() -> None:
    feed = Feed()
    first, second, third = (row_of(event, n) for n, event in enumerate(talk("k1", 0, 5, 90)))
    feed.take(PAT, [first])
    feed.take(PAT, [third])
    assert feed.take(PAT, [second]).rows == [], "at or below the mark"
    elsewhere = msgspec.structs.replace(second, partition=1)
    assert feed.take(PAT, [elsewhere]).rows, "another partition has its own mark"


def test_a_late_event_changes_only_what_it_concerns() -> None:
    feed = folded(talk("k1", 0, 5, 90), talk("k2", 1000, 1005, 1090))
    feed.log(call("k1", at(2, "offered", manager="m1", event_id="late")))
    assert {row.values[1] for row in feed.last.rows if row.table != "measurements"} == {"k1"}
    assert {change.key.name for change in feed.last.facts} == {
        "offer", "offer_answered", "offer_answered_hours", "ring", "call_answered", "call_answered_hours",
        "response", "wait_answered_all", "wait_answered_hours",
    }  # fmt: skip


def test_a_batch_is_derived_once() -> None:
    feed = Feed()
    feed.batch(talk("k1", 0, 5, 90))
    assert all(change.old is None for change in feed.last.facts)
    assert [row.table for row in feed.last.rows if row.table != "measurements"] == ["calls", "call_legs"]


def test_each_change_of_a_fact_is_a_row_of_measurements() -> None:
    feed = folded(call("k1", at(0, "started", direction="in"), at(5, "queued", group="sales")))
    rows = [row for row in feed.last.rows if row.table == "measurements"]
    assert len(rows) == len(feed.last.facts) == 4
    assert [row.gone for row in rows] == [True, True, False, False]
    assert rows[2].values == ["pbx/k1", "call_in", "", "sales", True, t(0), 1, "", PAT]
    assert {(r["entity"], r["name"]) for r in feed.table("measurements")} == {
        ("pbx/k1", "call_in"),
        ("pbx/k1", "waiting"),
    }


def test_a_restart_emits_nothing_and_goes_on_as_if_it_had_not_been() -> None:
    events = [*missed("k1", 100), *dial("k2", 400, 410, 500), *talk("k3", 900, 905, 1000)]
    through, restarted = Feed(), Feed()
    for event in events:
        through.log([event])
        restarted.log([event])
        encoded = pack(restarted.journeys[PAT].encode())
        restarted.journeys[PAT] = Journey.decode(msgspec.msgpack.decode(encoded))
        assert restarted.last == through.last
    assert restarted.states() == through.states()


def test_a_call_is_derived_by_the_configuration_of_its_first_event_in_the_log() -> None:
    moved = Directory.from_text(directory_text().replace("m1: {name: m1, group: sales}",
                                                         "m1: {name: m1, group: support}"))  # fmt: skip
    versions = {"v1": Directory.from_text(directory_text()), "v2": moved}
    journey = Journey.new(PAT)
    steps = [at(0, "started", direction="in"), at(2, "offered", manager="m1"), at(9, "ended")]
    rows = [row_of(event, n) for n, event in enumerate([*call("k1", *steps), *call("k2", *steps)])]
    apply(journey, rows[:1], "v1", versions.__getitem__)
    apply(journey, rows[1:], "v2", versions.__getitem__)
    assert journey.derived
    groups = {key[1]: call.group for key, call in journey.derived.calls.items()}
    assert groups == {"k1": "sales", "k2": "support"}


class _Broken(Directory):
    def calendar(self, group: str) -> Calendar:
        raise RuntimeError(group)


def test_if_deriving_raises_the_journey_is_as_before() -> None:
    feed = folded(missed("k1", 100))
    before = feed.states()[PAT]
    rows = [row_of(event, 10 + n) for n, event in enumerate(talk("k2", 200, 205, 300))]
    contacted = row_of(note("customer.contacted", 400, via="mobile"), 20)
    broken = _Broken(read_directory(directory_text(), ""))
    journey = feed.journeys[PAT]
    with pytest.raises(RuntimeError):
        apply(journey, [*rows, contacted], "v1", lambda _: broken)
    assert pack(journey.encode()) == before
    feed.take(PAT, [*rows, contacted])
    assert record(feed)["recovered_by"] == "in"


def test_an_id_used_for_endless_calls_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey_module, "MAX_CALL_EVENTS", 4)
    feed = folded(talk("0", 0, 5, 90))
    more = [row_of({**talk("0", 100, 105, 190)[n], "event_id": f"x{n}"}, 10 + n) for n in range(3)]
    before = feed.states()[PAT]
    with pytest.raises(TooManyEvents):
        feed.take(PAT, more)
    assert feed.states()[PAT] == before


def test_events_that_journeys_have_no_use_for_are_not_kept() -> None:
    feed = folded([note("agent.status", 50, status="paused")])
    assert feed.last.rows == []
    assert feed.journeys[PAT].last_at == t(50)
    assert feed.journeys[PAT].encode().notes == []


def test_a_quiet_customer_is_kept_seven_days() -> None:
    assert folded(talk("k1", 0, 5, 90)).journeys[PAT].keep_until() == t(90) + 7 * DAY_MS


def test_who_was_missed_and_not_reached_or_did_not_hang_up_is_kept_ninety_days() -> None:
    assert folded(missed("k1", 100)).journeys[PAT].keep_until() == t(100) + 90 * DAY_MS
    assert folded(talk("k1", 0, 5, 90)[:2]).journeys[PAT].keep_until() == t(5) + 90 * DAY_MS
    reached = folded(missed("k1", 100), dial("k2", 200, 210, 300))
    assert reached.journeys[PAT].keep_until() == t(300) + 7 * DAY_MS
    hidden = folded(missed("k1", 100, customer="anonymous:k1"))
    assert hidden.journeys["anonymous:k1"].keep_until() == t(100) + 7 * DAY_MS
