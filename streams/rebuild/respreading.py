"""Accepted events as records of another epoch's topic `events`. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from streams.journey import partitions_of
from streams.rebuild.resolving import Restamp
from streams.records import EventRow, EventsRecord, ForwardRecord, HistoryRecord, TellsRecord, pack

_EVENTS: msgspec.msgpack.Decoder[EventsRecord | HistoryRecord | ForwardRecord | TellsRecord] = (
    msgspec.msgpack.Decoder(EventsRecord | HistoryRecord | ForwardRecord | TellsRecord)
)
#: A record is closed when it has so many bytes or rows; a row has about 64 KiB at most.
_RECORD_BYTES = 1 << 20
_RECORD_ROWS = 1000

#: By raw topic (its index) and partition: the offset below which events are taken from the table, and from
#: which on from the topic. So each comes once, and in the order of its raw partition: an event lies in
#: several partitions of the topic, which come by different ways into the table at different times.
Cut = Mapping[tuple[int, int], int]
#: Partition and value of a record.
Placed = tuple[int, bytes]


def spread(told: Iterable[tuple[EventRow, str]], partitions: int, restamp: Restamp) -> list[Placed]:
    """Records with these events, each given with the version it was stamped with.

    In every partition they keep their order: of a raw partition that of its offsets, or folds would take
    the later ones for repetitions.
    """
    gathered = _Gathered()
    for row, config in told:
        again, stamp = restamp(row, config)
        for partition in partitions_of(again.event, partitions):
            gathered.add(partition, again, stamp)
    return gathered.records()


def carried_on(value: bytes, partition: int, partitions: int, cut: Cut, restamp: Restamp) -> list[Placed]:
    """The record of an epoch's partition for another epoch with as many of them, from `cut` on.

    Its rows stay in their partition, but for statuses of a manager who is somebody else there: of the
    partitions in which those lie the first brings them to where they belong.

    What a stage told itself (history, what is handed over) the other epoch's stages tell themselves.
    """
    content = _EVENTS.decode(value)
    if not isinstance(content, EventsRecord):
        return []
    gathered = _Gathered()
    for row in content.rows:
        if row.offset >= cut.get((row.topic, row.partition), 0):
            again, stamp = restamp(row, content.config)
            for place in _places(row, again, partition, partitions):
                gathered.add(place, again, stamp)
    return gathered.records()


def _places(row: EventRow, again: EventRow, partition: int, partitions: int) -> list[int]:
    """Where a row that lies in this partition is to be put when it is told again."""
    if again is row or row.event.customer:
        return [partition]
    before, after = (partitions_of(one.event, partitions) for one in (row, again))
    if before == after:
        return [partition]
    return after if partition == before[0] else []


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
