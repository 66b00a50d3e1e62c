"""What becomes of a missed call: columns of `calls`."""

import pytest

from tests.journey.scenario import PAT, Json, at, call, dial, folded, missed, note, record, t, talk


def recovery(*events: list[Json], call_id: str = "k1") -> tuple[object, ...]:
    row = record(folded(*events), call_id)
    names = ("recovered_by", "recovered_at", "recovery_ms", "first_callback_at")
    return tuple(row[name] for name in names)


NOTHING = ("", None, None, None)


def test_called_back_without_an_answer_is_attempted_not_recovered() -> None:
    assert recovery(missed("k1", 100), dial("k2", 400, None, 430)) == ("", None, None, t(400))


def test_recovered_by_calling_back() -> None:
    events = (missed("k1", 100), dial("k2", 400, None, 430), dial("k3", 500, 510, 540))
    assert recovery(*events) == ("out", t(510), 410_000, t(400))
    assert record(folded(*events))["outcome"] == "missed"


def test_recovered_by_the_customer_himself() -> None:
    assert recovery(missed("k1", 100), talk("k2", 200, 205, 260)) == ("in", t(205), 105_000, None)


def test_a_callback_after_the_recovery_is_no_callback() -> None:
    events = (missed("k1", 100), talk("k2", 200, 205, 260), dial("k3", 300, 305, 400))
    assert recovery(*events) == ("in", t(205), 105_000, None)


def test_a_conversation_running_at_the_end_recovers_at_once() -> None:
    # The customer calls a second time while a manager is calling him back.
    events = (missed("k1", 100), dial("k2", 40, 50, 160))
    assert recovery(*events) == ("out", t(100), 0, None)


def test_a_conversation_that_ended_before_does_not() -> None:
    assert recovery(missed("k1", 100), talk("k2", 10, 20, 100)) == NOTHING


def test_a_talk_too_short_to_be_a_conversation_does_not_recover() -> None:
    events = (missed("k1", 100), dial("k2", 200, 210, 224.999))
    assert recovery(*events) == ("", None, None, t(200))


def test_a_running_talk_recovers_only_when_it_has_become_a_conversation() -> None:
    feed = folded(missed("k1", 100), talk("k2", 200, 205, 300)[:2])
    assert record(feed)["recovered_by"] == ""
    feed.log(talk("k2", 200, 205, 300)[2:])
    assert record(feed)["recovered_at"] == t(205)


def test_contact_by_another_way_recovers_as_other() -> None:
    contacted = [note("customer.contacted", 250, via="messenger")]
    assert recovery(missed("k1", 100), contacted) == ("other", t(250), 150_000, None)
    earlier = [note("customer.contacted", 99, via="messenger")]
    assert recovery(missed("k1", 100), earlier) == NOTHING


def test_two_missed_and_the_third_answered_recovers_both() -> None:
    events = (missed("k1", 100), missed("k2", 160), talk("k3", 200, 210, 300))
    assert recovery(*events)[:3] == ("in", t(210), 110_000)
    assert recovery(*events, call_id="k2")[:3] == ("in", t(210), 50_000)


@pytest.mark.parametrize("reason", ["voicemail", "hangup"])
def test_voicemail_and_short_abandons_are_called_back_too(reason: str) -> None:
    short = call("k1", at(95, "started", direction="in"), at(100, "ended", reason=reason))
    assert recovery(short, dial("k2", 300, 310, 400))[0] == "out"


def test_what_is_not_missed_is_not_recovered() -> None:
    menu = call("k1", at(0, "started", direction="in"), at(100, "ended", reason="ivr_end"))
    assert recovery(menu, dial("k2", 300, 310, 400)) == NOTHING
    assert recovery(dial("k1", 0, None, 20), dial("k2", 300, 310, 400)) == NOTHING


def test_recovery_looks_ninety_days_ahead() -> None:
    day = 86_400
    last = dial("k2", 100 + 90 * day - 5, 100 + 90 * day, 100 + 90 * day + 60)
    assert recovery(missed("k1", 100), last)[0] == "out"
    late = dial("k2", 101 + 90 * day, 102 + 90 * day, 200 + 90 * day)
    assert recovery(missed("k1", 100), late) == NOTHING


def test_hidden_numbers_are_never_recovered_nor_counted_as_callers() -> None:
    feed = folded(missed("k1", 100, customer="anonymous:k1"))
    assert not feed.named("missed_caller")
    assert not feed.named("open_missed")
    assert feed.named("call_missed")
    assert folded(missed("k1", 100, customer=PAT)).named("missed_caller")


def test_calls_of_another_customer_recover_nothing() -> None:
    other = dial("k2", 300, 310, 400, customer="+74951230101")
    assert recovery(missed("k1", 100), other) == NOTHING
