"""How far a log that is read in several partitions has come in event time."""

from collections.abc import Iterable, Mapping

import msgspec

#: How far a partition may be behind the fastest one to be waited for before minutes are let go (ms).
#: Longer would hold more minutes in memory through every quiet night.
PANE_PATIENCE = 12 * 3_600_000


class Heard(msgspec.Struct, array_like=True):
    """When partitions were last heard of, counted in rows of the log."""

    at: dict[str, int] = {}  #: partition -> how many rows had been read by then
    rows: int = 0  #: how many have been read

    def note(self, partitions: Iterable[str], rows: int) -> None:
        """So many further rows were read, which told of these partitions."""
        self.rows += rows
        self.at.update(dict.fromkeys(partitions, self.rows))


def slowest(reached: Mapping[str, int], patience: int, heard: Heard, within: int) -> int:
    """Where the slowest partition has come, given where each has (ms); 0 when there is none.

    Out of a backlog partitions are read by turns, and by several workers, so that one may be weeks ahead
    of another. One of which something was read within the last so many rows (`within`) is waited for
    however far it is behind: what is kept for its sake is bounded by those rows. One that brings nothing
    is waited for no longer than `patience` (ms).
    """
    if not reached:
        return 0
    least, known = heard.rows - within, heard.at
    first = max(reached.values()) - patience
    return min(at if known.get(name, 0) > least else max(at, first) for name, at in reached.items())
