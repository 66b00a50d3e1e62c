"""What travels on the internal topics: one struct per kind of record, encoded as msgpack arrays.

A Kafka record is a batch: everything that one checkpoint derived for one destination partition.
Each item names its origin, so that a replay can be recognised. Fields are only ever appended.
All times are whole milliseconds since the epoch, UTC; all measured values are whole numbers.
"""

from typing import Any

import msgspec

_PACK = msgspec.msgpack.Encoder(order="sorted")
#: `order` knows no keys but strings; what has others is sorted beforehand.
_PLAIN = msgspec.msgpack.Encoder()

#: What a record derived from `offset` of the current epoch supersedes: everything lower.
_EPOCH_SHIFT = 44
#: Offsets stay below 2^38; above them stands the rank.
_RANK_SHIFT = 38
_MOST_RANK = 63


def version(epoch: int, offset: int) -> int:
    """Version of whatever was derived up to `offset`; grows with the epoch first."""
    return epoch << _EPOCH_SHIFT | offset


def ranked(version: int, rank: int) -> int:
    """A version that supersedes all of a lower rank in its epoch, whatever their offsets.

    Offsets of different partitions say nothing of each other, so that what took over from another
    journey gives its rows a higher rank than that one had.
    """
    return version | min(rank, _MOST_RANK) << _RANK_SHIFT


def offset_of(version: int) -> int:
    """The offset within its epoch that a version stands for."""
    return version & ((1 << _EPOCH_SHIFT) - 1)


def pack(value: Any) -> bytes:
    """Msgpack with sorted keys: equal values give equal bytes in every process."""
    if isinstance(value, PaneState | ItemState):  # keys that are numbers, which the sorting encoder refuses
        return _PLAIN.encode(value.ordered())
    return _PACK.encode(value)


class Event(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A canonical event (contract, section 3). Absent strings are empty.

    Before intake `customer` is a phone and `manager`/`group` are the source's names; after it, the
    customer key and ids of the directory.
    """

    source: str
    event_id: str
    type: str
    at: int
    customer: str = ""
    manager: str = ""
    group: str = ""
    #: Known fields of this type besides the above, such as `call_id`, `direction`, `reason`.
    data: dict[str, Any] = {}
    #: Fields that the contract does not know: kept, never interpreted.
    extra: dict[str, Any] = {}


class EventRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An accepted event and where it came from."""

    topic: int  #: index in `topics.EVENT_TOPICS`
    partition: int
    offset: int
    logged_at: int  #: Kafka's time of the raw record
    event: Event


class EventsRecord(msgspec.Struct, array_like=True, tag="events", frozen=True):
    """On `events`: accepted events of some customers of one partition, in the order read."""

    config: str  #: version of the configuration that resolved them and that folds use
    rows: list[EventRow]


class FactKey(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Identity of one measured fact; see `FactChange`."""

    entity: str  #: what was measured: `<source>/<call_id>`, or an item's id
    name: str  #: a name of `streams.kpis.measurements`
    manager: str  #: concerns this manager, unless empty
    group: str  #: concerns this group, unless empty
    whole: bool  #: concerns the whole centre
    at: int  #: when it counts

    def subjects(self) -> list[str]:
        """The subjects that this fact counts for."""
        found = [f"m:{self.manager}"] if self.manager else []
        if self.group:
            found.append(f"g:{self.group}")
        if self.whole:
            found.append("a:all")
        return found


class FactChange(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A fact's value before and after; `None` where it was or is no fact."""

    key: FactKey
    old: int | None
    new: int | None
    tag: str = ""  #: set and item kinds: whom or what is counted


class StoredFact(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A fact as it stands in a journey's memory and in table `measurements`."""

    key: FactKey
    value: int
    tag: str = ""


class HistoryRecord(msgspec.Struct, array_like=True, tag="history", frozen=True):
    """On `events`: all that is stored of one customer whose state was gone."""

    customer: str
    request: int  #: version of the request that this answers
    rows: list[EventRow]  #: in the order of the log
    configs: list[str]  #: for each row, the version of the configuration it was stamped with
    facts: list[StoredFact]
    #: keys of rows stored per table, so that those which are no more can be taken back
    keys: dict[str, list[list[Any]]]


class ForwardRecord(msgspec.Struct, array_like=True, tag="forward", frozen=True):
    """On `events`: events accepted under another key that concern this one too.

    A customer who turned out to be another hands over his events; the journey of a lead tells its
    customers that it was removed, that of a manager which offers rang while he was busy elsewhere.
    """

    key: str
    rows: list[EventRow]
    configs: list[str]  #: for each row, the version of the configuration it was stamped with
    rank: int = 0  #: the rank that the rows of who takes over must have at least; see `ranked`


#: A stretch of time, [start, end), ms.
Span = tuple[int, int]


class Tell(msgspec.Struct, array_like=True, gc=False):
    """What a customer's journey tells a manager's of his part in a call; supersedes what it told before."""

    key: str  #: of the manager's journey
    source: str
    call_id: str
    customer: str  #: whose journey tells it
    busy: tuple[Span, ...] = ()  #: when he was on this call
    missed: tuple[Span, ...] = ()  #: when it rang at him alone and he let it ring
    version: int = 0


class TellsRecord(msgspec.Struct, array_like=True, tag="tells", frozen=True):
    """On `events`: what customers' journeys tell those of managers."""

    rows: list[Tell]


class TableRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A row for a table of database `sales_rows`, or the end of one.

    `values` are the table's columns in the order of `streams.records_tables`; the key columns come
    first. A row with `gone` takes back the row with the same key.
    """

    table: str
    version: int
    gone: bool
    values: list[Any]


class TablesRecord(msgspec.Struct, array_like=True, frozen=True):
    """On `records`."""

    rows: list[TableRow]


class MeasurementRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One change of a fact for one subject."""

    partition: int  #: events partition of the origin
    origin: int  #: events offset of the origin
    subject: str  #: `m:<manager>`, `g:<group>` or `a:all`
    name: str
    at: int
    old: int | None
    new: int | None
    tag: str
    #: event time up to which the log of its origin had come. `at` says that not: what is due is
    #: dated ahead, and what is late lies behind
    reached: int


class MeasurementsRecord(msgspec.Struct, array_like=True, frozen=True):
    """On `measurements`."""

    rows: list[MeasurementRow]


class PaneState(msgspec.Struct, array_like=True, gc=False):
    """State of one subject's minute, on ledger `panes` under the key `<subject>|<minute>`.

    `minute` is whole minutes since the epoch. Zero counters are removed, so that a retracted fact
    leaves no trace.
    """

    #: events partition -> greatest origin offset included (sparse)
    seen: dict[int, int] = {}
    #: measurement -> [count, sum]
    counters: dict[str, list[int]] = {}
    #: measurement -> bucket -> count
    histograms: dict[str, dict[int, int]] = {}
    #: measurement -> tag -> count
    sets: dict[str, dict[str, int]] = {}

    def ordered(self) -> "PaneState":
        """The same with all keys in order."""
        return PaneState(
            dict(sorted(self.seen.items())),
            dict(sorted(self.counters.items())),
            {name: dict(sorted(self.histograms[name].items())) for name in sorted(self.histograms)},
            {name: dict(sorted(self.sets[name].items())) for name in sorted(self.sets)},
        )


class ItemState(msgspec.Struct, array_like=True, gc=False):
    """An open item of a subject, on ledger `panes` under the key `<subject>!<name>|<tag>`."""

    seen: dict[int, int]
    since: int
    #: 0 while open; else the stage's watermark when it closed, from which it is remembered for a
    #: while so that a replayed opening is recognised
    closed: int = 0
    #: when it ends if nothing happens until then: a missed customer is given up, a caller's line is
    #: taken for lost; 0 if never
    until: int = 0

    def ordered(self) -> "ItemState":
        """The same with all keys in order."""
        return msgspec.structs.replace(self, seen=dict(sorted(self.seen.items())))


class NowRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A live value, on `now`."""

    as_of: int
    subject: str
    kpi: str
    window: str
    value: float | None
    n: int


class NowRecord(msgspec.Struct, array_like=True, frozen=True):
    """On `now`."""

    rows: list[NowRow]


class CustomerRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """On `customers`, key = `customer`."""

    customer: str
    phone: str
    phone_masked: str
    name: str = ""
    kind: str = ""
    flags: list[str] = []


class RecomputeRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """On `recompute`: this minute of a subject changed after the windows stage had let it go."""

    subject: str
    minute: int
    version: int  #: of the pane that results


class HistoryRequest(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """On `history`: an event of a customer whose state is gone has come."""

    partition: int  #: events partition
    version: int  #: of the events record that holds it
    customer: str
