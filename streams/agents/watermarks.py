"""How far a log that is read in several partitions has come in event time."""

from collections.abc import Iterable, Mapping

import msgspec

#: How far a partition may be behind the fastest one to be waited for before minutes are let go (ms).
#: Longer would hold more minutes in memory through every quiet night.
PANE_PATIENCE = 12 * 3_600_000

#: One of which something was written to the log within this of the newest is waited for in any case (ms of
#: the log's own time). Live it is no further behind than that; out of a backlog it may be weeks.
HEARD_WITHIN = 5 * 60_000


class Heard(msgspec.Struct, array_like=True):
    """When partitions were last heard of, by the time at which the log was written (Kafka's, ms)."""

    at: dict[str, int] = {}  #: by partition
    newest: int = 0

    def note(self, partitions: Iterable[str], at: int) -> None:
        """A record written at this moment told of these partitions."""
        self.newest = max(at, self.newest)
        for name in partitions:
            self.at[name] = max(at, self.at.get(name, 0))


def slowest(reached: Mapping[str, int], patience: int, heard: Heard) -> int:
    """Where the slowest partition has come, given where each has (ms); 0 when there is none.

    Out of a backlog partitions are read by turns, and by several workers, so that one may be weeks ahead
    of another. One that was heard of within `HEARD_WITHIN` is waited for however far it is behind. One that
    brings nothing is waited for no longer than `patience` (ms of event time).
    """
    if not reached:
        return 0
    since, known = heard.newest - HEARD_WITHIN, heard.at
    first = max(reached.values()) - patience
    return min(at if known.get(name, 0) >= since else max(at, first) for name, at in reached.items())
