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


def carried_on(value: bytes, cut: Cut, restamp: Restamp) -> bytes | None:
    """The record of an epoch for the same partition of another one, from `cut` on; None if nothing is left.

    What a stage told itself (history, what is handed over) the other epoch's stages tell themselves.
    """
    content = _EVENTS.decode(value)
    if not isinstance(content, EventsRecord):
        return None
    rows = [row for row in content.rows if row.offset >= cut.get((row.topic, row.partition), 0)]
    if not rows:
        return None
    told = [restamp(row, content.config) for row in rows]
    return pack(EventsRecord(told[0][1], [row for row, _ in told]))


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
