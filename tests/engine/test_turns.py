"""A backlog goes on in the order in which it was written; nothing is lost or turned round by that."""

import random
from typing import Any, NamedTuple

import pytest
from faust.types import TP

from streams.engine.turns import TOGETHER_MS, Turns

BUSY, QUIET, OTHER = (TP("calls", number) for number in range(3))


class Read(NamedTuple):
    """A record, as far as turns look at it."""

    offset: int
    timestamp: int


def records(*written: int) -> list[Any]:
    return [Read(offset, at) for offset, at in enumerate(written)]


def taken(turns: Turns, *unread: TP) -> list[tuple[TP, list[int]]]:
    return [(tp, [record.timestamp for record in some]) for tp, some in turns.due(unread, 0.0)]


def test_what_was_written_together_goes_on_together() -> None:
    turns = Turns(["calls"])
    turns.hold(BUSY, records(0, 100, 200, 1000))
    turns.hold(QUIET, records(100, 5000))
    assert taken(turns) == [(BUSY, [0, 100, 200]), (QUIET, [100]), (BUSY, [1000]), (QUIET, [5000])]
    assert not turns


def test_others_go_no_further_than_what_a_partition_with_more_to_read_brought_last() -> None:
    turns = Turns(["calls"])
    turns.hold(BUSY, records(1000))
    assert taken(turns) == [(BUSY, [1000])]
    turns.hold(QUIET, records(900, 1200, 1251))
    assert taken(turns, BUSY) == [(QUIET, [900]), (QUIET, [1200])]
    assert QUIET in turns
    assert turns.first(QUIET) == 2
    assert taken(turns) == [(QUIET, [1251])], "once nobody is waited for"
    assert turns.first(QUIET) is None


def test_nothing_goes_on_while_a_partition_is_awaited_of_which_nothing_has_come_yet() -> None:
    turns = Turns(["calls"])
    turns.hold(BUSY, records(1000))
    assert taken(turns, OTHER) == []
    turns.hold(OTHER, records(2000))
    assert taken(turns) == [(BUSY, [1000]), (OTHER, [2000])]


def test_others_wait_for_a_partition_as_soon_as_what_is_held_of_it_is_gone() -> None:
    turns = Turns(["calls"])
    turns.hold(BUSY, records(0, 100))
    turns.hold(QUIET, records(50, 340, 360))
    assert taken(turns, BUSY) == [(BUSY, [0, 100]), (QUIET, [50]), (QUIET, [340])]


def test_nobody_waits_long_for_a_partition_whose_broker_is_away() -> None:
    turns = Turns(["calls"])
    turns.hold(BUSY, records(1000))
    assert not list(turns.due([OTHER], 50.0))
    assert not list(turns.due([OTHER], 50.9))
    turns.rest()
    assert not list(turns.due([OTHER], 51.1)), "it was not asked for anything meanwhile"
    assert [tp for tp, _ in turns.due([OTHER], 52.2)] == [BUSY]


def test_a_partition_that_is_read_again_elsewhere_is_forgotten() -> None:
    turns = Turns(["calls"])
    turns.hold(BUSY, records(1))
    turns.hold(QUIET, records(2))
    turns.drop(BUSY)
    assert taken(turns) == [(QUIET, [2])]
    turns.hold(QUIET, records(3))
    turns.clear()
    assert not turns


@pytest.mark.parametrize("seed", range(20))
def test_any_backlog_goes_on_whole_and_in_order(seed: int) -> None:
    """Clocks of producers may jump: then only each partition's own order and that all comes are sure."""
    rng = random.Random(seed)
    clocks_jump = seed % 4 == 0
    logs = {tp: _log(rng, clocks_jump=clocks_jump) for tp in (BUSY, QUIET, OTHER)}
    left = {tp: list(log) for tp, log in logs.items()}
    turns = Turns(["calls"])
    came: dict[TP, list[Any]] = {tp: [] for tp in logs}
    newest = -1
    while any(left.values()) or turns:
        for tp, log in left.items():
            if tp not in turns and rng.random() < 0.6:
                count = rng.randint(1, 40)
                left[tp] = log[count:]
                if log:
                    turns.hold(tp, log[:count])
        for tp, some in turns.due([tp for tp, log in left.items() if log], 0.0):
            came[tp] += some
            if not clocks_jump:
                assert some[0].timestamp >= newest - TOGETHER_MS
                newest = max(newest, some[-1].timestamp)
    assert came == logs


def _log(rng: random.Random, *, clocks_jump: bool) -> list[Any]:
    at, written = rng.randint(0, 500), []
    for _ in range(rng.randint(1, 300)):
        at += rng.randint(-2000, 4000) if clocks_jump else rng.choice((0, 1, 10, 700))
        written.append(at)
    return records(*written)
