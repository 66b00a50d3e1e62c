"""Missed items: when one opens and ends, and what is measured of it.

`sales` work Monday to Friday, 9:00 to 18:00 UTC; times are seconds after Thursday noon.
"""

from tests.journey.feeding import Feed
from tests.journey.scenario import Json, at, call, dial, folded, missed, note, subjects, t, talk

HOUR = 3600
DAY = 24 * HOUR
#: Thursday noon and three working days: Friday, Monday, Tuesday 18:00.
TUESDAY_EVENING = 5 * DAY + 6 * HOUR


def item(feed: Feed) -> Json:
    (found,) = feed.table("open_items")
    return found


def test_a_missed_call_opens_an_item() -> None:
    feed = folded(missed("k1", 100))
    row = item(feed)
    assert (row["source"], row["kind"], row["item_id"]) == ("pbx", "missed_call", "pbx/k1")
    assert (row["group"], row["manager"], row["state"]) == ("sales", "", "new")
    assert (row["misses"], row["attempts"], row["last_attempt_at"]) == (1, 0, None)
    assert (row["since"], row["due_at"]) == (t(100), t(1300))
    deadline = t(TUESDAY_EVENING)
    open_facts = [("", "sales", True, t(100), deadline)]
    assert feed.named("open_missed") == open_facts
    assert feed.named("uncalled_missed") == open_facts


def test_what_time_alone_makes_true_is_dated_at_its_deadline() -> None:
    feed = folded(missed("k1", 100))
    assert subjects(feed, "callback_due") == {"g:sales": (1300, 1), "a:all": (1300, 1)}
    assert not feed.named("callback_in_time")
    # working time until it is given up: rest of Thursday, then Friday, Monday, Tuesday
    working = 6 * HOUR - 100 + 3 * 9 * HOUR
    assert subjects(feed, "callback")["g:sales"] == (TUESDAY_EVENING, working * 1000)
    assert not feed.named("response")


def test_an_attempt_without_an_answer_keeps_it_open() -> None:
    feed = folded(missed("k1", 100), dial("k2", 700, None, 730, manager="m3"))
    row = item(feed)
    assert (row["state"], row["attempts"], row["last_attempt_at"]) == ("attempted", 1, t(700))
    assert feed.named("open_missed")
    assert not feed.named("uncalled_missed")
    for name in ("callback", "response"):
        assert subjects(feed, name) == {"g:sales": (700, 600_000), "a:all": (700, 600_000)}
    assert subjects(feed, "callback_in_time") == {"g:sales": (1300, 1), "a:all": (1300, 1)}
    made = {"m:m3": (700, 1), "g:support": (700, 1), "a:all": (700, 1)}
    assert subjects(feed, "callback_made") == made
    assert not feed.named("callback_reached")


def test_a_callback_that_reaches_the_customer_ends_it() -> None:
    feed = folded(missed("k1", 100), dial("k2", 1301, 1310, 1400))
    assert not feed.table("open_items")
    assert not feed.named("open_missed")
    assert subjects(feed, "callback")["g:sales"] == (1301, 1_201_000)
    assert subjects(feed, "callback_reached")["m:m1"] == (1310, 1)
    assert feed.named("callback_due")
    assert not feed.named("callback_in_time"), "one second late"
    in_time = folded(missed("k1", 100), dial("k2", 1300, 1310, 1400))
    assert in_time.named("callback_in_time")


def test_the_callback_clock_runs_in_working_hours() -> None:
    # Missed Thursday 20:00; called back Friday 9:10: 10 working minutes, 13 h 10 min by the calendar.
    evening, morning = 8 * HOUR, 21 * HOUR
    feed = folded(missed("k1", evening), dial("k2", morning + 600, None, morning + 630))
    assert subjects(feed, "callback")["g:sales"] == (morning + 600, 600_000)
    assert subjects(feed, "response")["g:sales"] == (morning + 600, 13 * HOUR * 1000 + 600_000)
    assert subjects(feed, "callback_in_time")["g:sales"] == (morning + 1200, 1)


def test_an_item_that_the_customer_ends_himself_is_nobodys_callback() -> None:
    feed = folded(missed("k1", 100), talk("k2", 500, 505, 600))
    for name in ("callback", "callback_due", "callback_in_time", "open_missed"):
        assert not feed.named(name)
    # the response that remains is the answered call's wait
    assert subjects(feed, "response")["g:sales"] == (505, 5000)


def test_ended_by_the_customer_after_the_deadline_it_was_due() -> None:
    feed = folded(missed("k1", 100), talk("k2", 1295, 1300, 1400))
    assert subjects(feed, "callback_due")["g:sales"] == (1300, 1)
    assert not feed.named("callback_in_time")
    assert not feed.named("callback")


def test_three_missed_calls_are_one_item_since_the_first() -> None:
    feed = folded(missed("k1", 100), missed("k2", 200), missed("k3", 300))
    row = item(feed)
    assert (row["item_id"], row["misses"], row["since"]) == ("pbx/k1", 3, t(100))
    assert len(feed.named("callback_due")) == 1
    assert len(feed.named("call_missed")) == 3
    assert len(feed.named("missed_caller")) == 3


def test_two_missed_and_the_third_answered_leaves_nothing_open() -> None:
    feed = folded(missed("k1", 100), missed("k2", 200), talk("k3", 250, 260, 400))
    assert not feed.table("open_items")
    assert not feed.named("open_missed")


def test_a_short_abandon_is_called_back_too() -> None:
    assert item(folded(missed("k1", 100, wait=3)))["misses"] == 1


def test_a_call_missed_during_a_conversation_with_the_customer_opens_nothing() -> None:
    feed = folded(missed("k1", 100), dial("k2", 40, 50, 160))
    assert not feed.table("open_items")
    assert not feed.named("callback_due")


def test_given_up_when_the_third_failed_attempt_has_ended() -> None:
    tries = [dial(f"d{n}", 200 + n * 100, None, 230 + n * 100) for n in range(3)]
    feed = folded(missed("k1", 100), *tries[:2])
    assert item(feed)["attempts"] == 2
    feed.log(tries[2][:1])
    assert item(feed)["attempts"] == 3, "the third is still ringing"
    feed.log(tries[2][1:])
    assert not feed.table("open_items")
    assert not feed.named("open_missed")
    assert len(feed.named("callback_made")) == 3
    # what comes after is a new item
    feed.log(missed("k2", 1000))
    assert item(feed)["item_id"] == "pbx/k2"


def test_an_attempt_after_it_is_given_up_is_no_callback() -> None:
    tries = [dial(f"d{n}", 200 + n * 100, None, 230 + n * 100) for n in range(4)]
    assert len(folded(missed("k1", 100), *tries).named("callback_made")) == 3


def test_the_third_attempt_that_reaches_the_customer_recovers() -> None:
    tries = [dial(f"d{n}", 200 + n * 100, None, 230 + n * 100) for n in range(2)]
    feed = folded(missed("k1", 100), *tries, dial("d2", 400, 410, 500))
    assert subjects(feed, "callback_reached")["m:m1"] == (410, 1)


def test_given_up_after_three_working_days_and_missed_anew() -> None:
    feed = folded(missed("k1", 100), missed("k2", TUESDAY_EVENING + 60))
    assert item(feed)["item_id"] == "pbx/k2"
    assert item(feed)["misses"] == 1
    assert len(feed.named("callback")) == 2
    assert len(feed.named("open_missed")) == 1


def test_an_item_past_its_deadline_ends_with_whatever_comes_next_of_the_customer() -> None:
    feed = folded(missed("k1", 100), [note("task.done", TUESDAY_EVENING - 1, "t1", task_id="t1")])
    assert feed.table("open_items")
    feed.log([note("task.done", TUESDAY_EVENING, "t2", task_id="t2")])
    assert not feed.table("open_items")
    assert not feed.named("open_missed")
    assert subjects(feed, "callback")["g:sales"][0] == TUESDAY_EVENING, "it stays a fact"
    late = folded(missed("k1", 100), dial("k2", TUESDAY_EVENING, TUESDAY_EVENING + 9, TUESDAY_EVENING + 99))
    assert late.table("calls")[0]["recovered_by"] == "out"
    assert not late.named("callback_made"), "reached, but no longer as an item"


def test_an_item_is_closed_under_the_name_of_any_of_its_calls() -> None:
    events = (missed("k1", 100), missed("k2", 200))
    feed = folded(*events, [note("item.closed", 300, item_id="pbx/k2", reason="spam")])
    assert not feed.table("open_items")
    # nobody called back, and not the customer ended it
    assert feed.named("callback_due")
    assert not feed.named("callback")
    feed.log(missed("k3", 400))
    assert item(feed)["item_id"] == "pbx/k3"


def test_an_item_is_not_closed_under_another_name_or_before_it_opened() -> None:
    assert folded(missed("k1", 100), [note("item.closed", 300, item_id="pbx/k9")]).table("open_items")
    assert folded(missed("k1", 100), [note("item.closed", 99, item_id="pbx/k1")]).table("open_items")
    twice = [
        note("item.closed", 99, item_id="pbx/k1"),
        note("item.closed", 120, "n2", item_id="pbx/k1"),
    ]
    assert not folded(missed("k1", 100), twice).table("open_items")


def test_an_item_taken_shows_by_whom() -> None:
    feed = folded(missed("k1", 100), [note("item.taken", 150, item_id="pbx/k1")])
    assert (item(feed)["state"], item(feed)["taken_by"]) == ("taken", "m1")
    feed.log([note("item.taken", 160, "n2", item_id="pbx/k1", manager="m2")])
    assert item(feed)["taken_by"] == "m2"
    assert feed.named("uncalled_missed"), "taken is not called back"


def test_contact_by_another_way_is_an_attempt_that_reached_him() -> None:
    feed = folded(missed("k1", 100), [note("customer.contacted", 400, via="messenger")])
    assert not feed.table("open_items")
    assert subjects(feed, "callback")["g:sales"] == (400, 300_000)
    assert feed.named("callback_in_time")
    assert not feed.named("callback_made")


def test_a_late_end_moves_the_item_to_the_call_that_opened_it() -> None:
    feed = folded(missed("k2", 200))
    assert item(feed)["item_id"] == "pbx/k2"
    feed.log(missed("k1", 100))
    assert (item(feed)["item_id"], item(feed)["misses"]) == ("pbx/k1", 2)
    assert [fact[3] for fact in feed.named("open_missed")] == [t(100)]


def test_a_late_conversation_takes_back_what_was_emitted() -> None:
    feed = folded(missed("k1", 100), missed("k2", 900))
    feed.log(talk("k3", 300, 305, 400))
    assert item(feed)["item_id"] == "pbx/k2"
    assert [fact[3] for fact in feed.named("callback_due")] == [t(2100)]


def test_the_waiting_caller_is_an_item_until_answered_or_gone() -> None:
    events = call(
        "k1", at(0, "started", direction="in"), at(4, "queued", group="sales"),
        at(20, "answered", manager="m1"),
    )  # fmt: skip
    feed = folded(events[:2])
    assert feed.named("waiting") == [("", "sales", True, t(4), t(4) + 4 * HOUR * 1000)]
    tags = {change.tag for change in feed.last.facts if change.key.name == "waiting" and change.new}
    assert tags == {"sales|pbx/k1"}
    feed.log(events[2:])
    assert not feed.named("waiting")
