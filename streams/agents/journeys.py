"""Second stage: accepted events by customer -> facts about calls, and rows for ClickHouse."""

import msgspec

from streams.agents.bundles import Bundles
from streams.agents.changes import merged
from streams.agents.configurations import Configurations
from streams.agents.faults import internal_letter
from streams.agents.slots import Meta, Slot, Slots
from streams.engine import Batch, Output, Record, Stage, StateRecord
from streams.journey import (
    Changes,
    Forward,
    Journey,
    apply,
    await_history,
    is_entity,
    keys_of,
    needs_history,
    replace,
)
from streams.kpis.measurements import KINDS
from streams.records import (
    EventRow,
    EventsRecord,
    FactChange,
    ForwardRecord,
    HistoryRecord,
    HistoryRequest,
    MeasurementRow,
    MeasurementsRecord,
    TableRow,
    TablesRecord,
    pack,
    ranked,
)
from streams.topics import InternalTopics, partition_of

_RECORDS: msgspec.msgpack.Decoder[EventsRecord | HistoryRecord | ForwardRecord] = msgspec.msgpack.Decoder(
    EventsRecord | HistoryRecord | ForwardRecord
)
_META = msgspec.msgpack.Decoder(Meta)
_META_KEY = b"@"

#: Rows of one record to `measurements` and `records`; about 1 to 3 MB.
_RECORD_WEIGHT = 20_000


class JourneysStage(Stage):
    """Keeps every customer's journey and emits how each record of events changed what is known.

    A customer whose state was forgotten and who has an event from that time waits for the stored
    history (`streams.corrections`), which comes back through this stage's own input.
    """

    name = "journeys"
    interval = 0.1
    chunk_records = 4

    def __init__(
        self,
        *,
        configurations: Configurations,
        internal: InternalTopics,
        partitions: int,
    ) -> None:
        self.topics = (internal.events,)
        self.ledger = internal.journeys
        self.epoch = internal.epoch
        self.internal = internal
        self.spread = partitions
        self.configurations = configurations
        self.internal_errors = 0
        super().__init__()

    # -- state

    def clear(self) -> None:
        self._slots: dict[int, Slots] = {}
        self._begin()

    def _begin(self) -> None:
        self._dirty: dict[int, dict[str, None]] = {}
        self._gone: dict[int, dict[str, int]] = {}
        self._records: Bundles[TableRow] = Bundles(_RECORD_WEIGHT)
        self._measurements: Bundles[MeasurementRow] = Bundles(_RECORD_WEIGHT)
        self._first: list[Output] = []
        self._asked: list[Output] = []

    def drop(self, partition: int) -> None:
        self._slots.pop(partition, None)

    def needs_gone(self, key: bytes) -> bool:
        return is_entity(key.decode())

    def restore(self, partition: int, key: bytes, version: int, state: bytes | None) -> None:
        slots = self.slots(partition)
        if key == _META_KEY:
            assert state is not None
            slots.meta, slots.meta_version = _META.decode(state), version
        else:
            slots.restore(key.decode(), version, state)

    def slots(self, partition: int) -> Slots:
        """The customers of a partition."""
        slots = self._slots.get(partition)
        if slots is None:
            slots = self._slots[partition] = Slots()
        return slots

    # -- fold

    def fold(self, record: Record) -> int:
        assert record.value is not None
        content = _RECORDS.decode(record.value)
        folding = _Folding(self, record)
        if isinstance(content, HistoryRecord):
            folding.history(content)
            return len(content.rows)
        if isinstance(content, ForwardRecord):
            folding.forwarded(content)
            return len(content.rows)
        folding.events(content)
        return len(content.rows)

    # -- what a folding gives

    def hand_on(
        self, partition: int, rows: list[TableRow], measured: dict[int, list[MeasurementRow]]
    ) -> None:
        """Takes all that one record of events gave."""
        if rows:
            self._records.add(partition, rows, len(rows))
        for destination, changes in measured.items():
            self._measurements.add(destination, changes, len(changes))

    def ask_for_history(self, request: HistoryRequest) -> None:
        """Asks for the stored history of a customer; see `streams.corrections`."""
        key = request.customer.encode()
        topic = self.internal.history
        self._asked.append(Output(topic, request.partition, key, pack(request)))

    def forward(self, forwards: list[Forward]) -> None:
        """Sends events to the journeys that they concern too."""
        by_key: dict[str, ForwardRecord] = {}
        ranks: dict[str, int] = {}
        for one in forwards:
            record = by_key.setdefault(one.key, ForwardRecord(one.key, [], []))
            record.rows.append(one.row)
            record.configs.append(one.config)
            ranks[one.key] = max(one.rank, ranks.get(one.key, 0))
        for key, record in by_key.items():
            partition = partition_of(key, self.spread)
            ranked_record = msgspec.structs.replace(record, rank=ranks[key])
            self._first.append(Output(self.internal.events, partition, None, pack(ranked_record)))

    def dirty(self, partition: int, customer: str | None = None) -> None:
        """Notes that a customer, or only the partition's own state, has to be written."""
        customers = self._dirty.setdefault(partition, {})
        if customer is not None:
            customers[customer] = None

    def gone(self, partition: int, customer: str, version: int) -> None:
        """Notes that a customer was forgotten by the record of `version`."""
        self._gone.setdefault(partition, {})[customer] = version

    def refuse(self, row: EventRow, fault: Exception) -> None:
        """Sends an event on which the fold failed to the dead letters."""
        self.internal_errors += 1
        self._first.append(internal_letter(row, fault))

    # -- checkpoint

    def collect(self) -> Batch:
        records = self._records.waves(self.internal.records, lambda rows: pack(TablesRecord(rows)))
        measurements = self._measurements.waves(
            self.internal.measurements, lambda rows: pack(MeasurementsRecord(rows))
        )
        # Facts are stored before their effect on panes is seen: a pane that has to be recomputed
        # from the stored facts then finds them. Requests for a history come last: it is read when all
        # records that stood before the request are stored, and has to hold what this checkpoint gave.
        waves = [self._first, *records, *measurements, self._asked]
        state = {partition: self._states(partition) for partition in sorted(self._dirty)}
        self._begin()
        return Batch([wave for wave in waves if wave], state)

    def _states(self, partition: int) -> list[StateRecord]:
        slots = self._slots[partition]
        found: list[StateRecord] = []
        for customer in self._dirty[partition]:
            slot = slots.get(customer)
            if slot is not None:
                found.append(StateRecord(customer.encode(), slot.version, slot.encode()))
        for customer, gone in self._gone.get(partition, {}).items():
            if slots.get(customer) is None:
                found.append(StateRecord(customer.encode(), gone, None))
        # Last: once this is on the log, so is all that was forgotten with it.
        found.append(StateRecord(_META_KEY, slots.meta_version, pack(slots.meta)))
        return found


class _Folding:
    """Folds one record of events into the stage."""

    def __init__(self, stage: JourneysStage, record: Record) -> None:
        self._stage = stage
        self._directories = stage.configurations.directory
        self._partition = record.partition
        self._origin = record.offset
        self._version = stage.version(record.offset)
        self._slots = stage.slots(record.partition)
        self._measured: dict[int, list[MeasurementRow]] = {}
        self._rows: list[TableRow] = []

    def events(self, content: EventsRecord) -> None:
        """Folds accepted events, customer by customer."""
        self._begin(content.rows)
        by_key: dict[str, list[EventRow]] = {}
        for row in content.rows:
            keys = keys_of(row.event)
            for key in keys:
                # The same event lies in other partitions for its other keys, if it has any.
                if len(keys) == 1 or partition_of(key, self._stage.spread) == self._partition:
                    by_key.setdefault(key, []).append(row)
        for customer, rows in by_key.items():
            if not self._slots.includes(customer, self._version):
                self._fold(customer, [(content.config, rows)])
        self._finish()

    def _fold(self, key: str, several: list[tuple[str, list[EventRow]]], *, forwarded: bool = False) -> None:
        """Folds events into one journey; they are given by the configuration that stamps them."""
        slot = self._slots.open(key)
        journey = slot.journey
        if not journey.awaited and needs_history(journey, [row for _, rows in several for row in rows]):
            await_history(journey, self._version)
            self._stage.ask_for_history(HistoryRequest(self._partition, self._version, key))
        parts = [self._apply(journey, rows, config, forwarded=forwarded) for config, rows in several]
        self._emit(parts[0] if len(parts) == 1 else merged(parts), journey.rank)
        self._touch(slot, key)

    def _apply(self, journey: Journey, rows: list[EventRow], config: str, *, forwarded: bool) -> Changes:
        """Applies events; one on which the fold fails goes to dead letters, the others count.

        Ending the process instead would only fail again at the same event, for ever.
        """
        try:
            return apply(journey, rows, config, self._directories, forwarded=forwarded)
        except Exception as fault:  # noqa: BLE001 - a fold can fail with anything
            if len(rows) == 1:
                self._stage.refuse(rows[0], fault)
                return Changes([], [])
        return merged([self._apply(journey, [row], config, forwarded=forwarded) for row in rows])

    def forwarded(self, content: ForwardRecord) -> None:
        """Folds events that came to another journey first."""
        self._begin([])
        if not self._slots.includes(content.key, self._version):
            by_config: dict[str, list[EventRow]] = {}
            for row, config in zip(content.rows, content.configs, strict=True):
                by_config.setdefault(config, []).append(row)
            several = list(by_config.items())
            journey = self._slots.open(content.key).journey
            journey.rank = max(journey.rank, content.rank)
            self._fold(content.key, several, forwarded=True)
        self._finish()

    def history(self, content: HistoryRecord) -> None:
        """Folds a customer's stored history together with what came while it was awaited."""
        self._begin([])
        slot = self._slots.get(content.customer)
        if slot and slot.version < self._version and slot.journey.awaited == content.request:
            changes = self._replace(slot.journey, content)
            self._emit(changes, slot.journey.rank)
            self._touch(slot, content.customer)
        self._finish()

    def _replace(self, journey: Journey, content: HistoryRecord) -> Changes:
        try:
            return replace(journey, content, self._directories)
        except Exception as fault:  # noqa: BLE001 - as in `_apply`; the stored rows stay as they are
            for waiting in journey.waiting:
                self._stage.refuse(waiting.row, fault)
            journey.awaited, journey.waiting = 0, []
            return Changes([], [])

    def _touch(self, slot: Slot, customer: str) -> None:
        slot.touched(self._version, self._slots.meta.watermark)
        self._stage.dirty(self._partition, customer)

    def _emit(self, changes: Changes, rank: int) -> None:
        version = ranked(self._version, rank)
        for row in changes.rows:
            self._rows.append(TableRow(row.table, version, row.gone, row.values))
        for change in changes.facts:
            self._measure(change)
        if changes.forwards:
            self._stage.forward(changes.forwards)

    def _measure(self, change: FactChange) -> None:
        key = change.key
        if KINDS[key.name] == "span":
            return  # stored, and counted from there
        for subject in key.subjects():
            row = MeasurementRow(
                self._partition,
                self._origin,
                subject,
                key.name,
                key.at,
                change.old,
                change.new,
                change.tag,
                self._reached,
            )
            destination = partition_of(subject, self._stage.spread)
            self._measured.setdefault(destination, []).append(row)

    def _begin(self, rows: list[EventRow]) -> None:
        """Moves the watermark on, unless the partition's own state already includes the record."""
        self._is_new = self._slots.meta_version < self._version
        if self._is_new:
            self._slots.meta_version = self._version
            self._slots.advance(rows)
        self._reached = self._slots.reached

    def _finish(self) -> None:
        """Hands on what the record gave, and forgets customers when it is time."""
        partition = self._partition
        self._stage.hand_on(partition, self._rows, self._measured)
        if self._is_new:
            for customer in self._slots.prune():
                self._stage.gone(partition, customer, self._version)
        self._stage.dirty(partition)
