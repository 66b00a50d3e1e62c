"""Whether a stage has read its inputs up to nearly now."""

from time import monotonic
from typing import TYPE_CHECKING

from faust.types import TP

from streams.engine.guard import Guard
from streams.engine.transport import BatchConsumer

if TYPE_CHECKING:
    from streams.engine.application import EngineApp


class Freshness:
    """Per partition: the latest moment of which it is certain that all written by then is folded.

    A moment counts from the broker's answer that told the end of the partition, so a broker that
    is away makes a partition old, not caught up.
    """

    def __init__(self, app: "EngineApp", guard: Guard) -> None:
        self._app, self._guard = app, guard
        self._ends: dict[TP, tuple[float, int]] = {}
        self._folded_up_to: dict[TP, float] = {}

    def look(self) -> None:
        """To be called several times a second."""
        consumer: BatchConsumer = self._app.consumer
        for tp, folded in self._guard.next.items():
            reach = consumer.reach(tp)
            if reach is None:
                continue
            delivered = consumer.delivered(tp)
            all_folded = delivered is None or folded >= delivered
            # Markers of transactions at the end are no records: nothing will be folded of them.
            following = max(folded, reach.position) if all_folded else folded
            answered, end = self._ends.setdefault(tp, (reach.answered, reach.end))
            if following >= end:
                self._folded_up_to[tp] = answered
                self._ends[tp] = (reach.answered, reach.end)
                if following >= reach.end:
                    self._folded_up_to[tp] = reach.answered

    def start(self) -> None:
        """Forgets everything: the partitions are other ones now."""
        self._ends, self._folded_up_to = {}, {}

    def within(self, seconds: float) -> bool:
        """Whether every partition's oldest unread record is younger than this."""
        self.look()
        oldest = monotonic() - seconds
        return all(self._folded_up_to.get(tp, 0.0) >= oldest for tp in self._guard.next)
