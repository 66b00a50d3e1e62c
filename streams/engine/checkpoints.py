"""Law 1: outputs before state, state before acknowledgement."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from faust.types import TP

from streams.engine.batch import Batch, Output
from streams.engine.clock import local_ms
from streams.engine.delivery import deliver, write_state

if TYPE_CHECKING:
    from streams.engine.application import EngineApp
    from streams.engine.stage import Stage

#: How often it is looked whether the interval is another one by now, s.
_LOOK_AGAIN_S = 0.1


class Checkpoints:
    """Takes what a stage has folded to the broker, one checkpoint after the other.

    The bytes of a checkpoint are fixed when it begins; folding goes on while the broker answers.
    The next one begins only when all of the last is acknowledged: else a failure of the earlier
    one would leave a hole below the high-water marks of those who read its outputs.
    """

    def __init__(self, stage: "Stage", app: "EngineApp") -> None:
        self._stage, self._app = stage, app
        #: generation in whose name offsets are called done
        self.generation = -1
        #: everything below is written and acknowledged, by partition
        self.safe: dict[TP, int] = {}
        self._folded: dict[TP, int] = {}
        self._events = 0
        self._wanted = asyncio.Event()
        self._began = 0.0  #: the last one, by `monotonic`
        self._under_way: asyncio.Task[None] | None = None

    def folded(self, tp: TP, upto: int, events: int) -> None:
        """Notes that everything of `tp` below `upto` is in the stage's memory."""
        self._folded[tp] = upto
        self._events += events
        self._wanted.set()

    @property
    def full(self) -> bool:
        """Whether enough is waiting to begin one before its time."""
        return self._events >= self._stage.max_events

    def discard(self) -> None:
        """Forgets what was folded and not yet taken; the stage has forgotten it too."""
        self._folded, self._events = {}, 0
        self._wanted.clear()

    async def keep(self) -> None:
        """Begins checkpoints, for ever: while there is something to take, one in each interval."""
        while True:
            await self._wanted.wait()
            await self._gather()
            await self.begin()

    async def _gather(self) -> None:
        """Waits until the last one began an interval ago, which gets short when a backlog comes to its end.

        So what comes after a pause waits for nothing.
        """
        while (left := self._began + self._app.interval(self._stage) - monotonic()) > 0:  # noqa: ASYNC110 - it changes
            await asyncio.sleep(min(left, _LOOK_AGAIN_S))

    async def begin(self) -> None:
        """Begins the next one as soon as the last is through, if there is anything to take."""
        await self.settle()
        if self._folded:
            self._began = monotonic()
            batch, upto = self._stage.collect(), self._folded
            self.discard()
            self._under_way = asyncio.create_task(self._take(batch, upto))

    async def settle(self) -> None:
        """Waits until none is under way."""
        while self._under_way is not None and not self._under_way.done():
            await asyncio.wait([self._under_way])

    async def flush(self) -> None:
        """Waits until all that was folded is through."""
        await self.settle()
        while self._folded:
            await self.begin()
            await self.settle()

    async def alone(self, work: Callable[[], Awaitable[None]]) -> None:
        """Does `work` while no checkpoint is under way and none can begin."""
        await self.settle()
        task = asyncio.ensure_future(work())
        self._under_way = asyncio.create_task(_completed(task))
        await task

    async def _take(self, batch: Batch, upto: dict[TP, int]) -> None:
        began = monotonic()
        try:
            await self._write(batch, upto)
        except Exception as fault:  # noqa: BLE001  whatever it is, nothing may go on
            if not self._app.should_stop:
                self._stage.end_process(fault)
            return  # the producer is closed already; nothing was acknowledged
        self._stage.statistics.checkpoints += 1
        self._stage.statistics.checkpoint_seconds += monotonic() - began

    async def _write(self, batch: Batch, upto: dict[TP, int]) -> None:
        await self._write_outputs(batch)
        await self._point("after-outputs")
        await self._write_state(batch)
        await self._point("after-state")
        await self._point("before-done")
        self._done(upto)

    async def _write_outputs(self, batch: Batch) -> None:
        for number, wave in enumerate(batch.waves):
            if number:
                await self._point("between-outputs")
            await self.deliver(wave)

    async def deliver(self, wave: list[Output]) -> None:
        """Writes records and waits until all are acknowledged."""
        sent = local_ms()
        told = await deliver(self._app.producer, wave, lambda: self._point("between-outputs"))
        self._observe(told, sent)
        self._stage.statistics.outputs += len(wave)

    async def _write_state(self, batch: Batch) -> None:
        if not batch.state:
            return
        assert self._stage.ledger, f"{self._stage.name} has state but no ledger"
        sent = local_ms()
        told = await write_state(
            self._app.producer,
            self._stage.ledger,
            batch.state,
            lambda: self._point("between-state"),
        )
        self._observe(told, sent)
        self._stage.statistics.ledger_records += sum(map(len, batch.state.values()))

    def _done(self, upto: dict[TP, int]) -> None:
        self.safe.update(upto)
        self._app.consumer.done(self.generation, upto)

    def _observe(self, told: list[Any], sent: float) -> None:
        self._app.clock.observe(told, sent)

    async def _point(self, point: str) -> None:
        await self._app.fail_point(self._stage.name, point)


async def _completed(task: "asyncio.Future[None]") -> None:
    await asyncio.wait([task])
