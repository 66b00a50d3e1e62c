"""The endless feed: history at once, then in its own time, the same when begun again."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice, pairwise, takewhile
from typing import Any

import pytest

from streams.simulate import live
from streams.simulate.pacing import at_speed, in_time, moment

#: Tuesday, 3 March 2026, in Moscow.
NOON = int(datetime.fromisoformat("2026-03-03T12:00:00+03:00").timestamp()) * 1000


def _until(events: Iterator[dict[str, Any]], end: str) -> list[dict[str, Any]]:
    return list(takewhile(lambda event: event["occurred_at"] < end, events))


@pytest.fixture(scope="module")
def two_days() -> list[dict[str, Any]]:
    """From midnight on Tuesday in Moscow into Wednesday."""
    return _until(live(1, NOON), "2026-03-03T22:00:00")


def test_it_begins_at_midnight_and_goes_on_into_the_next_day(two_days: list[dict[str, Any]]) -> None:
    assert two_days[0]["occurred_at"] < "2026-03-02T21:01:00"
    times = [event["occurred_at"] for event in two_days]
    assert times == sorted(times)
    assert len({event["event_id"] for event in two_days}) == len(two_days)


def test_begun_again_it_tells_the_same(two_days: list[dict[str, Any]]) -> None:
    again = list(islice(live(1, NOON + 5_400_000), 3_000))
    assert again == two_days[:3_000]
    next_day = _until(live(1, NOON + 86_400_000), "2026-03-03T22:00:00")
    assert next_day == two_days[-len(next_day) :]


def test_begun_soon_after_midnight_it_has_a_day_to_show() -> None:
    midnight = NOON + 12 * 3_600_000
    first = next(live(1, midnight + 60_000))
    assert first["occurred_at"] < "2026-03-02T21:01:00"


def test_every_call_of_a_day_ends_with_it(two_days: list[dict[str, Any]]) -> None:
    events = [event for event in two_days if event["occurred_at"] < "2026-03-03T21:00:00"]
    started = {event["call_id"] for event in events if event["type"] == "call.started"}
    ended = {event["call_id"] for event in events if event["type"] == "call.ended"}
    assert started == ended


def test_something_happens_every_few_seconds_at_any_hour(two_days: list[dict[str, Any]]) -> None:
    times = [moment(event) for event in two_days]
    assert len(times) / (times[-1] - times[0]) > 1 / 2
    gaps = sorted(b - a for a, b in pairwise(times))
    assert gaps[len(gaps) // 2] < 1.5
    assert gaps[len(gaps) * 99 // 100] < 15


class _Clock:
    """Time that passes only by waiting."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False


def test_history_comes_at_once_and_then_nothing_before_its_time() -> None:
    clock = _Clock(NOON / 1000)
    behind = ahead = 0
    for event in in_time(live(1, NOON), clock, clock.wait):
        assert moment(event) <= clock.now
        ahead += bool(clock.waits)
        behind += not clock.waits
        if clock.now > NOON / 1000 + 60:
            break
    assert behind > 10_000
    assert 20 < ahead < 200
    assert clock.now == pytest.approx(NOON / 1000 + sum(clock.waits))


def test_at_speed_an_hour_of_the_simulation_takes_a_minute() -> None:
    clock = _Clock(1000.0)
    start = 1_772_431_200.0
    stamps = ("2026-03-02T06:00:00Z", "2026-03-02T07:00:00Z", "2026-03-02T08:00:00Z")
    events = iter([{"occurred_at": each} for each in stamps])
    heard = [clock.now for _ in at_speed(events, 60.0, start, clock, clock.wait)]
    assert heard == [1000.0, 1060.0, 1120.0]


def test_a_broken_off_wait_ends_the_feed() -> None:
    clock = _Clock(NOON / 1000)
    assert len(list(in_time(live(1, NOON), clock, lambda _: True))) > 1000
