"""How far a log has come whose partitions are read unevenly."""

from streams.agents.watermarks import Heard, slowest

HOUR = 3_600_000
PATIENCE = 12 * HOUR


def heard(within: int, **ago: int) -> Heard:
    """Of each partition something was read so many rows ago, of a thousand and more."""
    return Heard({name: within + 1000 - rows for name, rows in ago.items()}, within + 1000)


def test_nothing_read_is_the_beginning() -> None:
    assert slowest({}, PATIENCE, Heard(), 10) == 0


def test_who_is_behind_is_waited_for_as_long_as_he_brings_something() -> None:
    reached = {"a": 1000 * HOUR, "b": 100 * HOUR}
    assert slowest(reached, PATIENCE, heard(500, a=0, b=499), 500) == 100 * HOUR
    assert slowest(reached, PATIENCE, heard(500, a=0, b=500), 500) == 988 * HOUR


def test_who_brings_nothing_is_waited_for_within_patience() -> None:
    reached = {"a": 1000 * HOUR, "b": 995 * HOUR}
    assert slowest(reached, PATIENCE, heard(500, a=0, b=800), 500) == 995 * HOUR


def test_who_ran_ahead_and_brings_nothing_more_does_not_let_others_be_late() -> None:
    """A partition of few records is read weeks ahead out of a backlog; the others come after it."""
    reached = {"few": 2000 * HOUR, "many": 100 * HOUR}
    assert slowest(reached, PATIENCE, heard(500, few=900, many=0), 500) == 100 * HOUR


def test_rows_are_counted_with_what_they_told_of() -> None:
    known = Heard()
    known.note(["a", "b"], 7)
    known.note(["b"], 3)
    known.note([], 2)
    assert (known.at, known.rows) == ({"a": 7, "b": 10}, 12)
