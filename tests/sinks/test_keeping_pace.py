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


@pytest.mark.parametrize(
    ("turn_s", "pause_s", "share", "waits", "less", "gap"),
    [
        (2, 1.5, 0.2, False, 4, 10),
        (20, 2, 0.1, False, 4, 50),  # not 200: the rest after a long turn is half a minute
        (20, 2, 0.1, True, 1, 200),  # while rows wait it is as long as its share wants
        (20, 2, 0.1, True, 4, 740),  # or four times as long
    ],
)
def test_turns_begin_so_far_apart(
    clock: list[float], turn_s: float, pause_s: float, share: float, waits: bool, less: int, gap: int
) -> None:
    def work() -> None:
        began.append(clock[0])
        clock[0] += turn_s

    began: list[float] = []
    task = days._Task(work, pause_s, share, lambda: waits, less_behind=less)
    while len(began) < 4:
        clock[0] += 0.1
        task.do_when_due()
    assert [round(later - earlier) for earlier, later in pairwise(began)] == [gap] * 3
