"""Counts by key without zeros, so that what was taken back leaves no trace."""

from collections.abc import Mapping
from typing import TypeVar

K = TypeVar("K", int, str)


def add(counts: dict[K, int], key: K, count: int) -> None:
    """Add `count` (negative: take back) under a key."""
    total = counts.get(key, 0) + count
    if total:
        counts[key] = total
    else:
        counts.pop(key, None)


def merge(counts: dict[K, int], other: Mapping[K, int], sign: int = 1) -> None:
    """Add other counts, or with `sign` -1 subtract them."""
    for key, count in other.items():
        add(counts, key, sign * count)


def merge_named(named: dict[str, dict[K, int]], name: str, other: Mapping[K, int], sign: int = 1) -> None:
    """The same for counts that are kept by name; a name without counts goes."""
    counts = named.get(name)
    if counts is None:
        counts = named[name] = {}
    merge(counts, other, sign)
    if not counts:
        del named[name]
