"""Taking over partitions: what is committed, what the ledger holds, what may be kept."""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from faust.types import TP

from streams import records
from streams.engine.checkpoints import Checkpoints
from streams.engine.faults import EngineFault
from streams.engine.guard import Guard
from streams.engine.ledger import LedgerPartition, decode_state, read_ledger, reader
from streams.engine.offsets import starting_points
from streams.engine.repair import Repair
from streams.engine.waiting import Waiting

if TYPE_CHECKING:
    from streams.engine.application import EngineApp
    from streams.engine.stage import Stage

#: Keys restored between two turns of the event loop.
KEYS_PER_TURN = 2000


class Assignment(NamedTuple):
    """What one generation of the consumer group has given to us."""

    generation: int
    member: str
    partitions: frozenset[TP]


class Loader:
    """Makes the stage's memory that of the present assignment, as soon as there is one.

    Memory of a partition is kept when the same member had it in the generation right before:
    then nobody else can have owned it in between, every change in memory still goes out in order,
    and memory is what folding on from ledger and commit would give. Otherwise it is read anew.
    """

    def __init__(self, stage: "Stage", app: "EngineApp", guard: Guard, checkpoints: Checkpoints) -> None:
        self._stage, self._app, self._guard, self._checkpoints = stage, app, guard, checkpoints
        self.repair = Repair(stage, app, checkpoints)
        self.waiting = Waiting(app, guard)
        #: what the memory belongs to; None while it is being made
        self.loaded: Assignment | None = None
        self._last: Assignment | None = None
        self._target: Assignment | None = None
        self._changed, self._settled = asyncio.Event(), asyncio.Event()

    def assigned(self, partitions: set[TP]) -> None:
        """Notes the assignment that Faust has just been given."""
        ours = frozenset(tp for tp in partitions if tp.topic in self._stage.topics)
        consumer = self._app.consumer
        self._target = Assignment(self._app.consumer_generation_id, consumer.member, ours)
        self._settled.clear()
        self._changed.set()

    @property
    def ready(self) -> bool:
        """Whether the memory is that of the present generation."""
        return (
            self.loaded is not None
            and self.loaded.generation == self._app.consumer_generation_id
            and self.loaded is self._target
        )

    async def wait_for(self, generation: int | None) -> bool:
        """Waits until the memory is that of `generation`; False when there is a later one."""
        while generation == self._app.consumer_generation_id:
            if self.ready:
                return True
            self._settled.clear()
            await self._settled.wait()
        return False

    async def keep(self) -> None:
        """Follows the assignments, for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            target = self._target
            if target is not None:
                self.loaded = None
                await self._adopt(target)
                self.loaded = self._last = target
                if target is self._target:
                    self._settled.set()

    def _kept(self, target: Assignment) -> frozenset[TP]:
        last = self._last
        if (
            last is None
            or last.generation + 1 != target.generation
            or last.member != target.member
            or not last.member
        ):
            return frozenset()
        return last.partitions & target.partitions

    async def _adopt(self, target: Assignment) -> None:
        kept = self._kept(target)
        if kept:
            await self._checkpoints.flush()
        else:
            await self._checkpoints.settle()
        self._last = None
        self._forget(kept)
        points = {tp: self._guard.next[tp] for tp in kept}
        safe = {tp: self._checkpoints.safe[tp] for tp in kept}
        loaded = await self._load(target.partitions - kept)
        self._guard.start(points | loaded)
        self.waiting.start()
        self._checkpoints.safe = safe | loaded
        self._checkpoints.generation = target.generation
        # Faust forgot what it had not yet committed of the partitions that stay.
        self._app.consumer.done(target.generation, safe)
        self._stage.statistics.kept += len(kept)

    def _forget(self, kept: frozenset[TP]) -> None:
        if not kept:
            self._checkpoints.discard()
            self._stage.clear()
            self.repair.retain(set())
            return
        staying = {tp.partition for tp in kept}
        for partition in sorted({tp.partition for tp in self._guard.next} - staying):
            self._stage.drop(partition)
        self.repair.retain(staying)

    async def _load(self, partitions: frozenset[TP]) -> dict[TP, int]:
        began = monotonic()
        identities = asyncio.ensure_future(self._app.check_identities())
        points: dict[TP, int] = {}
        parts: list[LedgerPartition] = []
        if partitions:
            async with reader(self._app.connection, self._app.conf.id) as client:
                points = await starting_points(client, partitions)
                if self._stage.ledger:
                    numbers = sorted({tp.partition for tp in partitions})
                    parts = [LedgerPartition(self._stage.ledger, n) for n in numbers]
                    await read_ledger(client, parts)
        await identities
        by_number = {tp.partition: at for tp, at in points.items()}
        for part in parts:
            await self._restore(part, by_number[part.source.partition])
            await self.repair.loaded(part)
        await self._stage.on_load(frozenset(tp.partition for tp in partitions))
        statistics = self._stage.statistics
        statistics.loads += 1
        statistics.load_seconds += monotonic() - began
        statistics.loaded_records += sum(part.records for part in parts)
        return points

    async def _restore(self, part: LedgerPartition, following: int) -> None:
        stage, partition = self._stage, part.source.partition
        replayed = records.version(stage.epoch, following)
        beyond = records.version(stage.epoch + 1, 0)
        for count, (key, value) in enumerate(part.values.items()):
            version, state = decode_state(value)
            if version >= beyond:
                raise EngineFault(
                    f"{part.source.topic} holds state of a later epoch than {stage.epoch}, which "
                    f"this worker is set to: set it to the present one (SALESPULSE_EPOCH)."
                )
            if state is not None or version >= replayed or stage.needs_gone(key):
                stage.restore(partition, key, version, state)
            if count % KEYS_PER_TURN == 0:
                await asyncio.sleep(0)
