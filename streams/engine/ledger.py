"""The ledger: a compacted topic that holds a stage's state, one record per key and checkpoint.

A record's value is msgpack `[version, state]`; `state` is opaque bytes, or nil for a key that was
forgotten. Partition n belongs to input partition n. Whatever the order in which records stand in
it, a frozen worker's late ones included, the highest version of a key is its truth.

Compaction, however, keeps the record written last. A key whose last record is not its highest is
*stale*, and its highest is written again (`LedgerPartition.stale`, `streams.engine.repair`).
"""

from collections.abc import Callable, Iterable
from time import monotonic

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from faust.types import TP

from streams.engine.connection import Connection
from streams.engine.faults import EngineFault
from streams.engine.offsets import check_whole

_encode = msgspec.msgpack.Encoder().encode
_read_version = msgspec.msgpack.Decoder(tuple[int, msgspec.Raw]).decode
_read_state = msgspec.msgpack.Decoder(tuple[int, bytes | None]).decode

#: A ledger that gives nothing for this long while it should is unreadable, s.
STALL_SECONDS = 60.0


def encode_state(version: int, state: bytes | None) -> bytes:
    """Value of a ledger record."""
    return _encode((version, state))


def decode_state(value: bytes) -> tuple[int, bytes | None]:
    """Version and state of a ledger record's value."""
    return _read_state(value)


class LedgerPartition:
    """What is known of one partition of a ledger from the records read so far."""

    def __init__(self, topic: str, partition: int) -> None:
        self.source = TopicPartition(topic, partition)
        self.read_to = 0  #: next offset to read
        self.records = 0
        self.versions: dict[bytes, int] = {}  #: highest version by key
        self.values: dict[bytes, bytes] = {}  #: its record's value, see `forget_values`
        self.stale: set[bytes] = set()  #: keys whose last record is not their highest

    def add(self, key: bytes, value: bytes) -> None:
        """Takes in the next record of the partition."""
        version = _read_version(value)[0]
        known = self.versions.get(key)
        if known is not None and version < known:
            self.stale.add(key)
            return
        self.stale.discard(key)
        self.versions[key] = version
        self.values[key] = value

    def bury(self, key: bytes) -> None:
        """Takes in the record that leaves nothing of a key."""
        self.versions.pop(key, None)
        self.values.pop(key, None)
        self.stale.discard(key)

    def forget_values(self) -> None:
        """Keeps only versions: enough to notice stale keys later."""
        self.values = {}


async def read_ledger(client: AIOKafkaConsumer, parts: Iterable[LedgerPartition]) -> None:
    """Reads on, from where each was read to, up to the end that the topic has now.

    Raises `EngineFault` when records of it were deleted.
    """
    by_source = {part.source: part for part in parts}
    for source, begin in (await client.beginning_offsets(list(by_source))).items():
        check_whole(TP(*source), begin)

    def add(source: TopicPartition, key: bytes | None, value: bytes | None) -> None:
        part = by_source[source]
        part.records += 1
        if key is None:
            raise EngineFault(f"{source.topic} holds a record without a key: it is no ledger")
        if value is None:
            part.bury(key)
        else:
            part.add(key, value)

    reached = await read_log(client, {s: p.read_to for s, p in by_source.items()}, add)
    for source, part in by_source.items():
        part.read_to = reached[source]


async def read_log(
    client: AIOKafkaConsumer,
    sources: dict[TopicPartition, int],
    each: Callable[[TopicPartition, bytes | None, bytes | None], None],
) -> dict[TopicPartition, int]:
    """Calls `each` for every record from the given offsets to the present end; returns the ends.

    An offset that retention or compaction has passed means the first one that is left.
    """
    if not sources:
        return {}
    starts = await client.beginning_offsets(list(sources))
    ends: dict[TopicPartition, int] = await client.end_offsets(list(sources))
    client.assign(list(sources))
    left = set()
    for source, begin in sources.items():
        if max(begin, starts[source]) < ends[source]:
            client.seek(source, max(begin, starts[source]))
            left.add(source)
        else:
            client.pause(source)
    progress = monotonic()
    while left:
        for source, records in (await client.getmany(timeout_ms=200, max_records=4000)).items():
            progress = monotonic()
            for record in records:
                each(source, record.key, record.value)
        for source in list(left):
            if await client.position(source) >= ends[source]:
                left.discard(source)
                client.pause(source)
        if left and monotonic() - progress > STALL_SECONDS:
            raise EngineFault(f"no answer for {STALL_SECONDS:g} s while reading {sorted(left)}")
    return ends


def reader(connection: Connection, group: str | None = None) -> AIOKafkaConsumer:
    """A consumer apart from Faust's, to be started and stopped by the caller.

    With `group` it can read that group's committed offsets; it never joins it.
    """
    return AIOKafkaConsumer(
        **connection.aiokafka(),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 << 20,
        fetch_max_wait_ms=50,
    )
