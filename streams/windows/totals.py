"""What the formulas of KPI read: the sum of some panes."""

from collections.abc import Mapping

from streams.records import PaneState

_NOTHING: Mapping[int, int] = {}


class Totals:
    """Read access by measurement to a sum of panes; follows the sum as it changes."""

    __slots__ = ("_sum",)

    def __init__(self, total: PaneState | None = None) -> None:
        self._sum = PaneState() if total is None else total

    def count(self, name: str) -> int:
        """How many facts."""
        counter = self._sum.counters.get(name)
        return counter[0] if counter else 0

    def total(self, name: str) -> int:
        """Sum of their values."""
        counter = self._sum.counters.get(name)
        return counter[1] if counter else 0

    def histogram(self, name: str) -> Mapping[int, int]:
        """How their values are spread."""
        return self._sum.histograms.get(name, _NOTHING)

    def distinct(self, name: str) -> int:
        """How many different tags."""
        tags = self._sum.sets.get(name)
        return len(tags) if tags else 0
