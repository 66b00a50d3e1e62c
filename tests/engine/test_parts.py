"""Parts of the engine by themselves, on stand-ins for Faust's consumer."""

import asyncio
from time import monotonic
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.types import TP

from streams.engine import Batch, EngineFault, Record, Stage, Statistics, encode_state
from streams.engine.application import INTERVAL_IN_BACKLOG, REST_AFTER, EngineApp
from streams.engine.batch import MAX_RECORD_BYTES, Output
from streams.engine.checkpoints import Checkpoints
from streams.engine.clock import LOG_APPEND_TIME, BrokerClock
from streams.engine.delivery import deliver
from streams.engine.guard import Guard, Watchdog
from streams.engine.ledger import LedgerPartition
from streams.engine.loading import Assignment, Loader
from streams.engine.offsets import check_continuity
from streams.engine.transport import Chunk, Reach
from streams.engine.waiting import Waiting
from streams.records import version

ONE, TWO = TP("topic", 0), TP("topic", 1)


class Consumer:
    """Stands in for `BatchConsumer`."""

    def __init__(self) -> None:
        self.asked: list[tuple[TP, int]] = []
        self.reached: dict[TP, Reach] = {}
        self.given: dict[TP, int] = {}
        self.begin = 0

    def read_again(self, tp: TP, offset: int) -> None:
        self.asked.append((tp, offset))

    def reach(self, tp: TP) -> Reach | None:
        return self.reached.get(tp)

    def delivered(self, tp: TP) -> int | None:
        return self.given.get(tp)

    async def earliest_offsets(self, tp: TP) -> dict[TP, int]:
        return {tp: self.begin}


class Parts:
    def __init__(self, **stage: Any) -> None:
        self.consumer = Consumer()
        self.app: Any = cast("Any", SimpleNamespace(consumer=self.consumer))
        told = {"statistics": Statistics(), "may_have_holes": False, "stall_seconds": 0.0, "epoch": 1}
        self.stage: Any = cast("Any", SimpleNamespace(**told | stage))
        self.guard = Guard(self.stage, self.app)


def chunk(*offsets: int, start: int | None = None) -> Chunk:
    records = [SimpleNamespace(offset=offset) for offset in offsets]
    return Chunk(offsets[0] if start is None else start, cast("list[Any]", records))


def offsets(records: list[Any]) -> list[int]:
    return [record.offset for record in records]


def test_what_is_known_is_cut_off_and_what_is_next_is_admitted() -> None:
    guard = Parts().guard
    guard.start({ONE: 12})
    assert offsets(guard.admit(ONE, chunk(10, 11, 12, 13))) == [12, 13]
    assert guard.admit(ONE, chunk(8, 9)) == []


def test_a_gap_is_read_again_once() -> None:
    parts = Parts()
    parts.guard.start({ONE: 12})
    assert parts.guard.admit(ONE, chunk(14, 15)) == []
    assert parts.guard.admit(ONE, chunk(16)) == []
    assert parts.consumer.asked == [(ONE, 12)]
    assert parts.stage.statistics.gaps == 1
    assert offsets(parts.guard.admit(ONE, chunk(12, 13))) == [12, 13]


async def test_offsets_that_do_not_exist_are_no_gap_where_they_may_be_missing() -> None:
    parts = Parts(may_have_holes=True)
    parts.guard.start({ONE: 12})
    found = parts.guard.admit(ONE, chunk(14, 17, start=12))
    assert offsets(found) == [14, 17]
    assert parts.guard.holes(ONE, found)
    await parts.guard.check_holes(ONE)


async def test_elsewhere_they_are_a_fault() -> None:
    parts = Parts()
    parts.guard.start({ONE: 12})
    with pytest.raises(EngineFault, match="has no record 12"):
        await parts.guard.check_holes(ONE)


def test_a_record_that_is_missing_is_asked_for_once_more() -> None:
    parts = Parts()
    parts.guard.start({ONE: 12})
    assert parts.guard.doubts(ONE)
    assert not parts.guard.doubts(ONE)
    assert parts.consumer.asked == [(ONE, 12)]
    parts.guard.next[ONE] = 20
    assert parts.guard.doubts(ONE)
    assert not Parts(may_have_holes=True).guard.doubts(ONE)


async def test_deleted_records_are_a_fault_everywhere() -> None:
    parts = Parts(may_have_holes=True)
    parts.guard.start({ONE: 12})
    parts.consumer.begin = 14
    with pytest.raises(EngineFault, match="records 12 to 13 were deleted"):
        await parts.guard.check_holes(ONE)


def test_a_log_that_ends_before_what_was_read_is_another_log() -> None:
    parts = Parts()
    parts.guard.start({ONE: 12})
    parts.consumer.reached[ONE] = Reach(3, 3)
    with pytest.raises(EngineFault, match="salespulse rebuild"):
        parts.guard.admit(ONE, chunk(0, 1, 2))
    check_continuity(ONE, 12, 0, 12)


def test_the_watchdog_waits_while_the_stage_is_at_work() -> None:
    parts = Parts()
    parts.guard.start({ONE: 12, TWO: 5})
    parts.consumer.given = {ONE: 15, TWO: 5}
    dog = Watchdog(parts.stage, parts.app, parts.guard)
    dog.look(idle=False)
    assert parts.consumer.asked == []
    dog.look(idle=True)
    assert parts.consumer.asked == [(ONE, 12)]
    assert parts.stage.statistics.stalls == 1


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [100.0]
    monkeypatch.setattr("streams.engine.waiting.monotonic", lambda: clock[0])
    return clock


def test_records_wait_from_when_they_are_known_of_until_they_are_folded(now: list[float]) -> None:
    parts = Parts()
    waiting = Waiting(parts.app, parts.guard)
    parts.guard.start({ONE: 10})
    assert not waiting.longer_than(0.5), "nothing is known yet"
    parts.consumer.given[ONE] = 10
    parts.consumer.reached[ONE] = Reach(10, 10)
    now[0] = 200.0
    assert not waiting.longer_than(0.5), "all is folded"
    parts.consumer.given[ONE], parts.consumer.reached[ONE] = 12, Reach(12, 12)
    waiting.look()
    assert not waiting.longer_than(0.5), "just come"
    now[0] = 200.4
    assert not waiting.longer_than(0.5)
    now[0] = 200.6
    parts.consumer.given[ONE], parts.consumer.reached[ONE] = 20, Reach(20, 20)
    assert waiting.longer_than(0.5), "also when more comes"
    parts.guard.next[ONE] = 12
    waiting.look()
    assert not waiting.longer_than(0.5), "what has come since has not waited for so long"
    now[0] = 201.2
    assert waiting.longer_than(0.5)
    parts.guard.start({})
    assert not waiting.longer_than(0.5), "another worker's"


def test_markers_at_the_end_are_nothing_that_waits(now: list[float]) -> None:
    parts = Parts()
    waiting = Waiting(parts.app, parts.guard)
    parts.guard.start({ONE: 10})
    parts.consumer.given[ONE] = 10
    parts.consumer.reached[ONE] = Reach(11, 11)
    waiting.look()
    now[0] += 5
    assert not waiting.longer_than(0.5)


def test_the_clock_follows_the_times_that_the_broker_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.engine.clock.local_ms", lambda: 1_000.0)
    clock = BrokerClock()
    clock.observe([SimpleNamespace(timestamp_type=0, timestamp=9_000)], sent=990.0)
    assert clock.now_ms() == 1_000
    # Appended between 990 and 1 000 of ours, at 3 000 of the broker's: it is 2 000 to 2 010 ahead.
    clock.observe([SimpleNamespace(timestamp_type=LOG_APPEND_TIME, timestamp=3_000)], sent=990.0)
    assert clock.now_ms() == 3_000
    clock.observe([SimpleNamespace(timestamp_type=LOG_APPEND_TIME, timestamp=1_000)], sent=995.0)
    assert clock.now_ms() == 1_005


async def test_a_forgotten_key_is_told_only_while_its_records_can_come_again() -> None:
    told: list[tuple[int, bytes, int, bytes | None]] = []
    parts = Parts(restore=lambda *what: told.append(what), needs_gone=lambda key: key == b"gone for good")
    loader = Loader(parts.stage, cast("Any", loading_app(parts)), parts.guard, cast("Any", None))
    part = LedgerPartition("ledger", 3)
    part.add(b"kept", encode_state(version(1, 5), b"state"))
    part.add(b"gone", encode_state(version(1, 9), None))
    part.add(b"gone long since", encode_state(version(1, 4), None))
    part.add(b"gone for good", encode_state(version(1, 3), None))
    await loader._restore(part, 5)
    assert told == [
        (3, b"kept", version(1, 5), b"state"),
        (3, b"gone", version(1, 9), None),
        (3, b"gone for good", version(1, 3), None),
    ]
    part.add(b"kept", encode_state(version(2, 1), b"state"))
    with pytest.raises(EngineFault, match="later epoch"):
        await loader._restore(part, 5)


def loading_app(parts: Parts) -> Any:
    return SimpleNamespace(consumer=parts.consumer, on_partitions_assigned=None)


@pytest.mark.parametrize(
    ("then", "kept"),
    [
        (Assignment(8, "me", frozenset([ONE])), {ONE}),
        (Assignment(9, "me", frozenset([ONE, TWO])), set()),  # somebody may have had them in 8
        (Assignment(8, "me again", frozenset([ONE, TWO])), set()),  # the group had thrown us out
        (Assignment(7, "me", frozenset([ONE, TWO])), set()),
    ],
)
def test_partitions_are_kept_only_from_the_generation_right_before(then: Assignment, kept: set[TP]) -> None:
    parts = Parts()
    loader = Loader(parts.stage, cast("Any", loading_app(parts)), parts.guard, cast("Any", None))
    assert loader._kept(then) == set()
    loader._last = Assignment(7, "me", frozenset([ONE, TWO]))
    assert loader._kept(then) == kept


async def test_a_record_too_large_is_told_before_it_is_sent() -> None:
    with pytest.raises(EngineFault, match="for events partition 2 is larger"):
        await deliver(cast("Any", None), [Output("events", 2, None, bytes(MAX_RECORD_BYTES))])


class Forgetful(Stage):
    """Has a ledger, and nothing that reads from it."""

    name, topics, ledger = "forgetful", ("events",), "forgetful-ledger"

    def clear(self) -> None:
        return None

    def fold(self, record: Record) -> int:
        return 1

    def collect(self) -> Batch:
        return Batch()


def test_a_stage_that_does_not_restore_from_its_ledger_is_refused_before_it_runs() -> None:
    with pytest.raises(TypeError, match="stage forgetful has a ledger, so it must restore from it"):
        Forgetful().attach(cast("Any", None))


class Paced(Stage):
    """A stage of which it is said whether it is behind."""

    def __init__(self, name: str) -> None:
        self.name, self.topics = name, (name,)
        self.late = 0.0
        super().__init__()

    def behind(self, seconds: float) -> bool:
        return self.late > seconds

    def clear(self) -> None: ...
    def fold(self, record: Record) -> int:
        raise NotImplementedError

    def collect(self) -> Batch:
        raise NotImplementedError


def test_stages_rest_while_one_after_them_is_behind_or_one_is_held_up() -> None:
    first, second, third = stages = [Paced(name) for name in ("first", "second", "third")]
    app: Any = SimpleNamespace(stages=stages)

    def resting() -> set[str]:
        return set(EngineApp.resting(app))

    assert resting() == set()
    first.late = REST_AFTER + 0.1
    assert resting() == set(), "nobody is before it"
    second.late = REST_AFTER + 0.1
    assert resting() == {"first"}
    third.late = REST_AFTER + 0.1
    assert resting() == {"first", "second"}
    third.late, second.held_up = REST_AFTER, True
    assert resting() == {"first", "second"}
    third.held_up = True
    assert resting() == {"first", "second", "third"}


def test_checkpoints_are_larger_while_a_backlog_is_worked_off() -> None:
    stages = [Paced(name) for name in ("quick", "slow")]
    app: Any = SimpleNamespace(stages=stages)
    quick, slow = stages
    quick.interval, slow.interval = 0.01, 7.0
    assert [EngineApp.interval(app, stage) for stage in stages] == [0.01, 7.0]
    slow.late = 4.9
    assert [EngineApp.interval(app, stage) for stage in stages] == [0.01, 7.0], "a hiccup"
    slow.late = 5.1
    assert [EngineApp.interval(app, stage) for stage in stages] == [INTERVAL_IN_BACKLOG, 7.0]


async def test_a_checkpoint_begins_at_once_unless_the_last_one_did_so_just_now() -> None:
    class Collected(Paced):
        def collect(self) -> Batch:
            collected.append(interval)
            return Batch()

    def interval_of(_: Any) -> float:
        asked.set()
        return interval

    async def nothing(*_: Any) -> None: ...

    collected: list[float] = []
    interval, asked, done = 3600.0, asyncio.Event(), asyncio.Event()
    consumer = SimpleNamespace(done=lambda *_: done.set())
    app: Any = SimpleNamespace(interval=interval_of, fail_point=nothing, consumer=consumer, should_stop=False)
    checkpoints = Checkpoints(Collected("one"), app)
    checkpoints._began = monotonic() - interval  # it began so long ago
    keeping = asyncio.create_task(checkpoints.keep())
    checkpoints.folded(ONE, 1, 1)
    await asyncio.wait_for(done.wait(), 10)
    asked.clear()
    done.clear()
    checkpoints.folded(ONE, 2, 1)
    await asyncio.wait_for(asked.wait(), 10)
    assert collected == [3600.0], "the next one waits for its time"
    interval = 0.0
    await asyncio.wait_for(done.wait(), 10)
    assert collected == [3600.0, 0.0]
    keeping.cancel()
