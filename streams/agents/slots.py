"""Where the journeys stage keeps its customers: decoded when touched, forgotten when not needed."""

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from streams.agents.watermarks import PANE_PATIENCE, Heard, slowest
from streams.journey import Journey, is_entity
from streams.records import EventRow, pack

#: A customer just heard of is kept at least this long (event time, ms), however old the events.
_AFTER_ARRIVAL = 24 * 3_600_000
#: How far a raw partition may be behind the fastest one to be waited for (event time, ms).
_PATIENCE = 21 * 24 * 3_600_000

#: The bytes of a larger journey are not kept beside it: it is a manager's day, which goes on changing.
_SMALL = 4096


class _Stored(msgspec.Struct, array_like=True):
    keep_until: int
    last_at: int
    journey: msgspec.Raw


_DECODER = msgspec.msgpack.Decoder(_Stored)
_PLAIN = msgspec.msgpack.Decoder()


class Slot(msgspec.Struct, gc=False):
    """One customer's state in the stage.

    Holds the ledger's bytes until an event touches them: after a restart most customers are never
    asked for again, and decoding is what makes loading slow.
    """

    version: int
    keep_until: int = 0
    last_at: int = 0
    #: the journey as in the ledger; None once it has changed
    _raw: bytes | None = None
    _journey: Journey | None = None

    @classmethod
    def of(cls, journey: Journey) -> "Slot":
        """A slot of a journey that no record has touched yet."""
        return cls(-1, _journey=journey)

    @classmethod
    def restored(cls, version: int, raw: bytes) -> "Slot":
        """A slot from the ledger."""
        stored = _DECODER.decode(raw)
        return cls(version, stored.keep_until, stored.last_at, bytes(stored.journey))

    @property
    def journey(self) -> Journey:
        """The customer's journey, decoded on first use."""
        if self._journey is None:
            assert self._raw is not None
            self._journey = Journey.decode(_PLAIN.decode(self._raw))
        return self._journey

    def touched(self, version: int, watermark: int) -> None:
        """Notes that the record of `version` is included."""
        journey = self.journey
        self._raw = None
        self.version = version
        self.last_at = journey.last_at
        self.keep_until = max(journey.keep_until(), watermark + _AFTER_ARRIVAL)

    def encode(self) -> bytes:
        """The bytes for the ledger; equal slots give equal bytes."""
        raw = self._bytes()
        if len(raw) <= _SMALL:
            self._raw = raw
        return pack(_Stored(self.keep_until, self.last_at, msgspec.Raw(raw)))

    def rest(self) -> None:
        """Keeps only the bytes: a customer at rest costs a fraction."""
        self._raw, self._journey = self._bytes(), None

    def _bytes(self) -> bytes:
        return pack(self.journey.encode()) if self._raw is None else self._raw


class Meta(msgspec.Struct, array_like=True):
    """What the stage knows of a whole partition of events, on the ledger under the key `@`."""

    #: raw topic and partition (`<topic>/<partition>`) -> greatest event time seen
    reached: dict[str, int] = {}
    watermark: int = 0  #: event time up to which the log has come; see `Slots.advance`
    pruned_at: int = 0  #: watermark of the last forgetting
    forgotten_until: int = 0  #: greatest event time of any customer that was ever forgotten
    heard: Heard = msgspec.field(default_factory=Heard)  #: of raw partitions


class Slots:
    """The customers of one events partition."""

    #: Forgetting walks over every slot, so it is done once per this much event time (ms).
    PRUNE_EVERY = 6 * 3_600_000
    #: Customers of whom more than the bytes are held: those touched last. A call's events come within
    #: minutes, in which a partition of a large centre sees some dozens of customers.
    WARM = 1000

    def __init__(self) -> None:
        self.meta = Meta()
        self.meta_version = -1
        self._slots: dict[str, Slot] = {}
        #: Whose journeys are decoded, the one touched last at the end.
        self._warm: dict[str, None] = {}
        #: Deals, tasks and leads that were ever forgotten: others that come are new.
        self._once: set[str] = set()
        #: Customers forgotten at a version, as far as records up to it may come again.
        self._forgotten: dict[str, int] = {}
        self._last_forgotten = -1

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[str]:
        return iter(self._slots)

    def get(self, customer: str) -> Slot | None:
        """The customer's slot, if there is one."""
        return self._slots.get(customer)

    def open(self, customer: str) -> Slot:
        """The customer's slot; a new one knows that earlier events may have been forgotten."""
        slot = self._slots.get(customer)
        if slot is None:
            journey = Journey.new(customer)
            if not is_entity(customer) or customer in self._once:
                journey.forgotten_until = self.meta.forgotten_until
            slot = self._slots[customer] = Slot.of(journey)
        self._warm.pop(customer, None)
        self._warm[customer] = None
        return slot

    def cool(self) -> None:
        """Keeps only the bytes of all but those touched last; to be called when bytes were made of all.

        What is derived of a customer takes several times the memory of the bytes, and most customers
        of a day do not come back on it.
        """
        over = len(self._warm) - self.WARM
        for customer in list(islice(self._warm, max(0, over))):
            del self._warm[customer]
            slot = self._slots.get(customer)
            if slot is not None:
                slot.rest()

    def includes(self, customer: str, version: int) -> bool:
        """Whether a customer's state already holds the record of `version`, or held it once."""
        slot = self._slots.get(customer)
        if slot is not None:
            return slot.version >= version
        if version > self._last_forgotten:
            self._forgotten.clear()
        return self._forgotten.get(customer, -1) >= version

    def restore(self, customer: str, version: int, raw: bytes | None) -> None:
        """Puts a slot of the ledger in place, or notes that it was forgotten."""
        if raw is None:
            self._slots.pop(customer, None)
            self._remember(customer)
            self._forgotten[customer] = version
            self._last_forgotten = max(self._last_forgotten, version)
            return
        self._slots[customer] = Slot.restored(version, raw)

    def advance(self, rows: Iterable[EventRow], written: int) -> None:
        """Moves the watermark on: to where the slowest raw partition has come.

        What that one still brings is no late event. A partition that brings nothing is waited for no
        longer than `_PATIENCE` behind the fastest. `written`: when the log's record was, ms.
        """
        last: dict[tuple[int, int], int] = {}
        for row in rows:
            raw, at = (row.topic, row.partition), row.event.at
            if at > last.get(raw, 0):
                last[raw] = at
        meta = self.meta
        named = {f"{topic}/{partition}": at for (topic, partition), at in last.items()}
        for name, at in named.items():
            meta.reached[name] = max(at, meta.reached.get(name, 0))
        meta.heard.note(named, written)
        meta.watermark = max(meta.watermark, slowest(meta.reached, _PATIENCE, meta.heard))

    @property
    def reached(self) -> int:
        """Event time up to which this partition's log has come, for those who read what it gives."""
        return slowest(self.meta.reached, PANE_PATIENCE, self.meta.heard)

    def raw_reached(self) -> Iterator[tuple[tuple[int, int], int]]:
        """Index of topic and number of each raw partition, and the event time that it has come to, ms."""
        for name, at in self.meta.reached.items():
            topic, _, partition = name.partition("/")
            yield (int(topic), int(partition)), at

    def prune(self) -> Iterator[str]:
        """Forgets customers that nothing can need any more; yields them.

        Depends on the log alone (the watermark), so a replay forgets the same ones.
        """
        meta = self.meta
        if meta.watermark - meta.pruned_at < self.PRUNE_EVERY:
            return
        meta.pruned_at = meta.watermark
        for customer in [c for c, s in self._slots.items() if s.keep_until < meta.watermark]:
            slot = self._slots.pop(customer)
            meta.forgotten_until = max(meta.forgotten_until, slot.last_at)
            self._remember(customer)
            yield customer
        for slot in self._slots.values():
            slot.rest()

    def _remember(self, key: str) -> None:
        if is_entity(key):
            self._once.add(key)
