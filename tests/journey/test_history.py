"""Refold from stored history, and letting go of what is settled."""

import msgspec

from streams.journey import await_history, needs_history, replace
from streams.records import FactKey, StoredFact, pack
from tests.journey.feeding import Feed, row_of
from tests.journey.scenario import PAT, at, call, dial, folded, missed, record, t, talk

DAY = 86_400


def test_a_late_callback_to_a_forgotten_customer_is_folded_with_his_history() -> None:
    feed = folded(missed("k1", 100), talk("k2", 50_000, 50_005, 50_100))
    feed.forget(PAT)
    feed.log(dial("k3", 300, 310, 400))
    assert feed.last.rows == [], "held until the history is there"
    assert record(feed)["recovered_by"] == "in"
    feed.answer()
    assert record(feed)["recovered_by"] == "out"
    straight = folded(missed("k1", 100), talk("k2", 50_000, 50_005, 50_100), dial("k3", 300, 310, 400))
    assert feed.facts == straight.facts
    assert feed.rows == straight.rows
    assert feed.states() == straight.states()


def test_importing_the_past_again_changes_nothing() -> None:
    events = [*missed("k1", 100), *dial("k2", 300, None, 330), *talk("k3", 900, 910, 990)]
    feed = folded(events)
    facts, rows, states = dict(feed.facts), dict(feed.rows), feed.states()
    feed.forget(PAT)
    feed.log(events)
    feed.answer()
    assert feed.last.facts == []
    assert (feed.facts, feed.rows) == (facts, rows)
    feed.journeys[PAT].marks = {0: len(events) - 1}
    assert feed.states() == states


def test_what_is_stored_but_not_derived_any_more_comes_back_gone() -> None:
    feed = folded(missed("k1", 100))
    feed.forget(PAT)
    feed.log(talk("k2", 60, 65, 300))
    history = feed.history(PAT)
    history.keys["call_legs"].append(["pbx", "k1", 7])
    history.keys["open_items"].append(["pbx", "missed_call", "pbx/k0"])
    orphan = StoredFact(FactKey("pbx/k0", "open_missed", "", "sales", True, t(5)), 1, "sales|c")
    renamed = StoredFact(FactKey("pbx/k1", "call_in", "", "support", True, t(70)), 1)
    history.facts.extend([orphan, renamed])
    changes = replace(feed.journeys[PAT], history, feed.directories)
    gone = [(row.table, *row.values[:3]) for row in changes.rows if row.gone]
    assert ("call_legs", "pbx", "k1", 7) in gone
    assert ("open_items", "pbx", "missed_call", "pbx/k0") in gone
    assert ("open_items", "pbx", "missed_call", "pbx/k1") in gone, "a talk was running at its end"
    ends = {change.key for change in changes.facts if change.new is None}
    assert {orphan.key, renamed.key} <= ends


def test_an_answer_to_another_request_changes_nothing() -> None:
    feed = folded(missed("k1", 100))
    before = feed.states()[PAT]
    history = msgspec.structs.replace(feed.history(PAT), request=5)
    assert replace(feed.journeys[PAT], history, feed.directories).rows == []
    await_history(feed.journeys[PAT], 9)
    assert replace(feed.journeys[PAT], history, feed.directories).rows == []
    feed.journeys[PAT].awaited = 0
    assert feed.states()[PAT] == before


def test_who_waits_for_history_survives_a_restart_and_is_not_forgotten() -> None:
    feed = folded(missed("k1", 100))
    feed.forget(PAT)
    feed.log(dial("k2", 90, 95, 200))
    journey = feed.journeys[PAT]
    encoded = pack(journey.encode())
    decoded = type(journey).decode(msgspec.msgpack.decode(encoded))
    assert pack(decoded.encode()) == encoded
    assert len(decoded.waiting) == 3
    assert decoded.keep_until() > t(10_000 * DAY)


def test_while_waiting_what_intake_sent_twice_is_dropped() -> None:
    feed = folded(missed("k1", 100))
    feed.forget(PAT)
    await_history(feed.journeys[PAT], 9)
    row = row_of(dial("k2", 90, 95, 200)[0], 50)
    feed.take(PAT, [row])
    feed.take(PAT, [row])
    assert len(feed.journeys[PAT].waiting) == 1


def daily(days: int, per_day: int = 2) -> Feed:
    """A customer who calls every day and always gets through."""
    feed = Feed()
    for day in range(days):
        for number in range(per_day):
            start = day * DAY + number * 3000
            feed.log(talk(f"k{day}-{number}", start, start + 5, start + 65))
    return feed


def test_who_calls_every_day_does_not_grow_for_ever() -> None:
    sizes = [len(daily(days).states()[PAT]) for days in (12, 40)]
    assert sizes[1] < sizes[0] * 1.3
    feed = daily(40)
    assert len(feed.table("calls")) == 80
    assert len(feed.journeys[PAT].calls) < 20
    assert t(30 * DAY) < feed.journeys[PAT].forgotten_until < t(33 * DAY)


def test_many_calls_a_day_and_colleagues_are_let_go_sooner() -> None:
    assert len(daily(10, per_day=25).journeys[PAT].calls) < 110
    feed = Feed()
    for day in range(10):
        feed.log(talk(f"k{day}", day * DAY, day * DAY + 5, day * DAY + 65, customer="ext:101"))
    assert len(feed.journeys["ext:101"].calls) <= 3


def test_what_is_open_is_not_let_go_nor_what_follows_it() -> None:
    feed = folded(missed("k1", 100))
    for day in range(1, 30):
        feed.log(dial(f"d{day}", day * DAY, None, day * DAY + 30))
    assert len(feed.journeys[PAT].calls) == 30
    assert feed.journeys[PAT].forgotten_until == 0
    unending = folded(talk("k1", 0, 5, 65)[:2])
    for day in range(1, 12):
        unending.log(talk(f"k{day}x", day * DAY, day * DAY + 5, day * DAY + 65))
    assert len(unending.journeys[PAT].calls) == 12


def test_a_late_event_of_a_call_that_was_let_go_needs_history() -> None:
    feed = daily(40)
    late = row_of(call("k3-0", at(3 * DAY + 2, "offered", manager="m1", event_id="late"))[0], 999)
    assert needs_history(feed.journeys[PAT], [late])
    feed.take(PAT, [late])
    feed.answer()
    assert record(feed, "k3-0")["offers"] == 1
    assert feed.named("ring")
    assert len(feed.journeys[PAT].calls) < 20, "let go again"


def test_a_rating_days_later_needs_history_though_it_is_not_late() -> None:
    feed = daily(40)
    rated = call("k3-0", at(39.5 * DAY, "rated", event_id="r", manager="m1", score=4))
    assert needs_history(feed.journeys[PAT], [row_of(rated[0], 999)])
    feed.log(rated)
    feed.answer()
    assert record(feed, "k3-0")["rating"] == 4.0
    assert record(feed, "k3-0")["talk_ms"] == 60_000


def test_a_call_that_comes_whole_needs_no_history_for_its_rating() -> None:
    feed = daily(40)
    whole = talk("k41", 40 * DAY, 40 * DAY + 5, 40 * DAY + 65)
    whole += call("k41", at(40 * DAY + 90, "rated", event_id="r", manager="m1", score=4))
    assert not needs_history(feed.journeys[PAT], [row_of(event, 999) for event in whole])
    assert needs_history(feed.journeys[PAT], [row_of(event, 999) for event in whole[1:]])


def test_a_new_customer_needs_no_history() -> None:
    feed = Feed()
    feed.log(talk("k1", 100, 105, 200)[1:])
    assert not needs_history(feed.journeys[PAT], [row_of(talk("k1", 100, 105, 200)[0], 9)])
