"""Whether a stage leaves records waiting."""

from time import monotonic
from typing import TYPE_CHECKING

from faust.types import TP

from streams.engine.guard import Guard
from streams.engine.transport import BatchConsumer, Reach

if TYPE_CHECKING:
    from streams.engine.application import EngineApp


#: It is looked anew after this long, s: a worker with hundreds of partitions is asked at every fetch.
_LOOK_AGAIN_S = 0.05


class Waiting:
    """Since when something of each partition has been known of and is not folded.

    What waits is looked for anew once that is folded which stood there when it was looked for last.
    """

    def __init__(self, app: "EngineApp", guard: Guard) -> None:
        self._app, self._guard = app, guard
        #: partition -> since when (by `monotonic`), and the end that was known then
        self._since: dict[TP, tuple[float, int]] = {}
        self._looked = 0.0

    def look(self) -> None:
        """To be called several times a second."""
        consumer: BatchConsumer = self._app.consumer
        now = self._looked = monotonic()
        for tp, folded in self._guard.next.items():
            reach = consumer.reach(tp)
            if reach is None:
                continue
            following = self._following(tp, folded, reach)
            if tp in self._since and following < self._since[tp][1]:
                continue
            if following < reach.end:
                self._since[tp] = now, reach.end
            else:
                self._since.pop(tp, None)

    def _following(self, tp: TP, folded: int, reach: Reach) -> int:
        """Next offset that is to be folded."""
        delivered = self._app.consumer.delivered(tp)
        all_folded = delivered is None or folded >= delivered
        # Markers of transactions at the end are no records: nothing will be folded of them.
        return max(folded, reach.position) if all_folded else folded

    def start(self) -> None:
        """Forgets everything: the partitions are other ones now."""
        self._since = {}

    def longer_than(self, seconds: float) -> bool:
        """Whether anything has waited for longer. Of a broker that is away nothing further is known."""
        now = monotonic()
        if now - self._looked >= _LOOK_AGAIN_S:
            self.look()
        before = now - seconds
        return any(since < before for tp, (since, _) in self._since.items() if tp in self._guard.next)
