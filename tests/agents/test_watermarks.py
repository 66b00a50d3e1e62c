"""How far a log has come whose partitions are read unevenly."""

import random

import msgspec
import pytest

from streams.agents.watermarks import HEARD_WITHIN, Heard, slowest
from streams.config import Config, load_config
from streams.records import RecomputeRow
from tests.agents.pipeline import INTERNAL, Pipeline
from tests.e2e.feeding import write_config
from tests.random_calls import NONE, random_log

HOUR = 3_600_000
LONG_AFTER = 1_893_456_000_000  # 2030
PATIENCE = 12 * HOUR


def heard(**ago: int) -> Heard:
    """Of each partition something was written so long before the newest record, ms."""
    return Heard({name: 10 * HOUR - ms for name, ms in ago.items()}, 10 * HOUR)


def test_nothing_read_is_the_beginning() -> None:
    assert slowest({}, PATIENCE, Heard()) == 0


def test_who_is_behind_is_waited_for_as_long_as_he_brings_something() -> None:
    reached = {"a": 1000 * HOUR, "b": 100 * HOUR}
    assert slowest(reached, PATIENCE, heard(a=0, b=HEARD_WITHIN)) == 100 * HOUR
    assert slowest(reached, PATIENCE, heard(a=0, b=HEARD_WITHIN + 1)) == 988 * HOUR


def test_who_brings_nothing_is_waited_for_within_patience() -> None:
    reached = {"a": 1000 * HOUR, "b": 995 * HOUR}
    assert slowest(reached, PATIENCE, heard(a=0, b=HOUR)) == 995 * HOUR
    reached["b"] = 900 * HOUR
    assert slowest(reached, PATIENCE, heard(a=0, b=HOUR)) == 988 * HOUR
    assert slowest(reached, PATIENCE, Heard()) == 900 * HOUR, "as a ledger of before has it: nothing is known"


def test_who_ran_ahead_and_brings_nothing_more_does_not_let_others_be_late() -> None:
    """A partition of few records may be read weeks ahead out of a backlog; the others come after it."""
    reached = {"few": 2000 * HOUR, "many": 100 * HOUR}
    assert slowest(reached, PATIENCE, heard(few=HOUR, many=0)) == 100 * HOUR


def test_partitions_are_noted_with_when_the_record_was_written() -> None:
    known = Heard()
    known.note(["a", "b"], 700)
    known.note(["b"], 1000)
    known.note(["a"], 600)
    known.note([], 1200)
    assert (known.at, known.newest) == ({"a": 700, "b": 1000}, 1200)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return load_config(write_config(tmp_path_factory.mktemp("uneven") / "config"))


def minutes_asked_back(made: Pipeline) -> int:
    """Minutes that were taken for late, and are to be counted anew from what is stored."""
    requests = msgspec.msgpack.Decoder(list[RecomputeRow])
    return sum(len(requests.decode(record.value or b"")) for record in made.wire.all(INTERNAL.recompute))


@pytest.mark.parametrize("bite", [50, 200])
def test_two_months_read_unevenly_bring_hardly_more_that_is_late_than_read_in_order(
    config: Config, bite: int
) -> None:
    """Of each partition so many records go at a time: of topics with few, weeks of them."""
    log = random_log(3, calls=800, customers=300, days=60.0, deals=30, nastiness=NONE)
    orderly, uneven = (Pipeline(config) for _ in range(2))
    for made in (orderly, uneven):
        made.wire.now = LONG_AFTER
    for start in range(0, len(log), 10):
        orderly.put(log[start : start + 10], random.Random(start))
        orderly.run()
    uneven.put(log, random.Random(1))
    while any(runner.behind() for runner in uneven.runners):
        for runner in uneven.runners:
            runner.fold(bite)
            runner.checkpoint()
    assert orderly.intake.refused == uneven.intake.refused == 0
    assert 0 < minutes_asked_back(orderly) < 100, "recoveries of days ago count at their calls' times"
    assert minutes_asked_back(uneven) < 2 * minutes_asked_back(orderly)
