"""Histograms of whole milliseconds that merge by addition and take back by subtraction.

Buckets are logarithmic with 16 per doubling, and computed with whole numbers only, so that Python
and SQL agree on every value: 0 to 31 have a bucket each, from 32 on a bucket is at most 1/16 of its
lower bound wide. `representative` (the middle) is within 1/32 (3.2 %) of every value of its bucket.

A histogram is a plain `dict[bucket, count]` without zero counts (see `sparse`).
"""

from collections.abc import Mapping

_EXACT = 32  #: values below have a bucket of their own
_STEPS = 16  #: buckets per doubling above


def bucket(value: int) -> int:
    """Bucket of a value; negative ones, which no measurement should have, count as 0."""
    if value < _EXACT:
        return value if value > 0 else 0
    shift = value.bit_length() - 5
    return shift * _STEPS + (value >> shift)


def representative(bucket: int) -> int:
    """The value that stands for a bucket: its middle."""
    if bucket < _EXACT:
        return bucket
    shift = bucket // _STEPS - 1
    return ((_STEPS + bucket % _STEPS) << shift) + (1 << shift >> 1)


def size(histogram: Mapping[int, int]) -> int:
    """How many values a histogram holds."""
    return sum(histogram.values())


def quantile(histogram: Mapping[int, int], percent: int) -> int | None:
    """The value at nearest rank: the smallest one with at least `percent` of all at or below it.

    The rank is ceil(percent/100 * n), at least 1, in whole numbers; 100 gives the maximum. The
    answer is the middle of that value's bucket. None when the histogram is empty.
    """
    rank = max(1, -(-size(histogram) * percent // 100))
    reached = 0
    for key in sorted(histogram):
        reached += histogram[key]
        if reached >= rank:
            return representative(key)
    return None
