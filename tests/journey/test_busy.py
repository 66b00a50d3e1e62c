"""A missed offer is nobody's miss while he was on another call or paused: worked cases."""

import random

import pytest

from tests.journey.feeding import Feed
from tests.journey.scenario import Json, at, call, dial, folded, record, subjects, t, talk
from tests.journey.test_random import agree
from tests.random_calls import NONE, Nastiness, random_log

BEA = "+74951230102"
DAY = 86_400
MISSED = {"m:m1": (120, 1), "g:sales": (120, 1), "a:all": (120, 1)}


def rings(start: float = 100, end: float = 120, reason: str = "no_answer", call_id: str = "k1") -> list[Json]:
    """A call that rings at m1 alone, and is lost."""
    return call(
        call_id,
        at(start - 5, "started", direction="in", group="sales"),
        at(start, "offered", manager="m1"),
        at(end, "offer_ended", manager="m1", reason=reason),
        at(end + 5, "ended", reason="hangup"),
    )


def other(answer: float, end: float | None, **of: object) -> list[Json]:
    """Another customer's call, which m1 answers."""
    events = talk("o1", answer - 5, answer, end or 0, customer=BEA)
    return events if end is not None else events[:2]


def status(seconds: float, word: str, event_id: str = "") -> Json:
    fields = {"event_id": event_id or f"s{seconds}", "source": "pbx", "manager": "m1", "status": word}
    return at(seconds, "agent.status", **fields)


def missed(*events: list[Json]) -> dict[str, tuple[int, int]]:
    """Whose miss the offer is, whichever way round the events come."""
    log = [event for some in events for event in some]
    feeds = []
    for order in (log, log[::-1], random.Random(1).sample(log, len(log)), log + log):
        feed = folded(order)
        agree(feed, order)
        feeds.append(feed)
    assert len({str(subjects(feed, "offer_missed")) for feed in feeds}) == 1
    assert all(record(feed)["offers_missed"] == 1 for feed in feeds), "the PBX says so"
    assert all(subjects(feed, "offer")["m:m1"] == (100, 1) for feed in feeds), "it rang at him"
    return subjects(feeds[0], "offer_missed")


def test_who_is_free_misses_what_he_lets_ring_or_declines() -> None:
    assert missed(rings()) == MISSED
    assert missed(rings(reason="declined")) == MISSED


@pytest.mark.parametrize("reason", ["no_answer", "declined"])
def test_on_a_call_with_another_customer_he_misses_nothing(reason: str) -> None:
    assert missed(rings(reason=reason), other(50, 300)) == {}
    assert missed(rings(reason=reason), other(50, 101)) == {}, "a part of the ring will do"


def test_calls_before_and_after_the_ring_excuse_nothing() -> None:
    assert missed(rings(), other(50, 100)) == MISSED
    assert missed(rings(), other(120, 200)) == MISSED
    assert missed(rings(), other(110, 110)) == MISSED, "a call of no length"


def test_another_call_answered_during_the_ring_was_the_one_that_he_could_take() -> None:
    assert missed(rings(), other(115, 200)) == {}


def test_his_own_talk_in_the_same_call_excuses_nothing() -> None:
    steps = [at(50, "answered", manager="m1"), at(110, "transferred", manager="m1")]
    more = call("k1", *[{**step, "event_id": f"x{n}"} for n, step in enumerate(steps)])
    assert missed(rings(), more) == MISSED


def test_a_call_given_away_before_the_ring_keeps_him_no_longer() -> None:
    given = call("o1", at(80, "transferred", manager="m1", event_id="g"), customer=BEA)
    assert missed(rings(), other(50, 300), given) == MISSED
    taken = call("o1", at(90, "answered", manager="m3", event_id="h"), customer=BEA)
    assert missed(rings(), other(50, 300), given, taken) == MISSED


def test_whoever_is_on_that_call_now_only_he_himself_is_excused() -> None:
    theirs = call(
        "o1", at(40, "started", direction="in"), at(50, "answered", manager="m2"), at(300, "ended"),
        customer=BEA,
    )  # fmt: skip
    assert missed(rings(), theirs) == MISSED


def test_who_dials_is_on_the_call_from_its_start() -> None:
    assert missed(rings(), dial("d1", 90, None, 130, customer=BEA)) == {}
    assert missed(rings(), dial("d1", 90, 125, 300, customer=BEA)) == {}
    assert missed(rings(), dial("d1", 90, None, 130, manager="m2", customer=BEA)) == MISSED


def test_a_talk_with_a_colleague_or_of_an_unknown_start_is_a_call_too() -> None:
    inner = call(
        "i1", at(40, "started", direction="internal", manager="m2"), at(50, "answered", manager="m1"),
        at(300, "ended"), customer="ext:101",
    )  # fmt: skip
    assert missed(rings(), inner) == {}
    assert missed(rings(), other(50, 300)[1:]) == {}


def test_a_talk_whose_end_is_lost_goes_on_for_four_hours() -> None:
    assert missed(rings(), other(100 - 4 * 3600 + 1, None)) == {}
    assert missed(rings(), other(100 - 4 * 3600, None)) == MISSED


def test_the_end_of_the_other_call_may_come_late() -> None:
    feed = folded(other(50, None), rings())
    assert subjects(feed, "offer_missed") == {}
    feed.log(other(50, 90)[2:])
    assert subjects(feed, "offer_missed") == MISSED
    assert subjects(feed, "span_offer_missed") == {"m:m1": (100, t(120))}


def test_the_other_call_may_be_heard_of_late() -> None:
    feed = folded(rings())
    assert subjects(feed, "offer_missed") == MISSED
    feed.log(other(50, 300))
    assert subjects(feed, "offer_missed") == {}
    assert subjects(feed, "span_offer_excused") == {"m:m1": (100, t(120))}


def test_paused_or_offline_he_misses_nothing_until_his_next_status() -> None:
    for word in ("paused", "offline"):
        assert missed(rings(), [status(60, word)]) == {}
        assert missed(rings(), [status(110, word)]) == {}, "a part of the ring will do"
        assert missed(rings(), [status(60, word), status(100, "available")]) == MISSED
        assert missed(rings(), [status(60, word), status(101, "wrap_up")]) == {}
        assert missed(rings(), [status(120, word)]) == MISSED
    assert missed(rings(), [status(60, "wrap_up")]) == MISSED


def test_a_status_says_nothing_any_more_after_three_days() -> None:
    assert missed(rings(), [status(100 - 3 * DAY + 1, "offline")]) == {}
    assert missed(rings(), [status(100 - 3 * DAY, "offline")]) == MISSED


def test_on_call_is_another_call_if_it_began_before_the_ring() -> None:
    assert missed(rings(), [status(99, "on_call")]) == {}
    assert missed(rings(), [status(100, "on_call")]) == MISSED
    assert missed(rings(), [status(99 - 4 * 3600, "on_call")]) == MISSED


def test_what_passes_midnight_is_judged_on_both_days() -> None:
    midnight = DAY / 2
    late = rings(midnight - 10, midnight + 20)
    for answer, excused in ((midnight - 60, True), (midnight + 5, True), (midnight + 20, False)):
        feed = folded(late, other(answer, answer + 600))
        agree(feed, late + other(answer, answer + 600))
        assert (subjects(feed, "offer_missed") == {}) is excused


def test_of_a_call_that_two_let_ring_the_group_counts_what_the_free_one_missed() -> None:
    hunt = call(
        "k1", at(95, "started", direction="in", group="sales"), at(100, "offered", manager="m1"),
        at(120, "offer_ended", manager="m1", reason="no_answer"), at(120, "offered", manager="m2"),
        at(140, "offer_ended", manager="m2", reason="no_answer"), at(150, "ended"),
    )  # fmt: skip
    assert subjects(folded(hunt), "offer_missed") == {
        "m:m1": (120, 1), "m:m2": (140, 1), "g:sales": (120, 1), "a:all": (120, 1)
    }  # fmt: skip
    assert subjects(folded(hunt, other(50, 300)), "offer_missed") == {
        "m:m2": (140, 1), "g:sales": (140, 1), "a:all": (140, 1)
    }  # fmt: skip


def test_flagged_as_staff_later_he_was_on_a_call_all_the_same() -> None:
    flag = at(500, "customer.flagged", event_id="f", source="crm", customer=BEA, flag="staff")
    assert missed(rings(), other(50, 300), [flag]) == {}


def test_a_customer_handed_over_is_told_of_once_by_who_has_him_then() -> None:
    ann = "+74951230000"
    link = at(0, "customer.linked", event_id="l", source="crm", customer=BEA, same_as=[ann])
    own = at(0, "customer.linked", event_id="m", source="crm", customer=rings()[0]["customer"], same_as=[ann])
    for links in ([link], [own], [link, own]):
        for log in (
            [*other(50, 300), *rings(), *links],
            [*links, *other(50, 300), *rings()],
            [*rings(), *links, *other(50, 300)],
        ):
            feed = folded(log)
            agree(feed, log)
            assert subjects(feed, "offer_missed") == {}


def test_what_is_forgotten_of_a_customer_or_a_day_is_judged_as_if_it_had_not_been() -> None:
    first, second, busy = rings(), rings(1000, 1020, call_id="k2"), other(50, 300)
    feed = folded(first, second, busy)
    for key in list(feed.journeys):
        feed.forget(key)
    late = talk("o2", 1000, 1005, 1300, customer="+74951230103")
    feed.log(late)
    feed.answer()
    agree(feed, [*first, *second, *busy, *late])
    assert subjects(feed, "offer_missed") == {}
    for key in list(feed.journeys):
        feed.forget(key)
    given = call("o1", at(60, "transferred", manager="m1", event_id="g"), customer=BEA)
    feed.log(given)
    feed.answer()
    agree(feed, [*first, *second, *busy, *late, *given])
    assert subjects(feed, "offer_missed") == MISSED


def test_folding_what_is_stored_again_asks_for_no_more() -> None:
    feed = folded(rings(), other(50, 300))
    for key in list(feed.journeys):
        feed.forget(key)
    feed.log(rings())
    for _ in range(5):
        feed.answer()
    assert not feed.waiting
    refolds = feed.refolds
    feed.answer()
    assert feed.refolds == refolds
    assert subjects(feed, "offer_missed") == {}


def forget_all(feed: Feed, share: float, chance: random.Random) -> None:
    """Let go of so many of the journeys, long after everything."""
    for key, journey in list(feed.journeys.items()):
        kept_for_ever = journey.handed_over or journey.flags or journey.linked
        if not kept_for_ever and not key.startswith(("deal:", "task:", "lead:")) and chance.random() < share:
            feed.forget(key)
            feed.journeys[key].forgotten_until = t(1000 * DAY)


@pytest.mark.parametrize("seed", range(100, 115))
def test_whatever_is_forgotten_whenever_it_equals_the_recount(seed: int) -> None:
    chance = random.Random(seed)
    log = random_log(seed, calls=50, customers=5, days=1.5, nastiness=Nastiness(late=0.3), links=seed % 3)
    late = [event for event in log if chance.random() < 0.05]
    log = [event for event in log if event not in late]
    feed = Feed()
    for event in log:
        feed.log([event])
        days = [k for k, one in feed.journeys.items() if k.startswith("manager:") and not one.awaited]
        if days and chance.random() < 0.2:
            feed.forget(chance.choice(days))
    feed.answer()
    agree(feed, log)
    for event in late:
        forget_all(feed, chance.choice([0, 0.5, 1]), chance)
        feed.log([event])
        feed.answer()
    agree(feed, log + late)
    assert feed.refolds


def test_random_logs_hold_offers_missed_by_the_busy_and_by_the_paused() -> None:
    by_call = by_status = free = 0
    for seed in range(12):
        log = random_log(seed, nastiness=NONE)
        calls_only = [event for event in log if event["type"] != "agent.status"]
        found = [folded(calls_only), folded(log)]
        excused = [len(feed.named("span_offer_excused")) for feed in found]
        by_call, by_status = by_call + excused[0], by_status + excused[1] - excused[0]
        free += len(found[1].named("span_offer_missed"))
    assert min(by_call, by_status, free) >= 5
