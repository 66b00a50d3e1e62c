"""Keys of the ledger whose last record is not their highest get their highest written again.

A frozen worker that wakes up writes what it had in hand: harmless for whoever reads by version,
but compaction keeps the last record of a key. So the owner looks when it loads a partition, and
once more when every former owner must have noticed that it is none.
"""

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING

from aiokafka.errors import KafkaError

from streams.engine.checkpoints import Checkpoints
from streams.engine.delivery import write_values
from streams.engine.ledger import LedgerPartition, read_ledger, reader

if TYPE_CHECKING:
    from streams.engine.application import EngineApp
    from streams.engine.stage import Stage

_LOG = logging.getLogger(__name__)


class Repair:
    """Looks after the ledger partitions that the stage owns."""

    def __init__(self, stage: "Stage", app: "EngineApp", checkpoints: Checkpoints) -> None:
        self._stage, self._app, self._checkpoints = stage, app, checkpoints
        self._due: dict[int, tuple[float, LedgerPartition]] = {}

    def retain(self, partitions: set[int]) -> None:
        """Forgets about all other partitions."""
        self._due = {p: due for p, due in self._due.items() if p in partitions}

    async def loaded(self, part: LedgerPartition) -> None:
        """Repairs a partition just read, before anything new is written to it."""
        await self._rewrite(part)
        part.forget_values()
        due = monotonic() + self._stage.repair_seconds
        self._due[part.source.partition] = (due, part)

    async def keep(self) -> None:
        """Looks again, for ever, at partitions whose time has come."""
        while True:
            await asyncio.sleep(min(1.0, self._stage.repair_seconds / 4))
            for partition, (due, part) in list(self._due.items()):
                if monotonic() >= due and self._is_due(partition, part):
                    try:
                        await self._look_again(part)
                    except KafkaError as fault:  # what was read and written may be so twice
                        _LOG.warning("looks through %s again later: %r", part.source, fault)
                    else:
                        if self._is_due(partition, part):
                            del self._due[partition]

    def _is_due(self, partition: int, part: LedgerPartition) -> bool:
        """Whether it is still to be looked at; it may have gone, or been loaded anew, meanwhile."""
        return partition in self._due and self._due[partition][1] is part

    async def _look_again(self, part: LedgerPartition) -> None:
        async with reader(self._app.connection) as client:
            await read_ledger(client, [part])
            missing = part.stale - part.values.keys()
            if missing:  # their highest was written before the load: fetch it once more
                whole = LedgerPartition(*part.source)
                await read_ledger(client, [whole])
                part.values |= {key: whole.values[key] for key in missing}

            async def finish() -> None:
                await read_ledger(client, [part])
                await self._rewrite(part)

            if part.stale:
                await self._checkpoints.alone(finish)

    async def _rewrite(self, part: LedgerPartition) -> None:
        stale = sorted(key for key in part.stale if key in part.values)
        if not stale or self._stage.ledger is None:
            return
        rows = [(key, part.values[key]) for key in stale]
        await write_values(self._app.producer, self._stage.ledger, {part.source.partition: rows})
        self._stage.statistics.repaired += len(rows)
        part.stale.difference_update(stale)
