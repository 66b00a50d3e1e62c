"""Random logs and random nonsense: the fold agrees with the recount, in whatever order events come."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.journey.comparing import differences
from tests.journey.feeding import PIPELINES, Feed
from tests.journey.scenario import PAT, at
from tests.random_calls import HOURS, LINES, MANAGERS, NONE, Nastiness, random_log
from tests.recount import recount

Json = dict[str, Any]


def agree(feed: Feed, log: list[Json]) -> None:
    found = differences(feed, recount(log, MANAGERS, LINES, HOURS, pipelines=PIPELINES))
    assert not found, "\n".join(found[:10])


@pytest.mark.parametrize("seed", range(20))
def test_a_nasty_log_equals_its_recount(seed: int) -> None:
    log = random_log(seed)
    feed = Feed()
    feed.log(log)
    agree(feed, log)


@pytest.mark.parametrize("seed", range(20, 24))
def test_many_tries_to_reach_few_customers(seed: int) -> None:
    log = random_log(seed, calls=150, customers=2, days=6)
    feed = Feed()
    feed.log(log)
    agree(feed, log)


@pytest.mark.parametrize("seed", range(30, 38))
def test_many_leads_of_few_customers(seed: int) -> None:
    log = random_log(seed, calls=60, customers=3, days=4, leads=60)
    feed = Feed()
    feed.log(log)
    agree(feed, log)


@pytest.mark.parametrize("seed", range(40, 52))
def test_deals_tasks_and_activities(seed: int) -> None:
    log = random_log(seed, calls=30, customers=4, days=3, deals=15)
    feed = Feed()
    feed.log(log)
    agree(feed, log)


@pytest.mark.parametrize("seed", range(60, 84))
def test_customers_that_turn_out_to_be_one(seed: int) -> None:
    log = random_log(seed, calls=40, customers=5, days=3, leads=15, deals=4, links=8)
    feed = Feed()
    feed.log(log)
    feed.answer()
    agree(feed, log)


@pytest.mark.parametrize("seed", range(24, 30))
def test_a_month_of_customers_that_turn_out_to_be_one(seed: int) -> None:
    log = random_log(seed, calls=150, customers=4, days=30, nastiness=Nastiness(late=0.3), links=6)
    feed = Feed()
    for number, event in enumerate(log):
        feed.log([event])
        if number % 7 == 0:
            feed.answer()
    feed.answer()
    agree(feed, log)
    assert feed.refolds


@pytest.mark.parametrize("seed", range(24, 30))
def test_a_month_in_which_settled_calls_are_let_go(seed: int) -> None:
    # Every third event is late, some by days, so that many need what was let go.
    log = random_log(seed, calls=250, customers=2, days=30, nastiness=Nastiness(late=0.3), deals=10)
    chance = random.Random(seed)
    late = [event for event in log if chance.random() < 0.02]
    log = [event for event in log if event not in late] + late
    feed = Feed()
    for number, event in enumerate(log):
        feed.log([event])
        if number % 7 == 0:
            feed.answer()
    feed.answer()
    agree(feed, log)
    assert feed.refolds
    assert any(journey.forgotten_until for journey in feed.journeys.values())


@given(st.data(), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_order_repetition_and_batches_make_no_difference(data: st.DataObject, seed: int) -> None:
    log = random_log(seed, calls=8, customers=1, days=0.05, nastiness=NONE, leads=2, deals=2)
    shuffled = data.draw(st.permutations(log + log[:5]))
    one, other = Feed(), Feed()
    one.log(log + log[:5])
    while shuffled:
        size = data.draw(st.integers(1, 12))
        other.batch(shuffled[:size])
        shuffled = shuffled[size:]
    assert one.facts == other.facts
    assert one.minutes == other.minutes
    assert one.rows == other.rows
    for customer, state in one.states().items():
        # The marks are of the log, not of the events, as versions are: all else is equal byte for byte.
        one.journeys[customer].marks = other.journeys[customer].marks
        assert one.states()[customer] == other.states()[customer], state


@given(st.data(), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_who_is_who_may_come_to_light_in_any_order(data: st.DataObject, seed: int) -> None:
    log = random_log(seed, calls=8, customers=4, days=0.05, nastiness=NONE, leads=4, deals=2, links=6)
    shuffled = data.draw(st.permutations(log + log[:5]))
    feed = Feed()
    while shuffled:
        size = data.draw(st.integers(1, 12))
        feed.batch(shuffled[:size])
        shuffled = shuffled[size:]
    feed.answer()
    agree(feed, log)


@pytest.mark.timeout(600)  # a minute on an idle machine
def test_fifty_thousand_events_of_everything_equal_their_recount() -> None:
    log = random_log(77, calls=7000, customers=1500, days=20, leads=800, deals=400, links=60)
    assert len(log) >= 50_000
    feed = Feed()
    for number, event in enumerate(log):
        feed.log([event])
        if number % 500 == 0:
            feed.answer()
    feed.answer()
    agree(feed, log)
    assert feed.refolds


_TYPES = [
    "started", "started", "queued", "offered", "offered", "offered", "answered", "answered", "held",
    "resumed", "transferred", "offer_ended", "offer_ended", "offer_ended", "ended", "ended",
    "customer.contacted", "item.closed", "item.taken", "lead.created", "lead.created", "lead.created",
    "lead.assigned", "lead.assigned", "lead.disqualified", "lead.removed",
]  # fmt: skip
_SECONDS = st.sampled_from([0, 1, 2, 5, 6, 10, 15, 16, 20, 25, 60, 75, 90, 1200, 1300, 90_000, 454_000])
_REASONS = ["no_answer", "no_answer", "declined", "busy", "hangup", "voicemail", "ivr_end", ""]


@st.composite
def nonsense(draw: st.DrawFn) -> list[Json]:
    """Events of a few calls of one customer, in any order and mostly without sense."""
    events = []
    for number in range(draw(st.integers(1, 24))):
        call_id = draw(st.sampled_from(["k1", "k2", "k3"]))
        fields = {
            "event_id": f"e{number}",
            "source": "pbx",
            "customer": PAT,
            "call_id": call_id,
            "manager": draw(st.sampled_from(["m1", "m2", "m3", "m9"])),
            "direction": draw(st.sampled_from(["in", "in", "in", "out", "out", "internal"])),
            "reason": draw(st.sampled_from(_REASONS)),
            "lead_id": draw(st.sampled_from(["l1", "l1", "l2"])),
            "channel": draw(st.sampled_from(["web_form", "call", ""])),
            "item_id": draw(st.sampled_from([f"pbx/{call_id}", f"pbx/{call_id}", "pbx/l1"])),
            "group": draw(st.sampled_from(["", "", "", "sales", "support", "night"])),
        }
        events.append(at(draw(_SECONDS), draw(st.sampled_from(_TYPES)), **fields))
    return events


@given(nonsense())
@settings(max_examples=200, deadline=None)
def test_nonsense_equals_its_recount(log: list[Json]) -> None:
    feed = Feed()
    feed.log(log)
    agree(feed, log)


def test_the_random_log_is_the_same_for_the_same_seed() -> None:
    assert random_log(3) == random_log(3)
    assert random_log(3) != random_log(4)
