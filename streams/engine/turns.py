"""Whose turn it is: a backlog of several partitions is read in the order in which it was written.

A broker hands a backlog out by partition, thousands of records of one and then of the next. A partition
with few records would be days ahead of a busy one by then, and what the busy one still brings would look
late to whoever folds both.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from itertools import takewhile

from faust.types import TP

from streams.engine.batch import Record

#: Records of all partitions go on while they were written within this of the oldest, ms.
TOGETHER_MS = 250
#: A partition that has more to read is waited for so long when others' records are held for it, s; a
#: broker that is away holds up nobody else.
WAIT_S = 1.0


class Turns:
    """Holds what was read of some topics and is not next yet. Records' times are Kafka's, ms."""

    def __init__(self, topics: Collection[str]) -> None:
        self.topics = topics
        self._held: dict[TP, deque[Record]] = {}
        #: when what went on last was written, ms
        self._gone_on: dict[TP, int] = {}
        #: partitions that others have waited for, since when, s
        self._awaited: dict[TP, float] = {}

    def __contains__(self, tp: TP) -> bool:
        return tp in self._held

    def __bool__(self) -> bool:
        return bool(self._held)

    def hold(self, tp: TP, records: Iterable[Record]) -> None:
        """Takes records in, behind those of the same partition that are held."""
        self._held.setdefault(tp, deque()).extend(records)

    def first(self, tp: TP) -> int | None:
        """Offset of the first record held of a partition."""
        return self._held[tp][0].offset if tp in self._held else None

    def drop(self, tp: TP) -> None:
        """Forgets what is held of a partition."""
        self._held.pop(tp, None)

    def clear(self) -> None:
        """Forgets everything."""
        self._held, self._gone_on, self._awaited = {}, {}, {}

    def rest(self) -> None:
        """Says that nothing is read for now, so that nobody is waited for."""
        self._awaited = {}

    def due(self, unread: Collection[TP], now: float) -> Iterator[tuple[TP, list[Record]]]:
        """Records whose turn it is, by partition.

        `unread`: partitions of which there is more than what is held. What they bring next was written
        after what they brought last, so that without any held the others go on no further than that.
        `now`: s of a clock that runs evenly.
        """
        since = self._awaited
        self._awaited = {tp: since.get(tp, now) for tp in unread if tp not in self._held}
        silent = {tp for tp, begun in self._awaited.items() if now - begun >= WAIT_S}
        while self._held:
            oldest = min(held[0].timestamp for held in self._held.values())
            limits = [self._gone_on.get(tp, 0) for tp in unread if tp not in self._held and tp not in silent]
            if limits and oldest > min(limits) + TOGETHER_MS:
                return
            bound = min([oldest, *limits]) + TOGETHER_MS
            for tp in list(self._held):
                if tp in self._held and (records := self._take(tp, bound)):
                    yield tp, records

    def _take(self, tp: TP, bound: int) -> list[Record]:
        held = self._held[tp]
        taken = list(takewhile(lambda record: record.timestamp <= bound, held))
        for _ in taken:
            held.popleft()
        if taken:
            self._gone_on[tp] = taken[-1].timestamp
        if not held:
            del self._held[tp]
        return taken
