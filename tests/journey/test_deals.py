"""Deals by another funnel than that of the cases."""

from streams.directory import Directory
from tests.journey.cases import DAY, HOUR, at, deal, each, expected, stage
from tests.journey.feeding import FUNNEL, Feed, directory_text


def test_where_the_funnel_says_so_a_meeting_ahead_holds_no_deal() -> None:
    files = {"directory.yaml": directory_text(), "funnel.yaml": FUNNEL + "meeting_ahead_holds: false\n"}
    feed = Feed(Directory.from_files(files))
    feed.log(deal(stage(0, "new"), at(60, "meeting.scheduled", "m1")))
    assert feed.named("stalled_deal") == expected([each("m1", HOUR, 0)])
    assert [row["meeting_ahead"] for row in feed.table("stage_stays")] == [[]]


def test_a_meeting_of_a_deal_that_was_forgotten_is_folded_with_its_history() -> None:
    feed = Feed()
    feed.log(deal(stage(0, "new"), stage(60, "offer")))
    feed.forget("deal:crm:d1")
    feed.log([{**at(DAY / 2, "meeting.scheduled", "m1"), "event_id": "x", "source": "crm", "deal_id": "d1"}])
    assert feed.waiting == {"deal:crm:d1"}
    feed.answer()
    assert feed.named("stalled_deal") == []
    assert feed.named("limited_deal") == expected([each("m1", 0, 0)])
