"""Accepted events as records of another epoch's topic `events`. Pure."""

from collections.abc import Iterable

import msgspec

from streams.journey import keys_of, partitions_of
from streams.rebuild.resolving import Restamp
from streams.records import EventRow, EventsRecord, ForwardRecord, HistoryRecord, pack
from streams.topics import partition_of

_EVENTS: msgspec.msgpack.Decoder[EventsRecord | HistoryRecord | ForwardRecord] = msgspec.msgpack.Decoder(
    EventsRecord | HistoryRecord | ForwardRecord
)
#: A record is closed when it has so many bytes or rows; a row has about 64 KiB at most.
_RECORD_BYTES = 1 << 20
_RECORD_ROWS = 1000

#: Partition and value of a record.
Placed = tuple[int, bytes]


def spread(told: Iterable[tuple[EventRow, str]], partitions: int, restamp: Restamp) -> list[Placed]:
    """Records with these events, each given with the version it was stamped with.

    In every partition they keep their order.
    """
    gathered = _Gathered()
    for row, config in told:
        again, stamp = restamp(row, config)
        for partition in partitions_of(again.event, partitions):
            gathered.add(partition, again, stamp)
    return gathered.records()


def forwarded(value: bytes, source: int, partitions: tuple[int, int], restamp: Restamp) -> list[Placed]:
    """The same for a record of partition `source` of an epoch; `partitions` of that and of the other one.

    An event lies in several partitions for its several keys: each gives what is of the keys that lie in
    it. What a stage told itself there (history, what is handed over) the other epoch's stages tell themselves.
    """
    content = _EVENTS.decode(value)
    if not isinstance(content, EventsRecord):
        return []
    before, after = partitions
    gathered = _Gathered()
    for row in content.rows:
        again, stamp = restamp(row, content.config)
        here = [key for key in keys_of(again.event) if partition_of(key, before) == source]
        for partition in sorted({partition_of(key, after) for key in here}):
            gathered.add(partition, again, stamp)
    return gathered.records()


class _Gathered:
    """Rows by partition, cut into records: a record has one stamp."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[str, list[EventRow]]] = {}
        self._bytes: dict[int, int] = {}
        self._closed: list[Placed] = []

    def add(self, partition: int, row: EventRow, config: str) -> None:
        stamp, rows = self._open.get(partition, (config, []))
        size = self._bytes.get(partition, 0)
        if rows and (stamp != config or size > _RECORD_BYTES or len(rows) >= _RECORD_ROWS):
            self._close(partition)
            rows, size = [], 0
        rows.append(row)
        self._open[partition] = (config, rows)
        self._bytes[partition] = size + len(pack(row))

    def records(self) -> list[Placed]:
        for partition in sorted(self._open):
            self._close(partition)
        return self._closed

    def _close(self, partition: int) -> None:
        stamp, rows = self._open.pop(partition)
        self._bytes.pop(partition)
        self._closed.append((partition, pack(EventsRecord(stamp, rows))))
