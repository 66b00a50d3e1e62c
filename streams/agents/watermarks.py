"""How far a log that is read in several partitions has come in event time."""

from collections.abc import Mapping

#: How far a partition may be behind the fastest one to be waited for before minutes are let go (ms).
#: Longer would hold more minutes in memory through every quiet night.
PANE_PATIENCE = 12 * 3_600_000


def slowest(reached: Mapping[str, int], patience: int) -> int:
    """Where the slowest partition has come, given where each has (ms); 0 when there is none.

    Out of a backlog partitions are read by turns, thousands of records each, so that one may be days
    ahead of another. One that brings nothing is waited for no longer than `patience` (ms).
    """
    if not reached:
        return 0
    return max(min(reached.values()), max(reached.values()) - patience)
