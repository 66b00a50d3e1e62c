"""Requests to be called back: they open an item as a missed call does, and are no call."""

from tests.journey.feeding import Feed
from tests.journey.scenario import at, dial, folded, missed, t


def asked(seconds: float, id: str = "q1", **fields: object) -> list[dict[str, object]]:
    common: dict[str, object] = {
        "event_id": id,
        "source": "site",
        "customer": "+74951230100",
        "group": "sales",
    }
    return [common | at(seconds, "callback.requested", **fields)]


def item(feed: Feed) -> dict[str, object]:
    (row,) = feed.table("open_items")
    return row


def test_a_request_waits_to_be_called_and_is_no_call() -> None:
    feed = folded(asked(0))
    assert item(feed)["kind"] == "callback"
    assert (item(feed)["since"], item(feed)["misses"]) == (t(0), 0)
    assert feed.table("calls") == []
    assert feed.named("call_missed") == []


def test_it_is_answered_by_a_call_back() -> None:
    # Asked at 0, rung at 240 s, talked from 250 to 300 s: 240 s to the first attempt, in time.
    feed = folded(asked(0), dial("k1", 240, 250, 300))
    assert feed.table("open_items") == []
    assert feed.named("callback") == [("", "sales", True, t(240), 240_000)]
    assert feed.named("callback_in_time") == [("", "sales", True, t(1200), 1)]
    assert feed.named("missed_item_reached") != []


def test_who_asks_twice_within_a_quarter_of_an_hour_asked_once() -> None:
    # Asked at 0, reached at 60 s; the second request at 120 s is the same one come late.
    feed = folded(asked(0), dial("k1", 60, 70, 100), asked(120, "q2"))
    assert feed.table("open_items") == []
    assert len(feed.named("missed_item")) == 1
    # After 16 minutes he asks anew.
    again = folded(asked(0), dial("k1", 60, 70, 100), asked(960, "q2"))
    assert item(again)["item_id"] == "site/callback:q2"


def test_a_time_of_his_own_moves_the_clock() -> None:
    wanted = at(3600, "x")["occurred_at"]
    feed = folded(asked(0, callback_at=wanted))
    assert item(feed)["since"] == t(3600)
    # A call before that time is no attempt on it.
    early = folded(asked(0, callback_at=wanted), dial("k1", 600, None, 630))
    assert item(early)["attempts"] == 0


def test_a_request_and_a_missed_call_are_one_item() -> None:
    feed = folded(missed("k1", 100), asked(200))
    assert (item(feed)["kind"], item(feed)["misses"], item(feed)["since"]) == ("missed_call", 1, t(100))
