"""Worked examples: what a head of sales asks when the vendor's report says something else."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.reports import Comparison, Reported, Stored, compare, lines_of

#: 2027-01-18 10:00:00 in Moscow, and that day.
TEN = 1_800_255_600_000
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
FIRST, LAST = TEN - 10 * HOUR, TEN + 14 * HOUR
MOSCOW = ZoneInfo("Europe/Moscow")


def here(id: str, outcome: str = "missed", at: int = TEN, **more: Any) -> Stored:
    fields: dict[str, Any] = {
        "customer": f"c{id}",
        "direction": "in",
        "in_hours": True,
        "excluded": "",
        "wait_s": 20.0,
    }
    return Stored(call_id=id, at=at, outcome=outcome, **(fields | more))


def there(id: str, end: str = "missed", at: int | None = TEN, **more: Any) -> Reported:
    fields: dict[str, Any] = {
        "line": 2,
        "call_id": id,
        "at": at,
        "answered": end == "answered",
        "word": end.title(),
    }
    return Reported(**(fields | more))


def reasons(comparison: Comparison) -> list[tuple[str, bool]]:
    return [(each.reason, each.explained) for each in comparison.differences]


@pytest.mark.parametrize(
    ("reported", "stored", "bucket", "reason", "explained"),
    [
        (there("1"), here("1"), "missed in hours", "", True),
        (there("1", "answered"), here("1", "answered"), "answered", "", True),
        (there("1", "answered"), here("1", "answered", in_hours=False), "answered", "", True),
        (
            there("1"),
            here("1", "short_abandon", wait_s=3.0),
            "short",
            "missed in the report, short abandon here: waited 3 s",
            True,
        ),
        (
            there("1"),
            here("1", "ivr_only"),
            "menu",
            "missed in the report, ended in the menu here: it never waited for a person",
            True,
        ),
        (
            there("1"),
            here("1", in_hours=False),
            "missed off hours",
            "missed in the report, missed outside working hours here",
            True,
        ),
        (there("1"), here("1", "voicemail"), "voicemail", "missed in the report, voicemail here", True),
        (
            there("1"),
            here("1", "callback_taken"),
            "callback taken",
            "missed in the report, callback taken here",
            True,
        ),
        (
            there("1"),
            here("1", excluded="spam"),
            "excluded (spam)",
            "missed in the report, left out of the KPI here: spam",
            True,
        ),
        (
            there("1", "answered"),
            here("1", "answered", direction="internal", excluded="internal"),
            "internal",
            "answered in the report, left out of the KPI here: internal",
            True,
        ),
        (there("1"), here("1", "answered"), "answered", "missed in the report, answered here", False),
        (
            there("1", "answered"),
            here("1"),
            "missed in hours",
            "answered in the report, missed in hours here: no answer of a manager came",
            False,
        ),
        (
            there("1", "answered", machine="Queue"),
            here("1", "short_abandon"),
            "short",
            "answered in the report, short here: Queue picked up, nobody talked",
            True,
        ),
        (
            there("1"),
            here("1", direction="", in_hours=None),
            "without a start",
            "missed in the report, its start never came here: it is in no KPI",
            False,
        ),
        (
            there("1"),
            here("1", "in_progress"),
            "running",
            "missed in the report, without an end here",
            False,
        ),
        (there("1"), here("1", "no_answer", direction="out"), "not answered", "", True),
        (there("1"), here("1", at=TEN + 5 * SECOND), "missed in hours", "", True),
        (there("1"), here("1", at=TEN + 6 * SECOND), "missed in hours", "started 6 s later here", False),
        (
            there("1"),
            here("1", at=TEN - 3 * HOUR + SECOND),
            "missed in hours",
            "started 3 h earlier here: another time zone? see --zone; it may fall on another day",
            False,
        ),
        (there("1", whole_minutes=True), here("1", at=TEN + 59 * SECOND), "missed in hours", "", True),
        (there("1", at=None), here("1"), "missed in hours", "", True),
    ],
)
def test_a_call_on_both_sides(
    reported: Reported, stored: Stored, bucket: str, reason: str, explained: bool
) -> None:
    (judged,) = compare([reported], [stored], FIRST, LAST).reported
    assert (judged.bucket, judged.reason, judged.explained) == (bucket, reason, explained)


def test_what_one_side_lacks() -> None:
    compared = compare([there("1"), there("2", "answered")], [here("2", "answered"), here("3")], FIRST, LAST)
    assert reasons(compared) == [
        ("missed in the report, not here", False),
        ("missed in hours here, not in the report", False),
    ]


def test_calls_of_other_days_are_not_missing_in_the_report() -> None:
    stored = [here("1"), here("2", at=FIRST - 1), here("3", at=LAST), here("4", at=LAST - 1)]
    compared = compare([there("1")], stored, FIRST, LAST)
    assert [each.stored.call_id for each in compared.unreported if each.stored] == ["4"]


def test_a_report_of_missed_inbound_calls_is_not_asked_for_others() -> None:
    stored = [
        here("1"),
        here("2", "answered"),
        here("3", "answered"),
        here("4", "no_answer", direction="out"),
        here("5", "answered", direction="internal", excluded="internal"),
        here("6", "short_abandon"),
    ]
    compared = compare([there("1", direction="in")], stored, FIRST, LAST)
    assert reasons(compared) == [("short here, not in the report", False)]
    assert compared.left_out == {
        "answered: the report has none": 2,
        "outbound: the report has none": 1,
        "internal: the report has none": 1,
    }


def test_without_ids_a_call_is_its_customer_and_start() -> None:
    stored = [
        here("1", at=TEN, customer="c9"),
        here("2", at=TEN + 3 * SECOND, customer="c9"),
        here("3", at=TEN, customer="c8"),
        here("4", at=TEN + MINUTE, customer="c9"),
    ]
    report = [
        there("", at=TEN + 4 * SECOND, customer="c9", line=2),
        there("", at=TEN + SECOND, customer="c9", line=3),
        there("", at=TEN + 6 * SECOND, customer="c8", line=4),
        there("", at=TEN, customer="", line=5),
    ]
    compared = compare(report, stored, FIRST, LAST)
    assert [each.stored.call_id if each.stored else None for each in compared.reported] == [
        "2",
        "1",
        None,
        None,
    ]
    assert sorted(each.stored.call_id for each in compared.unreported if each.stored) == ["3", "4"]


def test_an_id_counts_more_than_a_customer() -> None:
    stored = [here("1", customer="c9"), here("2", customer="c9")]
    compared = compare([there("", customer="c9"), there("1", customer="c9")], stored, FIRST, LAST)
    assert [each.stored.call_id for each in compared.reported if each.stored] == ["2", "1"]


def test_directions_that_contradict_are_two_calls() -> None:
    compared = compare([there("", customer="c1", direction="out")], [here("1", customer="c1")], FIRST, LAST)
    assert compared.reported[0].stored is None


def test_a_report_in_another_time_zone_is_recognised_without_ids() -> None:
    report = [
        there("", at=TEN + 3 * HOUR, customer="c1"),
        there("", at=TEN + 3 * HOUR + MINUTE, customer="c2"),
    ]
    compared = compare(report, [here("1"), here("2", at=TEN + MINUTE)], FIRST, LAST)
    assert [each.reason for each in compared.reported] == [
        "started 3 h earlier here: another time zone? see --zone; it may fall on another day"
    ] * 2
    assert compared.unreported == []


def test_the_sum_that_everybody_asks_for() -> None:
    """61 in the report = 48 missed in hours + 6 short + 4 menu + 3 at night."""
    stored = [
        *(here(f"m{n}") for n in range(48)),
        *(here(f"s{n}", "short_abandon", wait_s=3.0) for n in range(6)),
        *(here(f"i{n}", "ivr_only") for n in range(4)),
        *(here(f"n{n}", in_hours=False) for n in range(3)),
    ]
    compared = compare([there(call.call_id) for call in stored], stored, FIRST, LAST)
    lines = list(lines_of(compared, MOSCOW))
    assert lines[-2:] == [
        "61 not answered in the report = 48 missed in hours + 6 short + 4 menu + 3 missed off hours",
        "13 differ, 0 of them not explained",
    ]
    assert len(lines) == 13 + 1 + 2


def test_a_difference_names_time_line_and_id() -> None:
    compared = compare(
        [there("a1", line=7), there("a2", "answered")], [here("a1", "answered"), here("a3")], FIRST, LAST
    )
    assert list(lines_of(compared, MOSCOW)) == [
        "2027-01-18 10:00:00  line 7      a1  missed in the report, answered here  [not explained]",
        "2027-01-18 10:00:00  line 2      a2  answered in the report, not here  [not explained]",
        "2027-01-18 10:00:00  not in it   a3  missed in hours here, not in the report  [not explained]",
        "",
        "1 not answered in the report = 1 answered",
        "1 answered in the report = 1 missing here",
        "1 here and not in the report: 1 missed in hours",
        "3 differ, 3 of them not explained",
    ]


def test_nothing_that_differs_is_said_so() -> None:
    compared = compare([there("1")], [here("1")], FIRST, LAST)
    assert list(lines_of(compared, MOSCOW))[-1] == "no difference"
    assert compared.unexplained == 0
