"""How far a log has come whose partitions are read unevenly."""

from streams.agents.watermarks import HEARD_WITHIN, Heard, slowest

HOUR = 3_600_000
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
