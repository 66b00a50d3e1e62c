"""How one record of events is folded into the journeys of a partition."""

from typing import TYPE_CHECKING

from streams.agents.changes import merged
from streams.agents.slots import Slot
from streams.engine import Record
from streams.journey import (
    Changes,
    Journey,
    apply,
    await_history,
    keys_of,
    needs_history,
    replace,
    take_tells,
    verdict_of,
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
    TableRow,
    Tell,
    TellsRecord,
    ranked,
)
from streams.topics import partition_of

if TYPE_CHECKING:
    from streams.agents.journeys import JourneysStage


class Folding:
    """Folds one record of events into the stage."""

    def __init__(self, stage: "JourneysStage", record: Record) -> None:
        self._stage = stage
        self._directories = stage.configurations.directory
        self._partition = record.partition
        self._origin = record.offset
        self._version = stage.version(record.offset)
        self._written = record.timestamp
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
        self._ask_what_was_forgotten(journey, [row for _, rows in several for row in rows])
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

    def told(self, content: TellsRecord) -> None:
        """Folds what customers' journeys tell those of managers."""
        self._begin([])
        by_key: dict[str, list[Tell]] = {}
        for tell in content.rows:
            by_key.setdefault(tell.key, []).append(tell)
        for key, tells in by_key.items():
            if not self._slots.includes(key, self._version):
                slot = self._slots.open(key)
                self._ask_what_was_forgotten(slot.journey, [])
                self._emit(take_tells(slot.journey, tells), slot.journey.rank)
                self._touch(slot, key)
        self._finish()

    def _ask_what_was_forgotten(self, journey: Journey, rows: list[EventRow]) -> None:
        """Asks for the stored history, if it may be needed and is not awaited yet."""
        if not journey.awaited and needs_history(journey, rows):
            await_history(journey, self._version)
            self._stage.ask_for_history(HistoryRequest(self._partition, self._version, journey.customer))

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
        self._rows += [TableRow(row.table, version, row.gone, row.values) for row in changes.rows]
        self._measure(changes.facts)
        forwards = changes.forwards + [verdict_of(one, self._version) for one in changes.verdicts]
        if forwards:
            self._stage.forward(forwards)
        for tell in changes.tells:
            tell.version = version
        self._stage.tell(changes.tells)

    def _measure(self, changes: list[FactChange]) -> None:
        """Tells the windows of each subject what changed."""
        partition, origin, reached = self._partition, self._origin, self._reached
        measured, spread = self._measured, self._stage.spread
        for change in changes:
            key = change.key
            name = key.name
            if KINDS[name] == "span":
                continue  # stored, and counted from there
            at, old, new, tag = key.at, change.old, change.new, change.tag
            for subject in key.subjects():
                row = MeasurementRow(partition, origin, subject, name, at, old, new, tag, reached)
                destination = partition_of(subject, spread)
                rows = measured.get(destination)
                if rows is None:
                    rows = measured[destination] = []
                rows.append(row)

    def _begin(self, rows: list[EventRow]) -> None:
        """Moves the watermark on, unless the partition's own state already includes the record."""
        self._is_new = self._slots.meta_version < self._version
        if self._is_new:
            self._slots.meta_version = self._version
            self._slots.advance(rows, self._written)
        self._reached = self._slots.reached

    def _finish(self) -> None:
        """Hands on what the record gave, and forgets customers when it is time."""
        partition = self._partition
        self._stage.hand_on(partition, self._rows, self._measured)
        if self._is_new:
            for customer in self._slots.prune():
                self._stage.gone(partition, customer, self._version)
        self._stage.dirty(partition)
