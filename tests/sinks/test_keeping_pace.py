"""How often the sink computes what follows from its tables: less often while rows wait to be stored."""

import time
from itertools import count, pairwise

import pytest

from streams.sinks import days


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The moment that the tasks believe it is, s."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_turns_come_after_the_pause_and_rarely_while_rows_wait(clock: list[float]) -> None:
    done, waits = count(), [False]
    task = days._Task(lambda: next(done), 1.5, 0.2, lambda: waits[0])
    turns = []
    for second in range(70):
        clock[0] = 100.0 + second
        waits[0] = 10 <= second < 60
        before = repr(done)
        task.do_when_due()
        if repr(done) != before:
            turns.append(second)
    # Every second or third look before and after; in between only when 30 s have passed.
    assert turns == [0, 2, 4, 6, 8, 38, 60, 62, 64, 66, 68]


def test_work_takes_its_share_of_the_time(clock: list[float]) -> None:
    def work() -> None:
        clock[0] += 2.0
        began.append(clock[0])

    began: list[float] = []
    task = days._Task(work, 1.5, 0.2)
    for _ in range(400):
        clock[0] += 0.1
        task.do_when_due()
    assert [round(later - earlier) for earlier, later in pairwise(began)] == [10, 10, 10, 10]


def test_after_a_long_turn_the_next_comes_within_half_a_minute(clock: list[float]) -> None:
    def work() -> None:
        clock[0] += 20.0
        began.append(clock[0])

    began: list[float] = []
    task = days._Task(work, 2.0, 0.1)
    for _ in range(1300):
        clock[0] += 0.1
        task.do_when_due()
    assert [round(later - earlier) for earlier, later in pairwise(began)] == [50, 50, 50, 50]


def test_while_rows_wait_long_turns_take_their_share_too(clock: list[float]) -> None:
    def work() -> None:
        clock[0] += 20.0
        began.append(clock[0])

    began: list[float] = []
    task = days._Task(work, 2.0, 0.1, lambda: True)
    for _ in range(4000):
        clock[0] += 0.1
        task.do_when_due()
    assert [round(later - earlier) for earlier, later in pairwise(began)] == [200, 200]
