"""How long events take from Kafka to ClickHouse, as somebody sees it who keeps looking."""

from collections.abc import Sequence
from datetime import datetime


class Latency:
    """Ages of the newest stored event at the moment when it was first seen, in seconds.

    They are too long by the time between two looks at most, never too short.
    """

    def __init__(self) -> None:
        self.samples: list[float] = []
        self._newest: datetime | None = None

    def saw(self, newest: datetime | None, now: datetime) -> None:
        """Looked at `now`, and `newest` is when Kafka got the newest event that was stored."""
        if newest is None or (self._newest is not None and newest <= self._newest):
            return
        if self._newest is not None:
            self.samples.append((now - newest).total_seconds())
        self._newest = newest


def quantile(samples: Sequence[float], share: float) -> float | None:
    """The smallest sample that so large a share does not exceed; None without samples."""
    if not samples:
        return None
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
