"""Working hours, against hand-worked cases and a count minute by minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.calendars import Calendar, read_hours
from streams.config_text import ConfigError, read_yaml

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = 60_000
HOUR = 60 * MINUTE


def calendar(hours: str, zone: ZoneInfo = MOSCOW, holidays: tuple[date, ...] = ()) -> Calendar:
    return Calendar(zone, read_hours(read_yaml("d.yaml", hours)), frozenset(holidays))


def ms(text: str, zone: ZoneInfo = MOSCOW) -> int:
    """Local wall-clock time in ms."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


WEEK = calendar('{mon-fri: "09:00-21:00", sat: "10:00-18:00"}', holidays=(date(2027, 1, 1),))
NIGHT = calendar('{mon-fri: "22:00-06:00"}')
BREAKS = calendar('{mon: "14:00-18:00, 09:00-13:00"}')


# 2027-01-11 is a Monday.
@pytest.mark.parametrize(
    ("hours", "at", "within"),
    [
        (WEEK, "2027-01-11T08:59:59.999", False),
        (WEEK, "2027-01-11T09:00", True),
        (WEEK, "2027-01-11T20:59:59.999", True),
        (WEEK, "2027-01-11T21:00", False),
        (WEEK, "2027-01-16T09:30", False),  # Saturday
        (WEEK, "2027-01-16T10:00", True),
        (WEEK, "2027-01-17T12:00", False),  # Sunday
        (WEEK, "2027-01-01T12:00", False),  # holiday, a Friday
        (NIGHT, "2027-01-11T05:00", False),  # Sunday's night has no shift
        (NIGHT, "2027-01-11T22:00", True),
        (NIGHT, "2027-01-12T05:59", True),
        (NIGHT, "2027-01-12T06:00", False),
        (NIGHT, "2027-01-16T05:00", True),  # Friday's shift ends on Saturday
        (NIGHT, "2027-01-16T23:00", False),
        (BREAKS, "2027-01-11T12:59", True),
        (BREAKS, "2027-01-11T13:30", False),
        (BREAKS, "2027-01-11T14:00", True),
    ],
)
def test_in_hours(hours: Calendar, at: str, within: bool) -> None:
    assert hours.in_hours(ms(at)) is within


@pytest.mark.parametrize(
    ("hours", "start", "end", "minutes"),
    [
        (WEEK, "2027-01-11T09:00", "2027-01-11T09:20", 20),
        (WEEK, "2027-01-11T20:50", "2027-01-12T09:10", 20),
        (WEEK, "2027-01-15T20:50", "2027-01-18T09:10", 10 + 8 * 60 + 10),  # over a weekend
        (WEEK, "2027-01-17T00:00", "2027-01-17T23:00", 0),
        (WEEK, "2027-01-12T09:00", "2027-01-11T09:00", 0),
        (WEEK, "2026-12-31T20:00", "2027-01-02T11:00", 60 + 60),  # the first is a holiday
        (NIGHT, "2027-01-11T00:00", "2027-01-12T23:00", 8 * 60 + 60),
        (BREAKS, "2027-01-11T12:00", "2027-01-11T15:00", 2 * 60),
    ],
)
def test_working_time(hours: Calendar, start: str, end: str, minutes: int) -> None:
    assert hours.working_ms(ms(start), ms(end)) == minutes * MINUTE


@pytest.mark.parametrize(
    ("hours", "at", "minutes", "then"),
    [
        (WEEK, "2027-01-11T09:00", 20, "2027-01-11T09:20"),
        (WEEK, "2027-01-11T20:50", 20, "2027-01-12T09:10"),
        (WEEK, "2027-01-11T20:40", 20, "2027-01-11T21:00"),
        (WEEK, "2027-01-11T21:00", 20, "2027-01-12T09:20"),
        (WEEK, "2027-01-16T17:50", 20, "2027-01-18T09:10"),
        (WEEK, "2027-01-17T12:00", 0, "2027-01-17T12:00"),
        (NIGHT, "2027-01-16T05:50", 20, "2027-01-18T22:10"),
    ],
)
def test_when_working_time_has_passed(hours: Calendar, at: str, minutes: int, then: str) -> None:
    assert hours.after(ms(at), minutes * MINUTE) == ms(then)


@pytest.mark.parametrize(
    ("at", "days", "end"),
    [
        ("2027-01-11T10:00", 1, "2027-01-12T21:00"),
        ("2027-01-15T10:00", 1, "2027-01-16T18:00"),  # Friday -> Saturday
        ("2027-01-16T23:00", 1, "2027-01-18T21:00"),  # Saturday -> Monday
        ("2027-01-17T10:00", 3, "2027-01-20T21:00"),
        ("2026-12-31T10:00", 1, "2027-01-02T18:00"),  # over a holiday
    ],
)
def test_ends_of_working_days(at: str, days: int, end: str) -> None:
    assert WEEK.after_working_days(ms(at), days) == ms(end)
    if days == 1:
        assert WEEK.end_of_next_working_day(ms(at)) == ms(end)


def test_a_night_shift_ends_on_the_next_morning() -> None:
    assert NIGHT.end_of_next_working_day(ms("2027-01-11T10:00")) == ms("2027-01-13T06:00")


def test_without_hours_it_is_always_open() -> None:
    always = Calendar(MOSCOW)
    at = ms("2027-01-17T03:00")
    assert always.in_hours(at)
    assert always.working_ms(at, at + 5) == 5
    assert always.after(at, 7) == at + 7
    assert always.end_of_next_working_day(at) == ms("2027-01-19T00:00")


def test_a_day_begins_at_local_midnight() -> None:
    at = ms("2027-01-11T00:00")
    assert WEEK.day(at) == date(2027, 1, 11)
    assert WEEK.day(at - 1) == date(2027, 1, 10)
    assert WEEK.day_start(at) == at
    assert WEEK.day_start(at + 24 * HOUR - 1) == at


def test_the_day_on_which_clocks_change_is_an_hour_shorter_or_longer() -> None:
    shop = calendar('{sun: "00:00-24:00"}', BERLIN)
    for day, hours in (("2027-03-28", 23), ("2027-10-31", 25), ("2027-06-06", 24)):
        start = ms(f"{day}T00:00", BERLIN)
        assert shop.working_ms(start - HOUR, start + 30 * HOUR) == hours * HOUR
        assert shop.day_start(start + 22 * HOUR) == start


def test_a_single_date_may_have_hours_of_its_own_even_on_a_holiday() -> None:
    short = calendar('{mon-fri: "09:00-18:00", 2027-01-01: "10:00-12:00", 2027-01-11: closed}')
    short = Calendar(short.zone, short.hours, frozenset({date(2027, 1, 1)}))
    assert short.in_hours(ms("2027-01-01T11:00"))
    assert not short.in_hours(ms("2027-01-01T12:00"))
    assert not short.in_hours(ms("2027-01-11T12:00"))


def test_a_shift_past_midnight_that_meets_the_next_days_hours_is_counted_once() -> None:
    both = calendar('{mon: "20:00-10:00", tue: "09:00-12:00"}')
    assert both.working_ms(ms("2027-01-11T00:00"), ms("2027-01-13T00:00")) == 16 * HOUR
    assert both.after(ms("2027-01-11T20:00"), 15 * HOUR) == ms("2027-01-12T11:00")


INTERVALS = ["09:00-18:00", "22:00-06:00", "00:00-24:00", "08:00-12:00, 13:00-17:30", "20:00-10:00"]


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
        st.sampled_from(INTERVALS),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 5 * 24 * 60),
    st.integers(0, 3 * 24 * 60),
)
def test_working_time_is_the_minutes_within_hours(days: dict[str, str], skip: int, span: int) -> None:
    hours = calendar("{" + ", ".join(f'{d}: "{h}"' for d, h in days.items()) + "}", BERLIN)
    start = ms("2027-10-29T00:00", BERLIN) + skip * MINUTE  # around the change of clocks
    expected = sum(_open(days, start + n * MINUTE) for n in range(span)) * MINUTE
    assert hours.working_ms(start, start + span * MINUTE) == expected
    if expected:
        reached = hours.after(start, expected)
        assert reached <= start + span * MINUTE
        assert hours.working_ms(start, reached) == expected
        assert hours.working_ms(start, reached - 1) == expected - 1


def _open(days: dict[str, str], at: int) -> bool:
    """Whether the minute is within hours, by the reading of a wall clock."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(BERLIN)
    clock = f"{local:%H:%M}"
    today, yesterday = (f"{moment:%a}".lower() for moment in (local, local - timedelta(days=1)))
    for part in days.get(today, "").split(", "):
        first, _, last = part.partition("-")
        if part and first <= clock and (clock < last or last < first):
            return True
    for part in days.get(yesterday, "").split(", "):
        first, _, last = part.partition("-")
        if part and last < first and clock < last:
            return True
    return False


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{mon: closed}",
        "{monday: 09:00-18:00}",
        "{mon: 9-18}",
        "{mon: 09:00-25:00}",
        "{mon: 09:60-18:00}",
        "{mon: 09:00-09:00}",
        '{mon: "09:00-13:00, 12:00-18:00"}',
        '{mon-fri: "09:00-18:00", tue: "10:00-12:00"}',
        "[mon]",
        "{mon: {from: 9}}",
    ],
)
def test_hours_that_cannot_be_meant_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(ConfigError, match=r"d\.yaml, line 1"):
        calendar(text)


def test_the_openings_of_a_day_leave_out_what_the_day_before_took() -> None:
    hours = calendar('{mon: "20:00-10:00", tue: "09:00-18:00, 20:00-21:00"}')
    tuesday = [
        (ms("2027-01-12T10:00"), ms("2027-01-12T18:00")),
        (ms("2027-01-12T20:00"), ms("2027-01-12T21:00")),
    ]
    assert hours.openings_of(date(2027, 1, 11)) == ((ms("2027-01-11T20:00"), ms("2027-01-12T10:00")),)
    assert list(hours.openings_of(date(2027, 1, 12))) == tuesday
    assert hours.openings_of(date(2027, 1, 13)) == ()
