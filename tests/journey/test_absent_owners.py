"""Leads of managers who are away when they get them (practice, D8): their time begins when they are back."""

from typing import Any

import pytest

from streams.directory import Directory
from tests.journey.comparing import differences
from tests.journey.feeding import FUNNEL, Feed, directory_text, ms
from tests.journey.scenario import NOON, dial
from tests.journey.test_leads import HOUR, assigned, form
from tests.random_calls import HOURS, LINES, MANAGERS, random_log
from tests.recount import recount

#: m1 is away on Thursday from 12:00 to 15:00 and for an hour more, m2 from Thursday to Sunday.
ABSENCES = """manager,from,to,kind
m1,2026-10-01T12:00:00+00:00,2026-10-01T15:00:00+00:00,training
m1,2026-10-01T15:00:00+00:00,2026-10-01T16:00:00+00:00,off
m2,2026-10-01,2026-10-04,vacation
"""
BACK = 4 * HOUR


def folded(*events: list[dict[str, Any]]) -> Feed:
    files = {"directory.yaml": directory_text(), "funnel.yaml": FUNNEL, "absences.csv": ABSENCES}
    feed = Feed(Directory.from_files(files))
    for some in events:
        feed.log(some)
    return feed


def of(feed: Feed, manager: str, name: str) -> list[tuple[int, int]]:
    """Seconds after noon and value of a manager's facts."""
    return [((at - NOON) // 1000, value) for who, _, _, at, value in feed.named(name) if who == manager]


def test_the_clock_of_who_is_away_starts_when_he_is_back() -> None:
    feed = folded(form(60), assigned(120, "m1"), dial("k1", BACK + 200, None, BACK + 230))
    assert of(feed, "m1", "lead_response") == [(BACK + 200, 200_000)]
    assert of(feed, "m1", "lead_due_5m") == of(feed, "m1", "lead_in_5m") == [(BACK + 300, 1)]
    assert of(feed, "", "lead_response") == [(BACK + 200, (BACK + 140) * 1000)], "the customer waited so long"


def test_what_is_taken_from_who_is_away_is_not_his_to_answer_for() -> None:
    feed = folded(form(60), assigned(120, "m1"), assigned(2 * HOUR, "m3"))
    assert of(feed, "m1", "lead_due_5m") == of(feed, "m1", "lead_due_1h") == []
    assert of(feed, "m3", "lead_due_5m") == [(2 * HOUR + 300, 1)]


def test_what_a_colleague_attempted_meanwhile_was_attempted_at_once() -> None:
    feed = folded(form(60), assigned(120, "m1"), dial("k1", 2 * HOUR, None, 2 * HOUR + 30, manager="m3"))
    assert of(feed, "m1", "lead_response") == [(2 * HOUR, 0)]
    assert of(feed, "m1", "lead_in_5m") == [(2 * HOUR + 300, 1)]


def test_days_away_are_days() -> None:
    feed = folded(form(60), assigned(120, "m2"))
    # Back on Monday, when sales open at 9:00.
    assert of(feed, "m2", "lead_due_5m") == [(93 * HOUR + 300, 1)]


@pytest.mark.parametrize("seed", range(70, 74))
def test_many_leads_of_people_who_come_and_go(seed: int) -> None:
    log = random_log(seed, calls=60, customers=3, days=4, leads=60)
    feed = folded(log)
    vacation = ms("2026-10-01T00:00:00+00:00"), ms("2026-10-05T00:00:00+00:00")
    away = {"m1": [(NOON, NOON + BACK * 1000)], "m2": [vacation]}
    counted = recount(log, MANAGERS, LINES, HOURS, away=away)
    assert not [told for told in differences(feed, counted) if "'lead_" in told]
