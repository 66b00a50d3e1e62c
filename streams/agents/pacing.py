"""History leaves the ledger no faster than it is stored.

Minutes leave the compacted ledger of panes 26 hours of event time after they were, which live is a day and
out of a backlog of history a matter of seconds. A sink that reads later than compaction comes by would
never see them. So while what is folded is history, and days of it go by in seconds, nothing is taken off the
ledger when the sink is behind. Only when that has become much the worker rests until the sink is there.
Live events wait for no sink, and neither do alerts.
"""

import logging

from streams.agents.journeys import JourneysStage
from streams.agents.watching import UpstreamWatch
from streams.agents.windows import WindowsStage
from streams.engine import Connection
from streams.topics import SINK_GROUP

_LOG = logging.getLogger(__name__)

_LOOK_EVERY_S = 2.0
#: Far below the ten minutes for which compaction leaves records alone, ms.
_SINK_BEHIND_MS = 60_000
#: So much may wait to be taken off the ledger, in keys: some 100 bytes of memory each.
_MOST_UNBURIED = 100_000
#: Event time goes by so many times faster than the clock out of history, or not at all after a weekend.
_FAST = 60


class Pacing:
    """Says when the windows stage may bury, and when it has to rest."""

    def __init__(self, journeys: JourneysStage, stage: WindowsStage, sink: UpstreamWatch) -> None:
        self._journeys = journeys
        self._stage = stage
        self._sink = sink
        self._looked = 0  #: ms
        self._furthest = 0  #: event time, ms
        self._fast = False

    @classmethod
    def of(cls, journeys: JourneysStage, stage: WindowsStage, connection: Connection) -> "Pacing":
        """By the sink of the stages' epoch."""
        group = stage.internal.group(SINK_GROUP)
        return cls(journeys, stage, UpstreamWatch(connection, group, [stage.internal.panes], "the sinks"))

    def begin(self) -> None:
        """Sets the timer up; to be called before the app starts."""
        self._stage.every(_LOOK_EVERY_S, self.look)

    async def look(self) -> None:
        """Lets the stage bury and go on, or not. A sink that has never stored anything is not waited for."""
        now, stage = self._stage.now_ms(), self._stage
        history, behind = self._folds_history(now), False
        if history or not stage.buries:
            await self._sink.look(now)
            state = self._sink.state
            behind = state.begun and state.behind_ms(now) > _SINK_BEHIND_MS
        stage.buries = not behind
        waits = history and behind and stage.unburied > _MOST_UNBURIED
        if waits != stage.held_up:
            _LOG.info("history waits for the sink" if waits else "history goes on")
        stage.held_up = waits

    def _folds_history(self, now: int) -> bool:
        furthest = self._journeys.furthest_raw()
        if not self._stage.held_up:
            advanced, passed = furthest - self._furthest, now - self._looked
            self._fast = self._looked > 0 and advanced > _FAST * passed
        self._looked, self._furthest = now, furthest
        return self._fast and self._journeys.in_history
