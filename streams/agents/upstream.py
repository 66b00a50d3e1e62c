"""Whether everything that was written upstream a few seconds ago has been read by now.

Absence ("nobody called back") may be judged only then: a worker that is behind does not know yet
what has already happened.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

#: A partition: topic and number.
Place = tuple[str, int]


@dataclass(slots=True)
class Upstream:
    """Remembers where each partition ended, and compares with how far the workers have come."""

    within_ms: int = 5_000
    begun: bool = False  #: whether anything was ever read
    _ends: deque[tuple[int, dict[Place, int]]] = field(default_factory=deque)
    _read_up_to: int = -1

    def observe(self, at: int, ends: Mapping[Place, int], committed: Mapping[Place, int]) -> None:
        """Notes at `at` (ms) the end of every upstream partition and the group's position in it.

        A partition without a position counts as unread from its start; an empty one is no backlog.
        """
        self.begun = self.begun or any(committed.values())
        self._ends.append((at, dict(ends)))
        while self._ends and all(committed.get(place, 0) >= end for place, end in self._ends[0][1].items()):
            self._read_up_to = self._ends.popleft()[0]

    def caught_up(self, at: int) -> bool:
        """Whether the oldest unread record is at most `within_ms` old at `at` (ms)."""
        return self.behind_ms(at) <= self.within_ms

    def behind_ms(self, at: int) -> int:
        """For how long at most the oldest unread record has been waiting, ms.

        What came since the last look that was answered is not known: it counts as waiting.
        """
        return at if self._read_up_to < 0 else max(0, at - self._read_up_to)
