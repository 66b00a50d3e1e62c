"""Reads topics for a consumer group whose offsets move only when the caller says so.

Nothing here knows what the records are for. After a start the last minutes before the committed
offsets are read once more: whoever stores may have lost what it had acknowledged last (a power cut).

While the caller is busy it does not poll; what is fetched meanwhile is bounded by the consumer's own
buffers, and the membership of the group is kept up in the background.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from streams.assignment import divide_out_whole_topics
from streams.clock import now_ms
from streams.sinks.leaving import leave
from streams.topics import ALERTS, DEAD_LETTERS

divide_out_whole_topics()

_LOG = logging.getLogger(__name__)

#: A caller may be busy this long (ClickHouse away) before the group takes its partitions.
_LONGEST_BUSY_MS = 24 * 3_600_000
_FETCH_BYTES = 512 * 1024
_SESSION_MS = 15_000
#: Topics from whose heads people and retention delete what no group needs that comes to them later.
_TRIMMED = frozenset({ALERTS, DEAD_LETTERS})


class RecordsDeleted(Exception):
    """Records were deleted before they were read; the message says which, and what to do."""


class Use(NamedTuple):
    """What records are read for, as the message of `RecordsDeleted` says it."""

    done: str  #: what they were to be
    missed: str  #: what follows when they are not
    mended: str  #: what to do about it when the group has gone on


STORED = Use(
    done="stored",
    missed="what they held is missing in ClickHouse",
    mended="bring events that are missing in again with `salespulse import events`, then run `salespulse "
    "rebuild`: it counts everything anew",
)


class Feed(ConsumerRebalanceListener):  # type: ignore[misc]
    """The partitions of some topics that this member of the group has."""

    def __init__(
        self,
        brokers: str,
        group: str,
        topics: Iterable[str],
        reread_ms: int = 0,
        instance: str | None = None,
        first_ms: int | None = None,
        needed: Iterable[str] = (),
        use: Use = STORED,
    ) -> None:
        """`needed`: topics of which no record may be deleted unread: `poll` then raises `RecordsDeleted`.

        Of `dead-letters` and `alerts` the first may be gone when a group comes to them for the first time:
        `salespulse forget` deletes from them, and retention does.

        `use`: what they are needed for.

        `reread_ms`: so much log time before the committed offset is read again after a start.

        `first_ms`: a group that never was begins so long ago; without, at the beginning of the log.

        `instance`: a name that a restarted process comes back under, so that it gets its partitions
        at once; two live processes must not share it.
        """
        self._topics = list(topics)
        self._needed = frozenset(needed)
        self._use = use
        #: where reading goes on, by partition of a topic that is needed
        self._next: dict[TopicPartition, int] = {}
        self._reread_ms = reread_ms
        self._first_ms = first_ms
        self._brokers = brokers
        self._group = group
        self._instance = instance
        self._consumer: AIOKafkaConsumer = None
        self._stored: dict[TopicPartition, int] = {}
        self._new: set[TopicPartition] = set()
        self._rewinding: set[TopicPartition] = set()

    async def start(self) -> None:
        """Joins the group. Raises KafkaError while Kafka cannot be reached."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._brokers,
            group_id=self._group,
            group_instance_id=self._instance,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_interval_ms=_LONGEST_BUSY_MS,
            session_timeout_ms=_SESSION_MS,
            heartbeat_interval_ms=_SESSION_MS // 5,
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=50,
        )
        self._consumer.subscribe(self._topics, listener=self)
        await self._consumer.start()

    async def stop(self) -> None:
        """Leaves the group; returns within seconds, whatever the broker says."""
        if self._consumer is not None:
            await leave(self._consumer.stop())

    def position(self, topic: str, partition: int) -> int:
        """Offset up to which records are committed; 0 for a partition of another member."""
        return self._stored.get(TopicPartition(topic, partition), 0)

    def lag(self) -> dict[str, int]:
        """Records by topic that are on the log and not committed."""
        behind = dict.fromkeys(self._topics, 0)
        for place in self._consumer.assignment():
            end = self._consumer.highwater(place)
            if end is not None:
                behind[place.topic] += max(0, end - self._stored.get(place, 0))
        return behind

    async def poll(self, wait_ms: int, most: int) -> list[ConsumerRecord]:
        """Records in the order of each partition; empty when none came in `wait_ms`."""
        await self._begin_new()
        found = await self._consumer.getmany(timeout_ms=wait_ms, max_records=most)
        if self._new:
            return []  # the partitions changed meanwhile: those that stay come again
        if self._rewinding:
            found = await self._rewind(found)
        await self._check_nothing_deleted(found)
        return [record for records in found.values() for record in records]

    async def commit(self, ends: dict[TopicPartition, int], *, begun: bool = True) -> None:
        """Commits next offsets of partitions that are still ours; never moves one back."""
        mine = self._consumer.assignment() - (self._new if begun else set())
        wanted = {
            place: end for place, end in ends.items() if place in mine and end > self._stored.get(place, -1)
        }
        if not wanted:
            return
        try:
            await self._consumer.commit(wanted)
        except (CommitFailedError, IllegalStateError) as fault:
            _LOG.warning("the group changed before a commit; its records come again: %s", fault)
        else:
            self._stored.update(wanted)

    # -- partitions come and go

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Forgets what was known of them."""
        for place in revoked:
            self._stored.pop(place, None)
            self._next.pop(place, None)
            self._new.discard(place)
            self._rewinding.discard(place)

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Remembers to begin them, before the next records are taken."""
        self._new.update(assigned)

    async def _begin_new(self) -> None:
        """Puts the partitions that came where they have to go on, whatever was fetched of them before.

        Records that came with a change of partitions are dropped (see `poll`): the place to go on
        from must never be left to what the consumer has fetched by then.
        """
        if not self._new:
            return
        ends = await self._consumer.end_offsets(list(self._new))
        for place in sorted(self._new):
            committed = await self._consumer.committed(place)
            # A topic that was made anew ends before what was committed of the old one.
            if committed is not None and committed > ends.get(place, committed):
                committed = None
            if place.topic in self._needed and (committed is not None or place.topic not in _TRIMMED):
                # A group without a position never was, or Kafka has forgotten it: it needs all there was.
                await self._check_begin({place: committed or 0})
                self._next[place] = committed or 0
            start = committed
            if committed is None and self._first_ms is not None:
                start = await self._late_start(place, self._first_ms)
            self._begin(place, committed, start)
            self._new.discard(place)

    def _begin(self, place: TopicPartition, committed: int | None, start: int | None) -> None:
        if place not in self._consumer.assignment():
            return  # gone again
        if committed is not None:
            self._stored[place] = committed
        if committed and self._reread_ms:
            # With the record before it, to learn from when on to read again.
            self._consumer.seek(place, committed - 1)
            self._rewinding.add(place)
        else:
            self._consumer.seek(place, start or 0)

    async def _late_start(self, place: TopicPartition, first_ms: int) -> int:
        """Where a group begins that never was. It is committed at once: later starts go on from it."""
        found = (await self._consumer.offsets_for_times({place: now_ms() - first_ms})).get(place)
        start: int = found.offset if found else (await self._consumer.end_offsets([place]))[place]
        await self.commit({place: start}, begun=False)
        return start

    async def _rewind(
        self, found: dict[TopicPartition, list[ConsumerRecord]]
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Moves partitions whose last stored record is now known back by the time to read again."""
        times = {
            place: max(0, records[0].timestamp - self._reread_ms)
            for place, records in found.items()
            if place in self._rewinding and records
        }
        if not times:
            return found
        starts = await self._consumer.offsets_for_times(times)
        kept = dict(found)
        for place in times:
            start = starts.get(place)
            if place in self._consumer.assignment() and place in self._rewinding:
                first = found[place][0].offset
                self._consumer.seek(place, min(start.offset, first) if start else first)
                del kept[place]
            self._rewinding.discard(place)
        return kept

    # -- retention

    async def _check_nothing_deleted(self, found: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> None:
        """Raises `RecordsDeleted` when these records do not go on from the last ones for that reason."""
        read = {place: records for place, records in found.items() if records and place.topic in self._needed}
        jumps = {
            place: self._next[place]
            for place, records in read.items()
            if place in self._next and records[0].offset > self._next[place]
        }
        if jumps:  # compaction leaves holes too
            await self._check_begin(jumps)
        self._next.update({place: records[-1].offset + 1 for place, records in read.items()})

    async def _check_begin(self, wanted: Mapping[TopicPartition, int]) -> None:
        begins = await self._consumer.beginning_offsets(list(wanted))
        for place, offset in sorted(wanted.items()):
            if offset < begins[place]:
                raise RecordsDeleted(
                    f"{place.topic} partition {place.partition}: records {offset} to {begins[place] - 1} "
                    f"were deleted before they were {self._use.done}; {self._use.missed}. Raise the topic's "
                    f"retention, let the group go on from {begins[place]} with "
                    f"`kafka-consumer-groups --reset-offsets --group {self._group} --topic "
                    f"{place.topic}:{place.partition} --to-earliest --execute`, {self._use.mended}."
                )
