"""The body of a stage's agent, and the tasks beside it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

from faust.types import TP, Message

from streams.engine.checkpoints import Checkpoints
from streams.engine.guard import Guard, Watchdog
from streams.engine.loading import Loader
from streams.engine.transport import Chunk

if TYPE_CHECKING:
    from streams.engine.application import EngineApp
    from streams.engine.stage import Stage

#: How often it is looked for what was lost and for what waits, s.
LOOK_SECONDS = 0.25

Work = Callable[[], Awaitable[None]]


class Runner:
    """Runs one stage on one app."""

    def __init__(self, stage: "Stage", app: "EngineApp", timers: list[tuple[float, Work]]) -> None:
        self.stage, self.app, self._timers = stage, app, timers
        self.guard = Guard(stage, app)
        self.checkpoints = Checkpoints(stage, app)
        self.loader = Loader(stage, app, self.guard, self.checkpoints)
        self._watchdog = Watchdog(stage, app, self.guard)
        self._busy = False
        app.on_partitions_assigned.connect(cast("Any", self._on_assigned))

    async def _on_assigned(self, _app: Any, assigned: set[TP], **_: Any) -> None:
        self.loader.assigned(assigned)

    @property
    def partitions(self) -> frozenset[int]:
        """Numbers of the partitions in memory."""
        return frozenset(tp.partition for tp in self.guard.next)

    async def run(self, stream: Any) -> None:
        """Folds what the stream brings until it is cancelled; any error ends the process."""
        works: list[Work] = [self.loader.keep, self.checkpoints.keep, self.loader.repair.keep]
        works.append(lambda: self._look(stream.channel.queue))
        works += [self._timer(seconds, work) for seconds, work in self._timers]
        tasks = [asyncio.ensure_future(self._guarded(work)) for work in works]
        try:
            await self._guarded(lambda: self._fold_all(stream))
        finally:
            for task in tasks:
                task.cancel()

    async def _guarded(self, work: Work) -> None:
        try:
            await work()
        except Exception as fault:  # noqa: BLE001  whatever it is, nothing may go on
            if not self.app.should_stop:
                self.stage.end_process(fault)

    async def _fold_all(self, stream: Any) -> None:
        async for event in stream.noack().events():
            self._busy = True
            await self._take(event.message)
            self._busy = False

    async def _take(self, message: Message) -> None:
        tp = TP(message.topic, message.partition)
        chunk = cast("Chunk", message.value)  # see `streams.engine.transport`
        checked = False
        while await self.loader.wait_for(message.generation_id) and tp in self.guard.next:
            found = self.guard.admit(tp, chunk)
            if not found:
                return
            if self.guard.holes(tp, found) and not checked:
                if self.guard.doubts(tp):
                    return
                await self.guard.check_holes(tp)
                checked = True
                continue  # the world may have changed while we asked
            await self._fold(tp, found)
            return
        self.stage.statistics.stale += 1

    async def _fold(self, tp: TP, found: list[Any]) -> None:
        events = sum(map(self.stage.fold, found))
        upto = self.guard.next[tp] = found[-1].offset + 1
        self.stage.statistics.records += len(found)
        self.stage.statistics.events += events
        self.checkpoints.folded(tp, upto, events)
        if self.checkpoints.full:
            await self.checkpoints.begin()

    async def _look(self, queue: asyncio.Queue[Any]) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.loader.ready:
                self.loader.waiting.look()
                self._watchdog.look(idle=queue.empty() and not self._busy)

    def _timer(self, seconds: float, work: Work) -> Work:
        async def keep() -> None:
            while True:
                await asyncio.sleep(seconds)
                if self.loader.ready:
                    await work()

        return keep

    async def confirm(self) -> bool:
        """See `Stage.confirm`."""
        loaded = self.loader.loaded
        if loaded is None or not self.loader.ready or not self.checkpoints.safe:
            return False
        safe = dict(self.checkpoints.safe)
        confirmed = await self.app.consumer.confirm(loaded.generation, safe)
        return confirmed and self.loader.ready and self.loader.loaded is loaded
