"""Simulated time: processes that wait, act and wait again, in one order for one seed."""

import heapq
from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")

#: A process: yields how many milliseconds it waits before it goes on.
Steps = Generator[int, None, Result]


class Timeline:
    """Runs processes in the order of their times; equal times in the order in which they were set."""

    def __init__(self, start: int) -> None:
        self.now = start
        self._due: list[tuple[int, int, Steps[None]]] = []
        self._set = 0

    def begin(self, steps: Steps[None], after: int = 0) -> None:
        """Starts a process `after` milliseconds from now."""
        self._set += 1
        heapq.heappush(self._due, (self.now + max(0, after), self._set, steps))

    def advance(self, until: int) -> bool:
        """Lets the next process act, unless that lies at or after `until`; false when it does."""
        if not self._due or self._due[0][0] >= until:
            return False
        self.now, _, steps = heapq.heappop(self._due)
        wait = next(steps, None)
        if wait is not None:
            self.begin(steps, wait)
        return True
