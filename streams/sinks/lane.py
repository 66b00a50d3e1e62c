"""Rows on their way to ClickHouse: some wait while those before them are being written."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition

from streams.sinks.batch import Batch

_FLUSH_ROWS = 100_000
_FLUSH_BYTES = 48 << 20
#: After a batch of so many rows the next may gather for so many times longer: every batch makes parts of ten
#: tables, which ClickHouse then merges again and again. A second of 500 events/s brings a quarter of them.
_MANY_ROWS = 10_000
LONGER = 8.0


@dataclass(slots=True)
class Gathered:
    """Rows that wait, and up to where they bring us."""

    batch: Batch = field(default_factory=Batch)
    ends: dict[TopicPartition, int] = field(default_factory=dict)
    began: float = 0.0
    noted: float = 0.0  #: when the last came
    read_bytes: int = 0

    @property
    def full(self) -> bool:
        """Whether no more is to be put to them."""
        return self.batch.taken >= _FLUSH_ROWS or self.read_bytes >= _FLUSH_BYTES

    @property
    def many(self) -> bool:
        """Whether they are more than come in the usual time while nothing waits."""
        return self.full or self.batch.taken >= _MANY_ROWS

    def note(self, place: TopicPartition, offset: int, size: int) -> None:
        """Says that a record of so many bytes has been put in, or held nothing."""
        self.noted = time.monotonic()
        if not self.ends:
            self.began = self.noted
        self.ends[place] = offset + 1
        self.read_bytes += size


class Lane:
    """Gathers rows for some time, then hands them over; one batch is written while the next is gathered."""

    def __init__(self, store: Callable[[Gathered], Coroutine[Any, Any, None]], gathers_s: float) -> None:
        """`gathers_s`: how long the first row of a batch waits for others, s."""
        self._store = store
        self._gathers_s = gathers_s
        self._longest_s = gathers_s  #: of what is gathered now
        self._writing: asyncio.Task[None] | None = None
        self.gathered = Gathered()

    @property
    def writing(self) -> set["asyncio.Task[None]"]:
        """The batch that is being written, if one is."""
        return {self._writing} if self._writing is not None else set()

    @property
    def blocked(self) -> bool:
        """Whether a full batch waits for the one before it."""
        return self.gathered.full and self._writing is not None

    def hand_over(self) -> Gathered | None:
        """Begins to write what is due, and returns it; raises the fault of the batch before."""
        if self._writing is not None:
            if not self._writing.done():
                return None
            self._writing.result()  # a fault of the program or of Kafka ends the process
            self._writing = None
        gathered = self.gathered
        if not (gathered.full or self._waited(gathered)):
            return None
        self.gathered = Gathered()
        self._longest_s = self._gathers_s * (LONGER if gathered.many else 1.0)
        self._writing = asyncio.create_task(self._store(gathered))
        return gathered

    def _waited(self, gathered: Gathered) -> bool:
        """Whether it is time: the longer wait ends as soon as nothing more comes."""
        if not gathered.ends:
            return False
        now = time.monotonic()
        return now - gathered.began >= self._longest_s or now - gathered.noted >= self._gathers_s

    async def finish(self) -> None:
        """Writes what is at hand."""
        if self._writing is not None:
            await self._writing
            self._writing = None
        if self.gathered.ends:
            await self._store(self.gathered)

    async def cancel(self) -> None:
        """Leaves what is being written; it is read again after the next start."""
        for task in self.writing:
            task.cancel()
            await asyncio.wait({task})
