"""A pipeline of three stages on the engine: small, but with all that makes exactness hard.

intake validates and regroups by customer; journeys keeps a state per customer and emits differences
of what it derives; windows keeps counters per subject and minute.
"""

import bisect
import zlib
from typing import Any, Literal

import msgspec

from streams.engine import Batch, Output, Record, Stage, StateRecord

PARTITIONS = 4
RAW_TOPICS = ("calls", "crm")
KINDS = ("call.started", "call.answered", "call.missed", "call.ended", "lead.created")
LEAD_CREATED = KINDS.index("lead.created")
ANSWERED, MISSED, WAIT, CALLBACK, LEAD = range(5)

#: Maps keep their order of insertion, which the log alone determines; so equal states give equal bytes.
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder().decode


def partition_of(key: str) -> int:
    return zlib.crc32(key.encode()) % PARTITIONS


def topic(prefix: str, name: str) -> str:
    return f"{prefix}.{name}"


class RawEvent(msgspec.Struct):
    id: str
    ts: int
    kind: Literal["call.started", "call.answered", "call.missed", "call.ended", "lead.created"]
    ref: str
    customer: str
    manager: str
    dir: Literal["in", "out"] = "in"


read_raw = msgspec.json.Decoder(RawEvent).decode


def parse(value: bytes | None) -> RawEvent | None:
    if value is None:
        return None
    try:
        event = read_raw(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return event if 10**12 < event.ts < 4 * 10**12 else None


class Intake(Stage):
    name, interval, may_have_holes = "intake", 0.01, True

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.topics = tuple(topic(prefix, name) for name in RAW_TOPICS)
        self.events, self.dead = topic(prefix, "events"), topic(prefix, "dead")

    def clear(self) -> None:
        self._rows: list[list[Any]] = [[] for _ in range(PARTITIONS)]
        self._dead: list[Output] = []

    def fold(self, record: Record) -> int:
        event = parse(record.value)
        if event is None:
            place = f"{record.topic}/{record.partition}/{record.offset}".encode()
            self._dead.append(Output(self.dead, record.partition, place, record.value))
            return 1
        source = self.topics.index(record.topic) * PARTITIONS + record.partition
        kind, outbound = KINDS.index(event.kind), event.dir == "out"
        origin = (source, record.offset, record.timestamp)
        told = (event.ts, kind, event.ref, event.customer, event.manager, outbound)
        self._rows[partition_of(event.customer)].append(origin + told)
        return 1

    def collect(self) -> Batch:
        rows = [Output(self.events, p, None, pack(rows)) for p, rows in enumerate(self._rows) if rows]
        batch = Batch(waves=[self._dead + rows])
        self.clear()
        return batch


class Customer(msgspec.Struct, array_like=True):
    seen: dict[int, int] = {}  #: raw source -> greatest offset included
    calls: dict[str, list[Any]] = {}  #: ref -> [outbound, manager, time by kind]
    leads: dict[str, list[Any]] = {}  #: ref -> [manager, time]


read_customer = msgspec.msgpack.Decoder(Customer).decode


def derive(customer: Customer) -> dict[tuple[str, int], tuple[str, int, int]]:
    """Measurements of a customer: (ref, kind) -> (manager, minute, value)."""
    found: dict[tuple[str, int], tuple[str, int, int]] = {}
    reached = sorted(times[1] for out, _, times in customer.calls.values() if out and times[1])

    def after(at: int) -> int | None:
        place = bisect.bisect_right(reached, at)
        return reached[place] if place < len(reached) else None

    for ref, (out, manager, (started, answered, missed, _)) in customer.calls.items():
        if answered:
            found[ref, ANSWERED] = (manager, answered // 60000, 1)
            if started and not out:
                found[ref, WAIT] = (manager, answered // 60000, (answered - started) // 1000)
        if missed and not out:
            found[ref, MISSED] = (manager, missed // 60000, 1)
            if (call := after(missed)) is not None:
                found[ref, CALLBACK] = (manager, call // 60000, (call - missed) // 1000)
    for ref, (manager, created) in customer.leads.items():
        if (call := after(created)) is not None:
            found[ref, LEAD] = (manager, call // 60000, (call - created) // 1000)
    return found


class Journeys(Stage):
    name, chunk_records = "journeys", 4
    #: negative control: without high-water marks, what intake sends twice counts twice
    forgets_high_water_mark = False

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.topics, self.ledger = (topic(prefix, "events"),), topic(prefix, "journeys")
        self.measurements = topic(prefix, "meas")

    def clear(self) -> None:
        self._state: dict[int, dict[str, Customer]] = {p: {} for p in range(PARTITIONS)}
        self._versions: dict[int, dict[str, int]] = {p: {} for p in range(PARTITIONS)}
        self._new()

    def _new(self) -> None:
        self._changed: dict[int, dict[str, None]] = {p: {} for p in range(PARTITIONS)}
        self._rows: list[list[Any]] = [[] for _ in range(PARTITIONS)]

    def restore(self, partition: int, key: bytes, version: int, state: bytes | None) -> None:
        assert state is not None
        self._state[partition][key.decode()] = read_customer(state)
        self._versions[partition][key.decode()] = version

    def drop(self, partition: int) -> None:
        self._state[partition], self._versions[partition] = {}, {}

    def fold(self, record: Record) -> int:
        assert record.value is not None
        rows = unpack(record.value)
        by_customer: dict[str, list[Any]] = {}
        for row in rows:
            by_customer.setdefault(row[6], []).append(row)
        version = self.version(record.offset)
        for name, own in by_customer.items():
            self._fold_customer(record, version, name, own)
        return len(rows)

    def _fold_customer(self, record: Record, version: int, name: str, rows: list[Any]) -> None:
        partition = record.partition
        if version <= self._versions[partition].get(name, -1):
            return
        customer = self._state[partition].get(name)
        if customer is None:
            customer = self._state[partition][name] = Customer()
        fresh = [r for r in rows if r[1] > customer.seen.get(r[0], -1) or self.forgets_high_water_mark]
        if not fresh:
            return
        before = derive(customer)
        for source, offset, _, at, kind, ref, _, manager, out in fresh:
            customer.seen[source] = offset
            if kind == LEAD_CREATED:
                customer.leads.setdefault(ref, [manager, at])
            else:
                customer.calls.setdefault(ref, [out, manager, [0] * 4])[2][kind] = at
        self._versions[partition][name] = version
        self._changed[partition][name] = None
        self._emit(record, before, derive(customer), fresh[-1][2])

    def _emit(self, record: Record, before: dict[Any, Any], after: dict[Any, Any], logged: int) -> None:
        if before == after:
            return
        for key in before | after:
            old, new = before.get(key), after.get(key)
            if old == new:
                continue
            for sign, measured in ((-1, old), (1, new)):
                if measured is not None:
                    manager, minute, value = measured
                    for subject in (manager, "all"):
                        self._rows[partition_of(subject)].append(
                            (record.partition, record.offset, subject, minute, key[1], sign, value, logged)
                        )

    def collect(self) -> Batch:
        outputs = [Output(self.measurements, p, None, pack(r)) for p, r in enumerate(self._rows) if r]
        state = {p: [self._record(p, name) for name in names] for p, names in self._changed.items() if names}
        self._new()
        return Batch(waves=[outputs], state=state)

    def _record(self, partition: int, name: str) -> StateRecord:
        version, state = self._versions[partition][name], self._state[partition][name]
        return StateRecord(name.encode(), version, pack(state))


#: subject and minute
PaneKey = tuple[str, int]


class Pane(msgspec.Struct, array_like=True):
    seen: dict[int, int]  #: events partition -> greatest origin offset included
    counters: list[int]  #: count and sum by kind


read_pane = msgspec.msgpack.Decoder(Pane).decode


class Windows(Stage):
    name, chunk_records = "windows", 4
    #: negative control: see `Journeys`
    forgets_high_water_mark = False

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.topics, self.ledger = (topic(prefix, "meas"),), topic(prefix, "panes")
        self.logged: list[int] = []  #: Kafka's time of the raw records in the last batch

    def clear(self) -> None:
        self._state: dict[int, dict[PaneKey, Pane]] = {p: {} for p in range(PARTITIONS)}
        self._versions: dict[int, dict[PaneKey, int]] = {p: {} for p in range(PARTITIONS)}
        self._changed: dict[int, dict[PaneKey, None]] = {p: {} for p in range(PARTITIONS)}

    def restore(self, partition: int, key: bytes, version: int, state: bytes | None) -> None:
        assert state is not None
        subject, minute = key.decode().rsplit("|", 1)
        self._state[partition][subject, int(minute)] = read_pane(state)
        self._versions[partition][subject, int(minute)] = version

    def drop(self, partition: int) -> None:
        self._state[partition], self._versions[partition] = {}, {}

    def fold(self, record: Record) -> int:
        assert record.value is not None
        version, state = self.version(record.offset), self._state[record.partition]
        versions, changed = self._versions[record.partition], self._changed[record.partition]
        rows = unpack(record.value)
        #: high-water marks as they stood before this record: one origin gives several rows
        before: dict[PaneKey, dict[int, int] | None] = {}
        for source, origin, subject, minute, kind, sign, value, logged in rows:
            key = (subject, minute)
            pane = state.get(key)
            if pane is None:
                pane = state[key] = Pane({}, [0] * 10)
            if key not in before:
                held = version <= versions.get(key, -1)
                before[key] = None if held else dict(pane.seen)
            marks = before[key]
            if marks is None or (origin <= marks.get(source, -1) and not self.forgets_high_water_mark):
                continue
            pane.seen[source] = origin
            pane.counters[2 * kind] += sign
            pane.counters[2 * kind + 1] += sign * value
            versions[key] = version
            changed[key] = None
            self.logged.append(logged)
        return len(rows)

    def collect(self) -> Batch:
        state = {}
        for partition, keys in self._changed.items():
            if keys:
                panes, versions = self._state[partition], self._versions[partition]
                state[partition] = [
                    StateRecord(f"{key[0]}|{key[1]}".encode(), versions[key], pack(panes[key]))
                    for key in keys
                ]
        self._changed = {p: {} for p in range(PARTITIONS)}
        return Batch(state=state)
