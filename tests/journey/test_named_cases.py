"""Ambiguous cases that have names (`kpi.md` 2.3), so far as no other file here is about them.

A call across a window's edge, ends that never come, menus and voicemail: test_calls. Missed and called
back: test_recovery, test_items. Ring-all, offered twice, transfers: test_offers. Web callbacks:
test_requests. Deals that go back, skip, are reopened, change owner or pipeline: cases_deals, cases_wins.
Late, twice, out of order: test_cases, test_random. No traffic: tests/kpis. A day's edge and the change of
clocks: tests/kpis/test_sql_rolling.
"""

from streams.directory import Directory
from tests.journey.cases import expected
from tests.journey.feeding import FUNNEL, Feed
from tests.journey.scenario import NOON, at, call, dial, folded, missed, record, t
from tests.journey.test_leads import answers, form

#: m1 moves from sales to support on Thursday at 13:00.
MOVING = """
groups: {sales: {}, support: {}}
managers:
  m1: {groups: [sales, {group: support, from: "2026-10-01T13:00:00+00:00"}]}
"""
MOVED = 3600


def test_the_call_from_10_25_to_10_45_was_answered_in_one_half_hour_and_handled_in_the_next() -> None:
    # Answered at 10:29, ended at 10:45: [10:00, 10:30) has the answer, [10:30, 11:00) the talk.
    feed = folded(
        call(
            "k1",
            at(25 * 60, "started", direction="in", group="sales"),
            at(29 * 60, "answered", manager="m1"),
            at(45 * 60, "ended"),
        )
    )
    halves = {
        name: (minute * 60_000 - NOON) // 1_800_000
        for subject, name, minute in feed.minutes
        if subject == "m:m1" and name in ("handled", "call_answered_by", "talk", "quality")
    }
    assert halves == {"handled": 0, "call_answered_by": 0, "talk": 1, "quality": 1}
    assert feed.minutes["m:m1", "talk", t(45 * 60) // 60_000] == (1, 16 * 60_000), "whole, not cut in two"


def test_who_changes_group_mid_day_takes_nothing_of_before_along() -> None:
    feed = Feed(Directory.from_files({"directory.yaml": MOVING, "funnel.yaml": FUNNEL}))
    feed.log(dial("k1", MOVED - 600, MOVED - 590, MOVED - 500))
    feed.log(dial("k2", MOVED, MOVED + 10, MOVED + 100))
    # Dialled as one of sales, talked to as one of support.
    feed.log(dial("k3", MOVED - 5, MOVED + 5, MOVED + 100))
    assert feed.named("dial") == expected(
        ("m1", group, True, seconds, 1)
        for group, seconds in (("sales", MOVED - 600), ("sales", MOVED - 5), ("support", MOVED))
    )
    handled = {(k.group, (k.at - NOON) // 1000) for k in feed.facts if k.name == "handled" and k.group}
    assert handled == {("sales", MOVED - 590), ("support", MOVED + 10), ("support", MOVED + 5)}


def test_clocks_that_differ_make_no_time_negative() -> None:
    # The PBX is 90 s behind the CRM: the call back to the lead seems to have begun before it was created.
    feed = folded(form(), dial("k1", -90, -80, 60))
    assert answers(feed) == (0, 0, 1)
    assert [value for *_, value in feed.named("lead_response")] == [0, 0]
    assert {value for *_, value in feed.named("lead_in_5m")} == {1}
    # Ahead it only makes the response later.
    assert answers(folded(form(), dial("k1", 90, 100, 200)))[0] == 90_000
    # A PBX that tells the end of a missed call later than the other one the call that follows it.
    feed = folded(missed("k1", 100), dial("k2", 95, 105, 200, source="pbx2"))
    assert record(feed)["recovery_ms"] == 5_000
    assert all(value >= 0 for value in feed.facts.values())
