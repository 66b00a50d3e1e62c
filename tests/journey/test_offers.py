"""Who was rung and who talked: legs, offers alone and to several at once, transfers."""

from tests.journey.feeding import Feed
from tests.journey.scenario import Json, at, call, folded, legs, record, subjects, t

START = at(0, "started", direction="in", group="sales")


def offer(manager: str, start: float, end: float, reason: str = "no_answer") -> list[Json]:
    return [
        at(start, "offered", manager=manager),
        at(end, "offer_ended", manager=manager, reason=reason),
    ]


def rung(*steps: list[Json]) -> Feed:
    return folded(call("k1", START, *[step for some in steps for step in some]))


def test_managers_rung_one_after_another_each_miss_their_own_offer() -> None:
    feed = rung(offer("m1", 0, 15), offer("m3", 15, 30), [at(40, "ended")])
    assert subjects(feed, "offer") == {
        "m:m1": (0, 1), "m:m3": (15, 1), "g:sales": (0, 1), "g:support": (15, 1), "a:all": (0, 1)
    }  # fmt: skip
    assert subjects(feed, "offer_missed") == {
        "m:m1": (15, 1), "m:m3": (30, 1), "g:sales": (15, 1), "g:support": (30, 1), "a:all": (15, 1)
    }  # fmt: skip
    assert not subjects(feed, "offer_missed_shared")
    assert (record(feed)["offers"], record(feed)["offers_missed"]) == (2, 2)
    assert subjects(feed, "call_missed") == {"g:sales": (40, 1), "a:all": (40, 1)}


def test_a_missed_ring_all_is_the_groups_and_nobodys_own() -> None:
    feed = rung(offer("m1", 0, 20), offer("m2", 0.04, 20), [at(25, "ended")])
    assert not subjects(feed, "offer")
    assert not subjects(feed, "offer_missed")
    assert subjects(feed, "offer_missed_shared") == {"g:sales": (25, 1), "a:all": (25, 1)}
    assert record(feed)["offers_missed"] == 2


def test_a_ring_all_that_one_answers_is_nobodys_miss() -> None:
    feed = rung(
        [at(0, "offered", manager="m1"), at(0, "offered", manager="m2"), at(6, "answered", manager="m2")],
        [at(6, "offer_ended", manager="m1", reason="answered_elsewhere"), at(90, "ended")],
    )
    assert record(feed)["offers_missed"] == 0
    for name in ("offer", "offer_missed", "offer_answered", "offer_missed_shared"):
        assert not subjects(feed, name)
    assert subjects(feed, "ring") == dict.fromkeys(("m:m2", "g:sales", "a:all"), (6, 6000))
    assert [(leg["manager"], leg["end_reason"], leg["ring_ms"]) for leg in legs(feed)] == [
        ("m1", "answered_elsewhere", 6000),
        ("m2", "ended", 6000),
    ]


def test_a_ring_all_that_is_answered_in_the_end_is_no_shared_miss() -> None:
    feed = rung(
        offer("m1", 0, 15), offer("m2", 0, 15),
        [at(20, "offered", manager="m1"), at(24, "answered", manager="m1"), at(90, "ended")],
    )  # fmt: skip
    assert not subjects(feed, "offer_missed_shared")
    assert subjects(feed, "offer")["m:m1"] == (20, 1)
    assert subjects(feed, "offer_answered")["m:m1"] == (24, 1)


def test_offers_that_only_touch_do_not_overlap() -> None:
    assert len(subjects(rung(offer("m1", 0, 15), offer("m2", 15, 30)), "offer")) == 4
    assert not subjects(rung(offer("m1", 0, 15.001), offer("m2", 15, 30)), "offer")


def test_a_phone_that_declines_at_once_is_part_of_its_round() -> None:
    feed = rung(offer("m1", 10, 10, "declined"), offer("m2", 10, 30), [at(40, "ended")])
    assert not subjects(feed, "offer_missed")
    assert subjects(feed, "offer_missed_shared")["g:sales"] == (40, 1)


def test_the_same_manager_offered_twice_is_one_call_for_him_and_two_offers() -> None:
    feed = rung(offer("m1", 0, 15), offer("m1", 20, 35), [at(40, "ended")])
    assert record(feed)["offers"] == 2
    assert record(feed)["offers_missed"] == 2
    assert subjects(feed, "offer")["m:m1"] == (0, 1)
    assert subjects(feed, "offer_missed")["m:m1"] == (15, 1)
    assert [leg["ring_ms"] for leg in legs(feed)] == [15_000, 15_000]


def test_missed_first_and_answered_second_counts_once_each_way() -> None:
    again = [at(20, "offered", manager="m1"), at(23, "answered", manager="m1"), at(50, "ended")]
    feed = rung(offer("m1", 0, 15), again)
    assert subjects(feed, "offer")["m:m1"] == (0, 1)
    assert subjects(feed, "offer_missed")["m:m1"] == (15, 1)
    assert subjects(feed, "offer_answered")["m:m1"] == (23, 1)
    assert record(feed)["offers_missed"] == 1


def test_whole_seconds_a_ring_ends_when_the_next_begins() -> None:
    # The second offer and the end of the first carry the same second.
    feed = rung(
        [at(0, "offered", manager="m1"), at(15, "offered", manager="m1")],
        [at(15, "offer_ended", manager="m1", reason="no_answer")],
        [at(30, "offer_ended", manager="m1", reason="declined"), at(30, "ended")],
    )
    found = [(leg["offered_at"], leg["left_at"], leg["end_reason"]) for leg in legs(feed)]
    assert found == [(t(0), t(15), "no_answer"), (t(15), t(30), "declined")]


def test_a_short_ring_is_no_miss_of_a_manager_but_a_decline_is() -> None:
    assert not subjects(rung(offer("m1", 0, 4.999)), "offer_missed")
    assert subjects(rung(offer("m1", 0, 5)), "offer_missed")["m:m1"] == (5, 1)
    assert subjects(rung(offer("m1", 0, 1, "declined")), "offer_missed")["m:m1"] == (1, 1)
    for reason in ("busy", "caller_left", "answered_elsewhere"):
        feed = rung(offer("m1", 0, 20, reason))
        assert not subjects(feed, "offer_missed")
        assert record(feed)["offers_missed"] == 0


def test_the_share_of_missed_offers_is_of_working_hours() -> None:
    # sales works from 9 to 18 in Moscow; the day of the tests begins at noon there, night is 8 h later.
    for hours, counted in ((0, True), (8, False)):
        missed = rung(offer("m1", hours * 3600, hours * 3600 + 15))
        assert "m:m1" in subjects(missed, "offer_missed")
        assert ("m:m1" in subjects(missed, "offer_missed_hours")) is counted
        second = [at(hours * 3600 + 4, "answered", manager="m1"), at(hours * 3600 + 50, "ended")]
        answered = rung([at(hours * 3600, "offered", manager="m1")], second)
        assert "m:m1" in subjects(answered, "offer_answered")
        assert ("m:m1" in subjects(answered, "offer_answered_hours")) is counted


def test_an_offer_whose_end_is_lost_rings_until_the_next_answer_or_the_end() -> None:
    answered = rung([at(0, "offered", manager="m1"), at(9, "answered", manager="m2"), at(90, "ended")])
    assert [(leg["left_at"], leg["end_reason"]) for leg in legs(answered)] == [
        (t(9), ""),
        (t(90), "ended"),
    ]
    ended = rung([at(0, "offered", manager="m1"), at(30, "ended")])
    assert [(leg["left_at"], leg["ring_ms"], leg["end_reason"]) for leg in legs(ended)] == [
        (t(30), 30_000, "")
    ]


def test_a_transfer_splits_talk_between_the_managers() -> None:
    feed = rung(
        [at(5, "answered", manager="m1"), at(65, "transferred", manager="m1", to_manager="m3")],
        [at(66, "offered", manager="m3"), at(72, "answered", manager="m3"), at(100, "ended")],
    )
    row = record(feed)
    assert (row["manager"], row["transferred"], row["talk_ms"]) == ("m1", True, 95_000)
    assert subjects(feed, "call_answered_by") == {"m:m1": (5, 1)}
    assert subjects(feed, "handled") == {
        "m:m1": (5, 1), "m:m3": (72, 1), "g:sales": (5, 1), "g:support": (72, 1), "a:all": (5, 1)
    }  # fmt: skip
    talks = [(manager, at, ms) for manager, _, _, at, ms in feed.named("talk")]
    assert talks == [("m1", t(65), 60_000), ("m3", t(100), 28_000)]
    assert subjects(feed, "quality") == {"m:m1": (65, 1), "g:sales": (65, 1), "a:all": (100, 1)}
    assert [leg["end_reason"] for leg in legs(feed)] == ["transferred", "ended"]


def test_two_of_one_group_are_one_handled_call_of_it_and_their_talk_adds_up() -> None:
    feed = rung(
        [at(5, "answered", manager="m1"), at(45, "transferred", manager="m1")],
        [at(50, "answered", manager="m2"), at(80, "ended")],
    )
    assert subjects(feed, "handled")["g:sales"] == (5, 1)
    # 40 s and 30 s: no quality call of either manager, but one of the group
    assert subjects(feed, "quality") == {"g:sales": (80, 1), "a:all": (80, 1)}


def test_a_manager_who_gets_the_call_back_has_two_legs() -> None:
    feed = rung(
        [at(5, "answered", manager="m1"), at(45, "transferred", manager="m1")],
        [at(50, "answered", manager="m2"), at(60, "transferred", manager="m2")],
        [at(62, "answered", manager="m1"), at(90, "ended")],
    )
    own = [(x["answered_at"], x["talk_ms"]) for x in legs(feed) if x["manager"] == "m1"]
    assert own == [(t(5), 40_000), (t(62), 28_000)]
    assert subjects(feed, "handled")["m:m1"] == (5, 1)
    assert subjects(feed, "quality")["m:m1"] == (90, 1)


def test_a_repeated_answer_of_who_talks_already_changes_nothing() -> None:
    feed = rung([at(5, "answered", manager="m1"), at(20, "answered", manager="m1"), at(50, "ended")])
    assert [leg["talk_ms"] for leg in legs(feed)] == [45_000]


def test_a_leg_that_is_no_more_is_taken_back() -> None:
    # The offer comes after the answer it belongs to: two legs become one.
    feed = folded(call("k1", START, at(5, "answered", manager="m1"), at(6, "answered", manager="m2")))
    assert len(legs(feed)) == 2
    feed.log([call("k1", at(1, "offered", manager="m1", event_id="late"))[0]])
    assert [(leg["manager"], leg["ring_ms"]) for leg in legs(feed)] == [("m1", 4000), ("m2", None)]
    numbers = [row.values[2] for row in feed.last.rows if row.table == "call_legs"]
    assert numbers == [1]
