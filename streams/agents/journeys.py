"""Second stage: accepted events by customer -> facts about calls, and rows for ClickHouse."""

from itertools import chain, zip_longest

import msgspec

from streams.agents.bundles import Bundles
from streams.agents.configurations import Configurations
from streams.agents.faults import internal_letter
from streams.agents.folding import Folding
from streams.agents.panes import HORIZON
from streams.agents.slots import Meta, Slots
from streams.engine import Batch, Output, Record, Stage, StateRecord
from streams.journey import (
    Forward,
    is_entity,
)
from streams.records import (
    EventRow,
    EventsRecord,
    ForwardRecord,
    HistoryRecord,
    HistoryRequest,
    MeasurementRow,
    MeasurementsRecord,
    TableRow,
    TablesRecord,
    Tell,
    TellsRecord,
    pack,
)
from streams.topics import InternalTopics, partition_of

_RECORDS: msgspec.msgpack.Decoder[EventsRecord | HistoryRecord | ForwardRecord | TellsRecord] = (
    msgspec.msgpack.Decoder(EventsRecord | HistoryRecord | ForwardRecord | TellsRecord)
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
    in_order = True

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
        self._tells: Bundles[Tell] = Bundles(_RECORD_WEIGHT)
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

    def raw_reached(self) -> dict[tuple[int, int], int]:
        """Event time (ms) that each raw partition (index of topic, number) has come to, as far as is seen."""
        found: dict[tuple[int, int], int] = {}
        for slots in self._slots.values():
            for place, at in slots.raw_reached():
                found[place] = max(at, found.get(place, 0))
        return found

    def furthest_raw(self) -> int:
        """Event time (ms) that the furthest raw partition has come to: live it is hardly behind the clock."""
        return max(self.raw_reached().values(), default=0)

    @property
    def in_history(self) -> bool:
        """Whether all that was read yet is from before what the windows hold, as an import's is."""
        return self.furthest_raw() < self.now_ms() - HORIZON

    def slowest_raw(self) -> int:
        """Event time (ms) that the slowest raw partition waited for has come to; 0 if none is known."""
        return min((slots.reached for slots in self._slots.values()), default=0)

    # -- fold

    def fold(self, record: Record) -> int:
        assert record.value is not None
        content = _RECORDS.decode(record.value)
        folding = Folding(self, record)
        if isinstance(content, HistoryRecord):
            folding.history(content)
            return len(content.rows)
        if isinstance(content, ForwardRecord):
            folding.forwarded(content)
            return len(content.rows)
        if isinstance(content, TellsRecord):
            folding.told(content)
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

    def tell(self, tells: list[Tell]) -> None:
        """Sends to the journeys of managers what they are to know."""
        for tell in tells:
            self._tells.add(partition_of(tell.key, self.spread), [tell], 1)

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
        tells = self._tells.waves(self.internal.events, lambda rows: pack(TellsRecord(rows)))
        stored = [list(chain(*wave)) for wave in zip_longest([self._first], tells, records, fillvalue=())]
        waves = [*stored, *measurements, self._asked]
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
        slots.cool()
        for customer, gone in self._gone.get(partition, {}).items():
            if slots.get(customer) is None:
                found.append(StateRecord(customer.encode(), gone, None))
        # Last: once this is on the log, so is all that was forgotten with it.
        found.append(StateRecord(_META_KEY, slots.meta_version, pack(slots.meta)))
        return found
