"""The task that carries records from Kafka to ClickHouse: gathers, writes, then commits.

One batch is being written while the next is gathered; when that is full too, reading stops. So memory
stays bounded however long ClickHouse is away, and offsets are committed only after their rows are stored.
"""

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord, TopicPartition

from streams.readiness import tell_ready
from streams.sinks import metrics
from streams.sinks.batch import Batch
from streams.sinks.clickhouse import ClickHouse
from streams.sinks.decoding import Decoding
from streams.sinks.feed import Feed
from streams.topics import SINK_GROUP

_LOG = logging.getLogger(__name__)

#: After a start so much of the log before the committed offsets is read again.
REREAD_MS = 10 * 60_000

_FLUSH_S = 0.2
_FLUSH_ROWS = 20_000
_FLUSH_BYTES = 16 << 20
_POLL_MS = 50
_RECORDS_PER_POLL = 200
#: For so long after a batch was full, more are taken to be waiting.
_BEHIND_S = 3.0
#: On the way out the last batch may take this long; what is not stored by then is read again.
_LAST_WRITE_S = 2.5


@dataclass(slots=True)
class _Gathered:
    """Rows that wait, and up to where they bring us."""

    batch: Batch = field(default_factory=Batch)
    ends: dict[TopicPartition, int] = field(default_factory=dict)
    began: float = 0.0
    read_bytes: int = 0

    @property
    def full(self) -> bool:
        return self.batch.taken >= _FLUSH_ROWS or self.read_bytes >= _FLUSH_BYTES

    def due(self, now: float) -> bool:
        return self.full or (bool(self.ends) and now - self.began >= _FLUSH_S)


class ClickHouseService:
    """Stores what the pipeline says, until told to stop."""

    name = "clickhouse"

    def __init__(
        self,
        brokers: str,
        clickhouse: ClickHouse,
        decoding: Decoding,
        *,
        group: str = SINK_GROUP,
        instance: str | None = None,
        reread_ms: int = REREAD_MS,
    ) -> None:
        """`instance`: name under which a restarted process gets its partitions back at once."""
        self._decoding = decoding
        read = self._decoding.topics
        needed = set(read) - self._decoding.passing
        self._feed = Feed(brokers, group, read, reread_ms, instance, needed=needed)
        self._clickhouse = clickhouse
        self._read: deque[ConsumerRecord] = deque()
        self._gathered = _Gathered()
        self._writing: asyncio.Task[None] | None = None
        self._last_full = -_BEHIND_S

    @property
    def behind(self) -> bool:
        """Whether more waits to be stored than one batch takes; may be asked from other threads."""
        return time.monotonic() - self._last_full < _BEHIND_S

    def position(self, topic: str, partition: int) -> int:
        """Offset up to which this process has stored a partition that it has; else 0."""
        return self._feed.position(topic, partition)

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set, then stores what is at hand if that is quick."""
        try:
            await self._feed.start()
            tell_ready()
            while not stop.is_set():
                await self._turn()
            await self._finish()
        finally:
            await self._leave()

    async def _turn(self) -> None:
        """Gathers a little, and hands over when it is time and the last batch is stored."""
        if self._gathered.full and self._writing is not None:
            await asyncio.wait({self._writing}, timeout=_FLUSH_S)
        else:
            if not self._read:
                self._read.extend(await self._feed.poll(_POLL_MS, _RECORDS_PER_POLL))
            # One record can hold thousands of rows: only so many are unpacked at a time.
            while self._read and not self._gathered.full:
                self._take(self._read.popleft())
        if self._writing is not None and self._writing.done():
            self._writing.result()  # a fault of the program or of Kafka ends the process
            self._writing = None
        if self._writing is None and self._gathered.due(time.monotonic()):
            gathered, self._gathered = self._gathered, _Gathered()
            if gathered.full:
                self._last_full = time.monotonic()
            self._writing = asyncio.create_task(self._store(gathered))

    def _take(self, record: ConsumerRecord) -> None:
        gathered = self._gathered
        if not gathered.ends:
            gathered.began = time.monotonic()
        fault = self._decoding.put(record, gathered.batch)
        if fault is not None:
            metrics.UNUSABLE.labels(record.topic).inc()
            where = f"{record.topic}/{record.partition}/{record.offset}"
            _LOG.error("record %s cannot be used and became a dead letter: %r", where, fault)
        gathered.ends[TopicPartition(record.topic, record.partition)] = record.offset + 1
        gathered.read_bytes += len(record.value or b"")

    async def _store(self, gathered: _Gathered) -> None:
        await self._clickhouse.write(gathered.batch)
        await self._feed.commit(gathered.ends)
        for topic, behind in self._feed.lag().items():
            metrics.LAG.labels(topic).set(behind)

    async def _finish(self) -> None:
        try:
            async with asyncio.timeout(_LAST_WRITE_S):
                if self._writing is not None:
                    await self._writing
                    self._writing = None
                if self._gathered.ends:
                    await self._store(self._gathered)
        except TimeoutError:
            _LOG.warning("stopped before the last rows were stored; they are read again")

    async def _leave(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing})
        await self._feed.stop()
        await self._clickhouse.close()
