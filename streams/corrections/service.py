"""Reads the requests of the stages and answers them in batches."""

import asyncio
import contextlib
import logging
import time

import msgspec
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition

from streams.corrections.store import Store
from streams.corrections.stored import Stored
from streams.records import HistoryRequest, RecomputeRow, offset_of, pack
from streams.sinks.feed import Feed, Use
from streams.sinks.leaving import leave
from streams.topics import InternalTopics

_LOG = logging.getLogger(__name__)
_RECOMPUTE = msgspec.msgpack.Decoder(list[RecomputeRow])
_HISTORY = msgspec.msgpack.Decoder(HistoryRequest)

#: Requests are gathered for this long, so that a bulk import costs few statements.
_GATHER_MS = 500
_MOST_RECORDS = 500
#: Counting minutes anew takes up at most this share of the time: one statement of 127 counters costs much the
#: same for a minute and for hundreds, and out of a backlog there are some every second. A wait is limited, s.
_SHARE = 0.2
_LONGEST_WAIT_S = 5.0
_CUSTOMERS_PER_QUERY = 200
_ANSWERED = Use(
    done="answered",
    missed="minutes and journeys that they asked for stay as they were, without what came late",
    mended="then run `salespulse rebuild`: it counts everything anew",
)


class Corrections:
    """Answers requests for as long as it runs. Everything it does may be done twice."""

    name = "corrections"

    def __init__(
        self,
        brokers: str,
        internal: InternalTopics,
        partitions: int,
        store: Store,
        *,
        group: str,
        sink_group: str,
        instance: str | None = None,
    ) -> None:
        """`instance`: name under which a restarted process gets its partitions back at once."""
        self._instance = instance
        self._group = group
        self._brokers = brokers
        self._internal = internal
        self._partitions = list(range(partitions))
        self._store = store
        self._stored = Stored(brokers, sink_group)
        self._rests_until = 0.0
        self.recomputed = 0
        self.refolded = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set; a failure of Kafka or ClickHouse is raised.

        So is `RecordsDeleted`, when requests were deleted before they were answered.
        """
        topics = (self._internal.recompute, self._internal.history)
        feed = Feed(self._brokers, self._group, topics, instance=self._instance, needed=topics, use=_ANSWERED)
        producer = AIOKafkaProducer(
            bootstrap_servers=self._brokers,
            acks="all",
            compression_type="zstd",
            max_request_size=16 << 20,
        )
        await self._stored.start()
        await producer.start()
        await feed.start()
        try:
            while not stop.is_set():
                await self._rest(stop)
                records = await feed.poll(_GATHER_MS, _MOST_RECORDS)
                if records:
                    await self._answer(records, producer)
                    # Where partitions went elsewhere meanwhile, their requests are answered twice.
                    await feed.commit(
                        {TopicPartition(known.topic, known.partition): known.offset + 1 for known in records}
                    )
        finally:
            await leave(feed.stop(), producer.stop(), self._stored.stop())

    async def _rest(self, stop: asyncio.Event) -> None:
        """Waits as long as the last statement asks for, or until `stop` is set."""
        if (pause := self._rests_until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await stop.wait()

    async def _answer(self, records: list[ConsumerRecord], producer: AIOKafkaProducer) -> None:
        panes: dict[tuple[str, int], int] = {}
        customers: dict[str, HistoryRequest] = {}
        for record in records:
            if record.topic == self._internal.recompute:
                for row in _RECOMPUTE.decode(record.value):
                    key = (row.subject, row.minute)
                    panes[key] = max(panes.get(key, 0), row.version)
            else:
                request = _HISTORY.decode(record.value)
                last = customers.get(request.customer)
                if last is None or last.version < request.version:
                    customers[request.customer] = request
        await self._wait_for_the_sink(list(customers.values()))
        if panes:
            await self._recompute(panes)
        if customers:
            await self._refold(customers, producer)

    async def _wait_for_the_sink(self, requests: list[HistoryRequest]) -> None:
        wanted = await self._stored.ends(self._internal.records, self._partitions)
        for request in requests:
            place = TopicPartition(self._internal.events, request.partition)
            after = offset_of(request.version) + 1
            wanted[place] = max(wanted.get(place, 0), after)
        await self._stored.wait(wanted)

    async def _recompute(self, panes: dict[tuple[str, int], int]) -> None:
        rows = [(subject, minute, version) for (subject, minute), version in sorted(panes.items())]
        began = time.monotonic()
        await self._store.recompute(rows)
        ended = time.monotonic()
        self._rests_until = ended + min(_LONGEST_WAIT_S, (ended - began) * (1 / _SHARE - 1))
        self.recomputed += len(rows)
        _LOG.info("recomputed %d panes older than the horizon", len(rows))

    async def _refold(self, customers: dict[str, HistoryRequest], producer: AIOKafkaProducer) -> None:
        names = sorted(customers)
        for start in range(0, len(names), _CUSTOMERS_PER_QUERY):
            chunk = names[start : start + _CUSTOMERS_PER_QUERY]
            found = await self._store.history(chunk)
            sent = []
            for name in chunk:
                request = customers[name]
                record = msgspec.structs.replace(found[name], request=request.version)
                sent.append(
                    await producer.send(self._internal.events, pack(record), partition=request.partition)
                )
            await asyncio.gather(*sent)
        self.refolded += len(names)
        _LOG.info("sent the stored history of %d customers back to be folded again", len(names))
