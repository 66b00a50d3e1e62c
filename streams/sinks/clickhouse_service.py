"""The task that carries records from Kafka to ClickHouse: gathers, writes, then commits.

There are two lanes, for what people wait for and for the rest. In each, one batch is being written while the
next is gathered; when that is full too, reading stops. So memory stays bounded however long ClickHouse is
away, and offsets are committed only after their rows are stored.
"""

import asyncio
import logging
import time
from collections import deque

from aiokafka import ConsumerRecord, TopicPartition

from streams.readiness import tell_ready
from streams.sinks import metrics
from streams.sinks.clickhouse import ClickHouse
from streams.sinks.decoding import Decoding
from streams.sinks.feed import Feed
from streams.sinks.lane import LONGER, Gathered, Lane
from streams.topics import SINK_GROUP

_LOG = logging.getLogger(__name__)

#: After a start so much of the log before the committed offsets is read again.
REREAD_MS = 10 * 60_000

#: What people look at while it happens (live values, alerts) is written this often, s; all else, of which an
#: insert costs ClickHouse several times as much, less often.
_LIVE_S = 0.2
_REST_S = 1.0
_POLL_MS = 50
_RECORDS_PER_POLL = 200
_BLOCKED_S = 0.2
#: For so long after a batch of many rows, more are taken to be waiting: longer than the next may gather.
_BEHIND_S = LONGER * _REST_S + 2.0
#: On the way out the last batch may take this long; what is not stored by then is read again.
_LAST_WRITE_S = 2.5


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
        self._live, self._rest = Lane(self._store, _LIVE_S), Lane(self._store, _REST_S)
        self._last_many = -_BEHIND_S

    @property
    def behind(self) -> bool:
        """Whether rows come in such numbers that more are waiting; may be asked from other threads."""
        return time.monotonic() - self._last_many < _BEHIND_S

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

    @property
    def _lanes(self) -> tuple[Lane, Lane]:
        return self._live, self._rest

    async def _turn(self) -> None:
        """Gathers a little, and hands over what is due where the last batch is stored."""
        blocked = [lane for lane in self._lanes if lane.blocked]
        if blocked:
            writing = set().union(*(lane.writing for lane in blocked))
            await asyncio.wait(writing, timeout=_BLOCKED_S, return_when=asyncio.FIRST_COMPLETED)
        else:
            if not self._read:
                self._read.extend(await self._feed.poll(_POLL_MS, _RECORDS_PER_POLL))
            # One record can hold thousands of rows: only so many are unpacked at a time.
            while self._read and not any(lane.gathered.full for lane in self._lanes):
                self._take(self._read.popleft())
        for lane in self._lanes:
            handed = lane.hand_over()
            if handed is not None and handed.many:
                self._last_many = time.monotonic()

    def _take(self, record: ConsumerRecord) -> None:
        lane = self._live if record.topic in self._decoding.live else self._rest
        fault = self._decoding.put(record, lane.gathered.batch)
        if fault is not None:
            metrics.UNUSABLE.labels(record.topic).inc()
            where = f"{record.topic}/{record.partition}/{record.offset}"
            _LOG.error("record %s cannot be used and became a dead letter: %r", where, fault)
        place = TopicPartition(record.topic, record.partition)
        lane.gathered.note(place, record.offset, len(record.value or b""))

    async def _store(self, gathered: Gathered) -> None:
        await self._clickhouse.write(gathered.batch)
        await self._feed.commit(gathered.ends)
        for topic, behind in self._feed.lag().items():
            metrics.LAG.labels(topic).set(behind)

    async def _finish(self) -> None:
        try:
            async with asyncio.timeout(_LAST_WRITE_S):
                for lane in self._lanes:
                    await lane.finish()
        except TimeoutError:
            _LOG.warning("stopped before the last rows were stored; they are read again")

    async def _leave(self) -> None:
        for lane in self._lanes:
            await lane.cancel()
        await self._feed.stop()
        await self._clickhouse.close()
