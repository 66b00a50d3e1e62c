"""Reads the requests of the stages and answers them in batches."""

import asyncio
import logging

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from streams.corrections.store import Store
from streams.corrections.stored import Stored
from streams.records import HistoryRequest, RecomputeRow, offset_of, pack
from streams.topics import InternalTopics

_LOG = logging.getLogger(__name__)
_RECOMPUTE = msgspec.msgpack.Decoder(list[RecomputeRow])
_HISTORY = msgspec.msgpack.Decoder(HistoryRequest)

#: Requests are gathered for this long, so that a bulk import costs few statements.
_GATHER_MS = 500
_MOST_RECORDS = 500
_CUSTOMERS_PER_QUERY = 200
#: ClickHouse may be away this long before the group takes the partitions.
_LONGEST_BUSY_MS = 24 * 3_600_000

#: Records by partition, as aiokafka gives them.
Batch = dict[TopicPartition, list[ConsumerRecord]]


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
        self.recomputed = 0
        self.refolded = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set; a failure of Kafka or ClickHouse is raised."""
        consumer = AIOKafkaConsumer(
            self._internal.recompute,
            self._internal.history,
            bootstrap_servers=self._brokers,
            group_id=self._group,
            group_instance_id=self._instance,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_interval_ms=_LONGEST_BUSY_MS,
        )
        producer = AIOKafkaProducer(
            bootstrap_servers=self._brokers,
            acks="all",
            compression_type="zstd",
            max_request_size=16 << 20,
        )
        await self._stored.start()
        await producer.start()
        await consumer.start()
        try:
            while not stop.is_set():
                batch = await consumer.getmany(timeout_ms=_GATHER_MS, max_records=_MOST_RECORDS)
                if batch:
                    await self._answer(batch, producer)
                    await _commit(consumer)
        finally:
            await consumer.stop()
            await producer.stop()
            await self._stored.stop()

    async def _answer(self, batch: Batch, producer: AIOKafkaProducer) -> None:
        panes: dict[tuple[str, int], int] = {}
        customers: dict[str, HistoryRequest] = {}
        for place, records in batch.items():
            for record in records:
                if place.topic == self._internal.recompute:
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
        await self._store.recompute(rows)
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


async def _commit(consumer: AIOKafkaConsumer) -> None:
    """Commits what was read; where partitions went elsewhere meanwhile, their requests are answered twice."""
    try:
        await consumer.commit()
    except (CommitFailedError, IllegalStateError) as fault:
        _LOG.warning("the group changed before a commit; its requests come again: %s", fault)
