"""A pane: what one subject's minute counts. Changes commute, and each can be taken back.

The state is `records.PaneState`; this module is the only one that changes its counters.
"""

from collections.abc import Callable
from sys import intern

from streams.kpis.measurements import KINDS, NOT_IN_PANES
from streams.records import PaneState
from streams.windows import histogram, seconds, sparse

#: Bucket of a value, by the kind of measurement that is spread.
_BUCKETS = {"hist": histogram.bucket, "seconds": seconds.bucket}


def apply(pane: PaneState, name: str, old: int | None, new: int | None, tag: str = "") -> None:
    """Replace a fact's value `old` by `new`; None where it was or is no fact.

    Items are not part of panes (see `items`), nor are spans. Raises KeyError for an unknown measurement.
    """
    kind = KINDS[name]
    if kind == "set":
        _change_set(pane, name, (new is not None) - (old is not None), tag)
    elif kind == "n":
        _count(pane, name, (new is not None) - (old is not None), 0)
    elif kind not in NOT_IN_PANES:
        _count(pane, name, (new is not None) - (old is not None), (new or 0) - (old or 0))
        bucket = _BUCKETS.get(kind)
        if bucket is not None:
            _spread(pane, name, bucket, old, new)


def merge(pane: PaneState, other: PaneState, sign: int = 1) -> None:
    """Add another pane's counters, or with `sign` -1 subtract them; `seen` is left alone."""
    for name, (count, total) in other.counters.items():
        _count(pane, name, sign * count, sign * total)
    for name, spread in other.histograms.items():
        sparse.merge_named(pane.histograms, name, spread, sign)
    for name, tags in other.sets.items():
        sparse.merge_named(pane.sets, name, tags, sign)


def names(pane: PaneState) -> list[str]:
    """The measurements that it counts anything of."""
    return [*pane.counters, *pane.histograms, *pane.sets]


def clear(pane: PaneState) -> None:
    """Count nothing any more."""
    pane.counters.clear()
    pane.histograms.clear()
    pane.sets.clear()


def is_empty(pane: PaneState) -> bool:
    """Whether nothing is counted (any more)."""
    return not (pane.counters or pane.histograms or pane.sets)


def _count(pane: PaneState, name: str, count: int, total: int) -> None:
    counters = pane.counters
    held = counters.get(name)
    if held is None:
        if count or total:
            counters[intern(name)] = [count, total]
        return
    held[0] += count
    held[1] += total
    if not held[0] and not held[1]:
        del counters[name]


def _spread(
    pane: PaneState, name: str, bucket: Callable[[int], int], old: int | None, new: int | None
) -> None:
    spread = pane.histograms.get(name)
    if spread is None:
        spread = pane.histograms[intern(name)] = {}
    if old is not None:
        sparse.add(spread, bucket(old), -1)
    if new is not None:
        sparse.add(spread, bucket(new), 1)
    if not spread:
        del pane.histograms[name]


def _change_set(pane: PaneState, name: str, count: int, tag: str) -> None:
    tags = pane.sets.get(name)
    if tags is None:
        tags = pane.sets[intern(name)] = {}
    sparse.add(tags, tag, count)
    if not tags:
        del pane.sets[name]
