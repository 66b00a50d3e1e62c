"""Histograms of whole seconds, exact for every limit in whole seconds up to 10 minutes.

A value in ms counts under the second in which it ends, so it is within a limit exactly if its bucket
is; what is longer than 10 minutes has one bucket, beyond every limit. Plain `dict[bucket, count]`,
like those of `histogram`.
"""

from collections.abc import Mapping

#: Longest limit (s) that can be told exactly.
LONGEST = 600
#: Bucket of all that is longer.
BEYOND = LONGEST + 1


def bucket(value: int) -> int:
    """Bucket of a value in ms; negative ones, which no measurement should have, count as 0."""
    return min(BEYOND, -(-value // 1000)) if value > 0 else 0


def limit(value: int) -> int:
    """The last bucket within a limit in ms."""
    return min(LONGEST, value // 1000)


def within(histogram: Mapping[int, int], last: int) -> int:
    """How many values lie in the buckets up to `last`."""
    return sum(count for bucket, count in histogram.items() if bucket <= last)
