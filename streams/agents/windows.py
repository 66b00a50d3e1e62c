"""Third stage: changes of facts by subject -> minute panes, open items, rolling windows."""

from collections.abc import Awaitable, Callable, Iterable

import msgspec

from streams.agents.bundles import Bundles
from streams.agents.panes import (
    MINUTE,
    ItemKey,
    Meta,
    PaneKey,
    Partition,
    item_key,
    pane_key,
    parse_item_key,
)
from streams.engine import Batch, Record, Stage, StateRecord
from streams.kpis.measurements import KINDS
from streams.records import (
    ItemState,
    MeasurementRow,
    MeasurementsRecord,
    PaneState,
    RecomputeRow,
    pack,
)
from streams.topics import InternalTopics
from streams.windows.rolling import SubjectWindows

_RECORDS = msgspec.msgpack.Decoder(MeasurementsRecord)
_PANE = msgspec.msgpack.Decoder(PaneState)
_ITEM = msgspec.msgpack.Decoder(ItemState)
_META = msgspec.msgpack.Decoder(Meta)
_META_KEY = b"@"

_REQUESTS_PER_RECORD = 20_000

#: Local midnight (ms) at or before a moment (ms), for the clock that a subject lives by.
Midnight = Callable[[str], Callable[[int], int]]


class WindowsStage(Stage):
    """Counts each fact in the minute pane of each subject that it concerns.

    Panes older than the horizon are not held: their change is stored as a measurement by then, and
    the pane is recomputed from those in ClickHouse (`streams.corrections`).
    """

    name = "windows"
    interval = 0.1
    #: changes: an event makes some twenty, and a pane costs the less the more of them it has at once
    max_events = 200_000
    chunk_records = 4

    def __init__(
        self,
        *,
        internal: InternalTopics,
        midnight: Midnight,
    ) -> None:
        self.topics = (internal.measurements,)
        self.ledger = internal.panes
        self.epoch = internal.epoch
        self.internal = internal
        self._midnight = midnight
        #: whether what is let go is taken off the ledger; else that waits, see `streams.agents.pacing`
        self.buries = True
        #: called with partitions just loaded, before anything of them is folded
        self.when_loaded: Callable[[frozenset[int]], Awaitable[None]] | None = None
        super().__init__()

    # -- state

    def clear(self) -> None:
        self._partitions: dict[int, Partition] = {}
        self._loading: set[int] = set()
        #: by partition: keys that are let go of, and stand on the ledger still
        self._gone: dict[int, set[bytes]] = {}
        #: subjects of which something changed since whoever shows them last looked
        self.changed: set[str] = set()
        self._begin()

    def _begin(self) -> None:
        self._dirty: dict[int, _Dirty] = {}
        self._requests: Bundles[RecomputeRow] = Bundles(_REQUESTS_PER_RECORD)

    def drop(self, partition: int) -> None:
        self._partitions.pop(partition, None)
        self._loading.discard(partition)
        # Whoever loads the partition finds on its ledger what is to go.
        self._gone.pop(partition, None)

    def restore(self, partition: int, key: bytes, version: int, state: bytes | None) -> None:
        held = self._raw(partition)
        self._loading.add(partition)
        assert state is not None  # what is let go is buried
        if key == _META_KEY:
            held.meta, held.meta_version = _META.decode(state), version
        elif key.startswith(b"!"):
            held.put_item(parse_item_key(key), version, _ITEM.decode(state))
        else:
            subject, minute = key.decode().rsplit("|", 1)
            held.load(subject, int(minute), version, _PANE.decode(state))

    async def on_load(self, partitions: frozenset[int]) -> None:
        for partition in partitions:
            self._raw(partition)
        if self.when_loaded is not None:
            await self.when_loaded(partitions)

    def _raw(self, partition: int) -> Partition:
        held = self._partitions.get(partition)
        if held is None:
            held = self._partitions[partition] = Partition(self._midnight)
        return held

    def held(self, partition: int) -> Partition:
        """What is kept of a partition, once its ledger was read."""
        held = self._raw(partition)
        if partition in self._loading:
            self._loading.discard(partition)
            self.let_go(partition, held.let_go_of_panes())
            self.changed.update(held.subjects())
        return held

    def all_held(self) -> dict[int, Partition]:
        """Every partition of this worker, by number."""
        return {number: self.held(number) for number in sorted(self._partitions)}

    # -- fold

    def fold(self, record: Record) -> int:
        assert record.value is not None
        rows = _RECORDS.decode(record.value).rows
        _Folding(self, record).rows(rows)
        return len(rows)

    # -- checkpoint

    def collect(self) -> Batch:
        requests = self._requests.waves(self.internal.recompute, pack)
        state = {partition: self._states(partition) for partition in sorted(self._dirty)}
        self._begin()
        return Batch(requests, state)

    def _states(self, partition: int) -> list[StateRecord]:
        held, dirty = self._partitions[partition], self._dirty[partition]
        # Those that the horizon has passed meanwhile are written once more, and let go then.
        passed = any(minute < held.horizon for _, minute in dirty.panes)
        # First: with the horizon on the log, what is buried below it can do no harm when it comes
        # again, be it from a replay or from a part of this checkpoint that was cut off.
        found = [StateRecord(_META_KEY, held.meta_version, pack(held.meta))]
        found += [
            StateRecord(pane_key(key), held.panes[key], pack(held.pane(*key)))
            for key in dirty.panes
            if key in held.panes
        ]
        if passed:
            self.let_go(partition, held.let_go_of_panes())
        for item in dirty.items:
            kept = held.items.get(item)
            if kept is not None:
                found.append(StateRecord(item_key(item), kept.version, pack(kept.state)))
        if self.buries:
            gone = sorted(self._gone.pop(partition, ()))
            found.extend(StateRecord(key, held.meta_version, None, buried=True) for key in gone)
        return found

    @property
    def unburied(self) -> int:
        """How many keys are let go of, and stand on the ledger still."""
        return sum(map(len, self._gone.values()))

    # -- what a folding gives

    def dirty(self, partition: int) -> "_Dirty":
        """What has to be written of a partition at the next checkpoint."""
        return self._dirty.setdefault(partition, _Dirty())

    def let_go(self, partition: int, panes: list[PaneKey], items: Iterable[ItemKey] = ()) -> None:
        """Notes that panes and items are no longer held; their keys leave the ledger with a later fold."""
        gone = self._gone.setdefault(partition, set())
        gone.update(map(pane_key, panes))
        gone.update(map(item_key, items))

    def comes_back(self, partition: int, item: ItemKey) -> None:
        """Notes that an item is held of which there was none: if it was let go of, it must not be buried."""
        gone = self._gone.get(partition)
        if gone:
            gone.discard(item_key(item))

    def ask(self, partition: int, requests: list[RecomputeRow]) -> None:
        """Asks for panes to be recomputed from the stored measurements."""
        if requests:
            self._requests.add(partition, requests, len(requests))


class _Dirty:
    """What of a partition differs from its ledger."""

    __slots__ = ("items", "panes")

    def __init__(self) -> None:
        self.panes: dict[PaneKey, None] = {}
        self.items: dict[ItemKey, None] = {}


class _Folding:
    """Folds one record of measurement changes into the stage."""

    def __init__(self, stage: WindowsStage, record: Record) -> None:
        self._stage = stage
        self._partition = record.partition
        self._held = stage.held(record.partition)
        self._version = stage.version(record.offset)
        self._written = record.timestamp
        self._horizon = self._held.horizon
        self._dirty = stage.dirty(record.partition)
        self._requests: dict[PaneKey, RecomputeRow] = {}
        #: pane -> its subject's windows, and its high-water marks as they stood before this record:
        #: one origin gives many rows for the same pane, and all of them count. None: the pane's
        #: state already includes this record.
        self._panes: dict[PaneKey, tuple[SubjectWindows, dict[int, int]] | None] = {}
        #: item -> whether its state already includes this record
        self._items: dict[ItemKey, bool] = {}

    def rows(self, rows: list[MeasurementRow]) -> None:
        """Folds all rows, then moves the watermark on."""
        reached: dict[int, int] = {}
        for row in rows:
            reached[row.partition] = row.reached
            if KINDS[row.name] == "item":
                self._item(row)
            else:
                self._pane(row)
        self._finish(reached)

    def _pane(self, row: MeasurementRow) -> None:
        key = (row.subject, row.at // MINUTE)
        if key[1] < self._horizon:
            self._requests[key] = RecomputeRow(*key, self._version)
            return
        try:
            found = self._panes[key]
        except KeyError:
            found = self._panes[key] = self._open(key)
        if found is None:
            return
        windows, before = found
        if row.origin <= before.get(row.partition, -1):
            return  # journeys sent it twice
        pane = windows.change(key[1], row.name, row.old, row.new, row.tag)
        pane.seen[row.partition] = row.origin

    def _open(self, key: PaneKey) -> tuple[SubjectWindows, dict[int, int]] | None:
        if self._held.panes.get(key, -1) >= self._version:
            return None
        windows = self._held.rolling(key[0])
        pane = windows.pane(key[1])
        self._held.note(*key, self._version)
        self._dirty.panes[key] = None
        self._stage.changed.add(key[0])
        return windows, dict(pane.seen) if pane else {}

    def _item(self, row: MeasurementRow) -> None:
        key = (row.subject, row.name, row.tag)
        kept = self._held.items.get(key)
        included = self._items.get(key)
        if included is None:
            included = self._items[key] = kept is not None and kept.version >= self._version
        if kept is None:
            self._stage.comes_back(self._partition, key)
        seen = kept.state.seen if kept else {}
        if included or row.origin < seen.get(row.partition, -1):
            return
        seen[row.partition] = row.origin
        if row.new is None:
            # Remembered as closed for a while: a replay of its opening must not open it again.
            closed = max(1, self._held.meta.watermark)
            state = ItemState(seen, kept.since if kept else row.at, closed)
        else:
            state = ItemState(seen, row.at, until=row.new)
        self._held.put_item(key, self._version, state)
        self._dirty.items[key] = None
        self._stage.changed.add(row.subject)

    def _finish(self, reached: dict[int, int]) -> None:
        held, stage, partition = self._held, self._stage, self._partition
        stage.ask(partition, list(self._requests.values()))
        if held.meta_version < self._version:
            held.meta_version = self._version
            panes, items = held.advance(reached, self._written, self._dirty.panes)
            stage.let_go(partition, panes, items)
