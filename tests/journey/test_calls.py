"""One call: outcome, waits, talk, hold, group. Expected numbers are worked out by hand."""

import pytest

from tests.journey.feeding import row_of
from tests.journey.scenario import PAT, at, call, dial, folded, record, subjects, t, talk


def test_an_answered_call_through_queue_and_offer() -> None:
    feed = folded(
        call(
            "k1",
            at(0, "started", direction="in", line="+74951230001"),
            at(12, "queued", group="sales"),
            at(13, "offered", manager="m1"),
            at(20.5, "answered", manager="m1"),
            at(140.5, "ended", reason="hangup", ended_by="customer", recording="rec/1"),
        )
    )
    row = record(feed)
    assert row["direction"] == "in"
    assert (row["group"], row["manager"], row["line"]) == ("sales", "m1", "+74951230001")
    assert (row["started_at"], row["answered_at"], row["ended_at"]) == (t(0), t(20.5), t(140.5))
    assert (row["wait_ms"], row["wait_total_ms"]) == (8500, 20500)
    assert (row["talk_ms"], row["hold_ms"]) == (120_000, 0)
    assert (row["outcome"], row["in_hours"], row["excluded_reason"]) == ("answered", True, "")
    assert (row["offers"], row["offers_missed"], row["transferred"]) == (1, 0, False)
    assert (row["ended_by"], row["recording"]) == ("customer", "rec/1")
    assert subjects(feed, "call_in") == {"g:sales": (0, 1), "a:all": (0, 1)}
    for name in ("call_answered", "call_answered_hours", "response"):
        assert subjects(feed, name) == {"g:sales": (20, 8500), "a:all": (20, 8500)}
    assert subjects(feed, "call_answered_by") == {"m:m1": (20, 1)}
    assert subjects(feed, "handled") == {"m:m1": (20, 1), "g:sales": (20, 1), "a:all": (20, 1)}
    talk_end = (140, 120_000)
    assert subjects(feed, "talk") == {"m:m1": talk_end, "g:sales": talk_end, "a:all": talk_end}
    assert subjects(feed, "ring") == dict.fromkeys(("m:m1", "g:sales", "a:all"), (20, 7500))
    assert not feed.named("waiting")


def test_the_call_across_two_half_hours_counts_where_each_thing_happened() -> None:
    # 7:28 to 7:32: offered in the first interval, answered in the second.
    feed = folded(
        call(
            "k1",
            at(1680, "started", direction="in", group="sales"),
            at(1920, "answered", manager="m1"),
            at(3000, "ended"),
        )
    )
    minutes = {key[1]: key[2] - t(0) // 60_000 for key in feed.minutes if key[0] == "g:sales"}
    assert minutes["call_in"] == 28
    assert minutes["call_answered"] == 32
    assert minutes["talk"] == 50
    assert feed.minutes["g:sales", "talk", t(3000) // 60_000] == (1, 1_080_000)


def test_service_level_counts_the_wait_from_the_queue_to_the_ms() -> None:
    feed = folded(
        call("k1", at(0, "started", direction="in"), at(50, "queued", group="sales"),
             at(70.001, "answered", manager="m1")),
    )  # fmt: skip
    for name in ("wait_answered_hours", "wait_answered_all"):
        assert subjects(feed, name) == {"g:sales": (70, 20_001), "a:all": (70, 20_001)}


def test_a_queue_after_the_first_answer_is_a_transfer_and_no_wait_before_it() -> None:
    feed = folded(
        call("k1", at(0, "started", direction="in"), at(2, "offered", manager="m1"),
             at(7, "answered", manager="m1"), at(60, "transferred", manager="m1"),
             at(60, "queued", group="support")),
    )  # fmt: skip
    assert record(feed)["wait_ms"] == 5000


_OF_LEVELS = ("wait_", "voicemail_")


@pytest.mark.parametrize(
    ("wait", "reason", "outcome", "facts"),
    [
        (30, "hangup", "missed", {"call_missed", "call_missed_hours", "missed_caller"}),
        (30, "", "missed", {"call_missed", "call_missed_hours", "missed_caller"}),
        (30, "queue_timeout", "missed", {"call_missed", "call_missed_hours", "missed_caller"}),
        (3, "voicemail", "voicemail", {"call_missed", "call_missed_hours", "missed_caller"}),
        (5, "hangup", "short_abandon", {"short_abandon"}),
        (5.001, "hangup", "missed", {"call_missed", "call_missed_hours", "missed_caller"}),
        (30, "callback_taken", "callback_taken", set()),
        (30, "blocked", "blocked", set()),
        (2, "failed", "failed", set()),
    ],
)
def test_outcome_of_an_unanswered_call(wait: float, reason: str, outcome: str, facts: set[str]) -> None:
    feed = folded(
        call("k1", at(0, "started", direction="in"), at(10, "queued", group="sales"),
             at(10 + wait, "ended", reason=reason)),
    )  # fmt: skip
    assert record(feed)["outcome"] == outcome
    names = {"call_missed", "call_missed_hours", "missed_caller", "short_abandon"}
    assert {key.name for key in feed.facts} & names == facts
    waited = (
        {"wait_abandoned_hours", "wait_abandoned_all"} if outcome in ("missed", "short_abandon") else set()
    )
    waited |= {"voicemail_hours", "voicemail_all"} if outcome == "voicemail" else set()
    assert {name for name in (key.name for key in feed.facts) if name.startswith(_OF_LEVELS)} == waited
    for name in waited:
        value = round(wait * 1000) if name.startswith("wait") else 1
        assert subjects(feed, name)["g:sales"] == (10 + int(wait), value)
    assert (record(feed)["manager"], record(feed)["talk_ms"]) == ("", None)


def test_a_menu_that_ended_the_call_is_ivr_only_unless_the_caller_was_queued_or_offered() -> None:
    menu = folded(call("k1", at(0, "started", direction="in"), at(40, "ended", reason="ivr_end")))
    assert record(menu)["outcome"] == "ivr_only"
    assert {key.name for key in menu.facts} == {"call_in"}
    queued = folded(
        call("k1", at(0, "started", direction="in"), at(5, "queued", group="sales"),
             at(40, "ended", reason="ivr_end")),
    )  # fmt: skip
    assert record(queued)["outcome"] == "missed"


def test_out_of_hours_a_call_counts_but_not_for_shares_and_service_level() -> None:
    nine_at_night = 9 * 3600
    unanswered = folded(
        call("k1", at(nine_at_night, "started", direction="in", group="sales"),
             at(nine_at_night + 60, "ended")),
    )  # fmt: skip
    assert record(unanswered)["in_hours"] is False
    assert subjects(unanswered, "call_missed")["g:sales"] == (nine_at_night + 60, 1)
    assert not subjects(unanswered, "call_missed_hours")
    answered = folded(talk("k1", nine_at_night, nine_at_night + 6, nine_at_night + 90))
    assert subjects(answered, "wait_answered_all")
    assert not subjects(answered, "wait_answered_hours")
    assert not subjects(answered, "call_answered_hours")


def test_hours_are_judged_when_the_wait_began() -> None:
    closing = 6 * 3600  # sales close at 18:00
    feed = folded(talk("k1", closing - 1, closing + 30, closing + 60))
    assert record(feed)["in_hours"] is True
    assert not record(folded(talk("k1", closing, closing + 1, closing + 2)))["in_hours"]


def test_a_call_whose_end_never_comes_stays_in_progress_and_waits_for_four_hours() -> None:
    feed = folded(
        call("k1", at(0, "started", direction="in"), at(10, "queued", group="sales")),
    )
    assert record(feed)["outcome"] == "in_progress"
    assert feed.named("waiting") == [("", "sales", True, t(10), t(10) + 4 * 3_600_000)]
    feed.log([{**call("k1", at(18_000, "ended"))[0], "event_id": "late-end"}])
    assert record(feed)["outcome"] == "missed"
    assert not feed.named("waiting")
    assert subjects(feed, "call_missed")["a:all"] == (18_000, 1)


def test_a_talk_whose_end_never_comes_has_no_length_and_is_no_conversation() -> None:
    row = record(folded(call("k1", at(0, "started", direction="in"), at(5, "answered", manager="m1"))))
    assert (row["outcome"], row["talk_ms"], row["ended_at"]) == ("answered", None, None)


def test_a_call_without_its_start_has_a_row_but_no_facts_until_it_comes() -> None:
    events = talk("k1", 0, 5, 95)
    feed = folded(events[1:])
    row = record(feed)
    assert (row["direction"], row["started_at"], row["wait_total_ms"]) == ("", None, None)
    assert row["talk_ms"] == 90_000
    assert not feed.facts
    feed.log(events[:1])
    assert record(feed)["direction"] == "in"
    assert subjects(feed, "handled")["m:m1"] == (5, 1)


def test_an_end_before_the_answer_makes_durations_zero() -> None:
    feed = folded(talk("k1", 0, 60, 50))
    row = record(feed)
    assert (row["wait_ms"], row["talk_ms"]) == (60_000, 0)
    assert subjects(feed, "talk")["m:m1"] == (60, 0)
    early = folded(talk("k1", 10, 8, 50))
    assert (record(early)["wait_ms"], record(early)["wait_total_ms"]) == (0, 0)


def test_of_several_ends_the_last_one_counts() -> None:
    feed = folded(talk("k1", 0, 5, 30), [*call("k1", at(50, "ended", reason="hangup"))])
    assert record(feed)["ended_at"] == t(30)  # the same event id: the first in the log counts
    feed.log([{**call("k1", at(50, "ended"))[0], "event_id": "another"}])
    assert (record(feed)["ended_at"], record(feed)["talk_ms"]) == (t(50), 45_000)


def test_hold_is_inside_talk_and_apart() -> None:
    feed = folded(
        call("k1", at(0, "started", direction="in", group="sales"), at(5, "answered", manager="m1"),
             at(20, "held", manager="m1"), at(50, "resumed", manager="m1"),
             at(70, "held", manager="m1"), at(75, "held", manager="m1"), at(80, "ended")),
    )  # fmt: skip
    assert (record(feed)["talk_ms"], record(feed)["hold_ms"]) == (75_000, 40_000)


def test_an_outbound_call_waits_from_its_start_and_belongs_to_who_dialled() -> None:
    feed = folded(dial("k1", 0, 12, 72, manager="m3"))
    row = record(feed)
    assert (row["manager"], row["group"], row["outcome"]) == ("m3", "support", "answered")
    assert (row["wait_ms"], row["talk_ms"]) == (12_000, 60_000)
    for name in ("dial", "dial_answered", "dial_conversation"):
        assert subjects(feed, name) == dict.fromkeys(("m:m3", "g:support", "a:all"), (0, 1))
    assert subjects(feed, "quality")["m:m3"] == (72, 1)
    assert not subjects(feed, "dial_early_hangup")
    assert not subjects(feed, "call_answered")


def test_a_dial_nobody_picked_up_is_never_missed() -> None:
    feed = folded(dial("k1", 0, None, 30))
    assert record(feed)["outcome"] == "no_answer"
    assert {key.name for key in feed.facts} == {"dial", "dial_hours"}


def test_a_dial_after_hours_counts_but_not_for_shares() -> None:
    evening = 7 * 3600  # 19:00: sales close at 18:00, support at 20:00
    feed = folded(dial("k1", evening, evening + 5, evening + 9), dial("k2", evening, None, evening + 9, "m3"))
    assert sorted(set(feed.named("dial_hours"))) == [("m3", "support", True, t(evening), 1)]
    assert len(feed.named("dial")) == 2
    assert len(feed.named("dial_early_hangup")) == len(feed.named("dial_answered")) == 1
    assert feed.named("dial_answered_hours") == feed.named("dial_early_hangup_hours") == []


def test_a_robot_that_answers_a_dial_is_no_conversation() -> None:
    feed = folded(dial("k1", 0, 5, 14.999))
    names = {key.name for key in feed.facts}
    assert "dial_early_hangup" in names
    assert "dial_conversation" not in names
    fifteen = {key.name for key in folded(dial("k1", 0, 5, 20)).facts}
    assert "dial_conversation" in fifteen
    assert "dial_early_hangup" not in fifteen


def test_the_dialler_may_be_known_only_from_the_answer() -> None:
    steps = [at(0, "started", direction="out"), at(9, "answered", manager="m2"), at(40, "ended")]
    feed = folded(call("k1", *steps))
    assert record(feed)["manager"] == "m2"
    assert subjects(feed, "dial")["m:m2"] == (0, 1)


def test_internal_calls_and_colleagues_are_excluded() -> None:
    internal = call(
        "k1", at(0, "started", direction="internal", manager="m1"), at(4, "answered", manager="m2"),
        at(90, "ended"), customer="ext:102",
    )  # fmt: skip
    feed = folded(internal, talk("k2", 0, 5, 100, customer="ext:103"))
    assert {row["excluded_reason"] for row in feed.table("calls")} == {"internal"}
    assert not feed.facts


@pytest.mark.parametrize(
    ("steps", "group"),
    [
        # the first event that names one, though it came from the line of another
        ([at(0, "started", direction="in", line="+74951230002"), at(1, "queued", group="sales")], "sales"),
        ([at(0, "started", direction="in", line="+74951230002"), at(1, "offered", manager="m1")], "support"),
        ([at(0, "started", direction="in", line="unknown"), at(1, "offered", manager="m3")], "support"),
        ([at(0, "started", direction="in"), at(1, "offered", manager="m9")], "unassigned"),
        ([at(0, "started", direction="in")], "unassigned"),
        ([at(0, "started", direction="out", manager="m4")], "support"),
        ([at(0, "started", direction="in"), at(1, "queued", group="sales"), at(9, "queued", group="night")],
         "sales"),
    ],
)  # fmt: skip
def test_group_of_a_call(steps: list[dict[str, object]], group: str) -> None:
    assert record(folded(call("k1", *steps)))["group"] == group


def test_when_the_group_becomes_known_facts_and_items_move() -> None:
    events = call("k1", at(0, "started", direction="in"), at(3, "queued", group="sales"))
    feed = folded(events[:1])
    assert [fact[1] for fact in feed.named("waiting")] == ["unassigned"]
    changes = feed.take(PAT, [row_of(events[1], 1)])
    assert [fact[1] for fact in feed.named("waiting")] == ["sales"]
    assert [fact[1] for fact in feed.named("call_in")] == ["sales"]
    ends = [change.new is None for change in changes.facts]
    assert ends == sorted(ends, reverse=True), "what is taken back comes first"


def test_the_customers_rating_is_shown_on_a_scale_of_five() -> None:
    feed = folded(
        talk("k1", 0, 5, 90),
        call("k1", at(200, "rated", event_id="r1", manager="m1", score=8, score_max=10),
             at(300, "rated", event_id="r2", manager="m1", score=1, rated_by="reviewer")),
    )  # fmt: skip
    assert record(feed)["rating"] == 4.0


@pytest.mark.parametrize(("score", "score_max", "rating"), [(9, 5, 5.0), (1e300, 1e-300, 5.0), (-1, 5, None)])
def test_a_rating_off_its_scale_does_no_harm(score: float, score_max: float, rating: float | None) -> None:
    rated = at(200, "rated", event_id="r", manager="m1", score=score, score_max=score_max)
    assert record(folded(talk("k1", 0, 5, 90), call("k1", rated)))["rating"] == rating
