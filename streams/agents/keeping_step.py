"""Workers read history in step.

Each reads its own partitions, and one that has less to do would be months ahead of another out of a backlog
of history. What it is ahead by, all have to keep: minutes of which the others still bring something. So
the intake of a worker rests while all its partitions are ahead of the slowest of all by a day.
"""

from streams.agents.intake import IntakeStage
from streams.agents.journeys import JourneysStage

_LOOK_EVERY_S = 1.0
#: Event time, ms.
_MAY_BE_AHEAD = 24 * 3_600_000
#: Of a partition that brings something it is seen every few seconds, ms.
_WAITED_FOR = 10_000


class KeepingStep:
    """Lets the intake rest when it has to be."""

    def __init__(self, intake: IntakeStage, journeys: JourneysStage) -> None:
        self._intake = intake
        self._journeys = journeys
        self._slowest = 0
        self._advanced_at = 0  #: ms

    def begin(self) -> None:
        """Sets the timer up; to be called before the app starts."""
        self._intake.every(_LOOK_EVERY_S, self.look)

    async def look(self) -> None:
        """Lets the intake rest or go on.

        It goes on when the slowest has brought nothing for some seconds: nobody waits for a partition that
        has ended, or whose worker is gone.
        """
        now, slowest, own = self._journeys.now_ms(), self._journeys.slowest_raw(), self._own()
        if slowest != self._slowest:
            self._slowest, self._advanced_at = slowest, now
        ahead = own is not None and own - slowest > _MAY_BE_AHEAD
        self._intake.held_up = ahead and self._journeys.in_history and now - self._advanced_at < _WAITED_FOR

    def _own(self) -> int | None:
        """Event time that the slowest raw partition of this worker has come to, ms."""
        reached = self._journeys.raw_reached()
        own = [at for (_, partition), at in reached.items() if partition in self._intake.partitions]
        return min(own, default=None)
