from datetime import UTC, date, datetime

import pytest

from streams.periods import NotAPeriod, Period, parse, still_runs_in


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2027-01", date(2027, 1, 1), date(2027, 1, 31)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2027-12", date(2027, 12, 1), date(2027, 12, 31)),
        ("2027-01-11..2027-01-24", date(2027, 1, 11), date(2027, 1, 24)),
        ("2027-01-11..2027-01-11", date(2027, 1, 11), date(2027, 1, 11)),
    ],
)
def test_a_period_is_read_and_written_alike(text: str, first: date, last: date) -> None:
    assert parse(text) == Period(first, last)
    assert str(parse(text)) == text


def test_days_that_are_a_month_are_the_month() -> None:
    assert parse("2027-02-01..2027-02-28") == parse("2027-02")
    assert str(parse("2027-02-01..2027-02-28")) == "2027-02"


@pytest.mark.parametrize(
    "text", ["", "2027", "2027-13", "2027-1", "2027-02-30..2027-03-01", "2027-01-24..2027-01-11"]
)
def test_what_is_no_period_is_told(text: str) -> None:
    with pytest.raises(NotAPeriod, match="expected a month such as 2027-01"):
        parse(text)


def test_a_period_is_over_when_it_is_over_everywhere() -> None:
    january = parse("2027-01")
    zones = ["Europe/Moscow", "America/New_York"]
    assert still_runs_in(january, zones, ms("2027-01-31T20:59:59")) == "Europe/Moscow"
    assert still_runs_in(january, zones, ms("2027-01-31T21:00:00")) == "America/New_York"
    assert still_runs_in(january, zones, ms("2027-02-01T04:59:59")) == "America/New_York"
    assert still_runs_in(january, zones, ms("2027-02-01T05:00:00")) == ""
