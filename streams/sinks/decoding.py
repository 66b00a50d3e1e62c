"""Records of the topics as rows of the base tables. Pure: no Kafka, no ClickHouse.

Every record gives rows whose identity and version follow from the log alone, so that reading a
record again writes the same rows again.
"""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import msgspec

from streams import topics
from streams.journey import further_keys
from streams.records import (
    CustomerRow,
    EventsRecord,
    ForwardRecord,
    HistoryRecord,
    NowRecord,
    PaneState,
    TablesRecord,
    TellsRecord,
    version,
)
from streams.records_tables import TABLES
from streams.sinks.batch import Batch, Row
from streams.sinks.copies import COPIED, copies
from streams.sinks.generated import pane_values

_EVENTS: msgspec.msgpack.Decoder[EventsRecord | HistoryRecord | ForwardRecord | TellsRecord] = (
    msgspec.msgpack.Decoder(EventsRecord | HistoryRecord | ForwardRecord | TellsRecord)
)
_TABLES = msgspec.msgpack.Decoder(TablesRecord)
_NOW = msgspec.msgpack.Decoder(NowRecord)
_CUSTOMER = msgspec.msgpack.Decoder(CustomerRow)
_LEDGER: msgspec.msgpack.Decoder[tuple[int, bytes | None]] = msgspec.msgpack.Decoder(tuple[int, bytes | None])
_PANE = msgspec.msgpack.Decoder(PaneState)
_JSON = msgspec.json.Encoder(order="sorted")

_LAST_OFFSET = (1 << 44) - 1
_MINUTE_S = 60
#: Of a record that cannot be used this much is kept.
_KEPT_BYTES = 64 * 1024


class Record(Protocol):
    """What is needed of a Kafka record (aiokafka's has it all)."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


class Decoding:
    """Puts records of the topics of one epoch into batches."""

    def __init__(self, internal: topics.InternalTopics, *, only_rebuilt: bool = False) -> None:
        """`only_rebuilt`: nothing but what the tables hold that a rebuild makes anew."""
        self._epoch = internal.epoch
        #: topics whose records are of no use later: they may be deleted unread
        self.passing = frozenset({internal.now})
        #: topics of which people look at each record while it is news
        self.live = frozenset({internal.now, topics.ALERTS})
        self._by_topic: dict[str, Callable[[Record, Batch], None]] = {
            internal.events: self._events,
            internal.records: self._records,
            internal.panes: self._panes,
        }
        if not only_rebuilt:
            self._by_topic |= {
                internal.customers: self._customers,
                internal.now: self._now,
                topics.ALERTS: _alerts,
                topics.DEAD_LETTERS: _dead_letters,
            }

    @property
    def topics(self) -> list[str]:
        """The topics that can be decoded."""
        return list(self._by_topic)

    def put(self, record: Record, batch: Batch) -> Exception | None:
        """Puts a record's rows into the batch; a record that is no such thing becomes a dead letter.

        Returns what was wrong with it, for the log. Ending the process instead would only meet the
        same record again, for ever.
        """
        try:
            self._by_topic[record.topic](record, batch)
        except Exception as fault:  # noqa: BLE001 - whatever is wrong with it, reading goes on
            batch.put("dead_letters", unusable(record, fault))
            return fault
        return None

    def _events(self, record: Record, batch: Batch) -> None:
        content = _EVENTS.decode(record.value or b"")
        if not isinstance(content, EventsRecord):
            return  # these events are stored already: they came from there, or from another journey
        place = version(self._epoch, record.offset)
        first = version(self._epoch, _LAST_OFFSET - record.offset)
        for item, row in enumerate(content.rows):
            event = row.event
            values: Row = [
                event.source,
                event.event_id,
                event.type,
                event.at,
                event.customer,
                event.manager,
                event.group,
                _JSON.encode(event.data).decode() if event.data else "",
                _JSON.encode(event.extra).decode() if event.extra else "",
                row.topic,
                row.partition,
                row.offset,
                row.logged_at,
                content.config,
                place,
                item,
                further_keys(event),
                first,
                0,
            ]
            batch.put_first("events", values)
            for table, copy in copies("events", values, record.timestamp):
                batch.put_first(table, copy)

    def _customers(self, record: Record, batch: Batch) -> None:
        newest = version(self._epoch, record.offset)
        if record.value is None:  # the phone was to be forgotten
            customer = (record.key or b"").decode()
            batch.put("customers", [customer, "", "", "", "", [], newest, 1])
            return
        row = _CUSTOMER.decode(record.value)
        values = [row.customer, row.phone, row.phone_masked, row.name, row.kind, row.flags]
        batch.put("customers", [*values, newest, 0])

    def _records(self, record: Record, batch: Batch) -> None:
        rows = _TABLES.decode(record.value or b"").rows
        # All before the first is put: a record that holds one bad row is none, not a part of one.
        told: list[tuple[str, Row]] = []
        for row in rows:
            values = TABLES[row.table].whole(row.values)
            values += (row.version, int(row.gone))
            told.append((row.table, values))
        for name, values in told:
            batch.put(name, values)
            if name in COPIED:
                for table, copy in copies(name, values, record.timestamp):
                    batch.put(table, copy)

    def _panes(self, record: Record, batch: Batch) -> None:
        key = (record.key or b"").decode("utf-8", "replace")
        if key.startswith(("!", "@")) or record.value is None:
            return  # open items and the stage's own notes
        newest, state = _LEDGER.decode(record.value)
        if state is None:
            return  # the windows stage let the pane go: it stays as it is
        subject, minute = key.rsplit("|", 1)
        pane = _PANE.decode(state)
        gone = not (pane.counters or pane.histograms or pane.sets)
        batch.put(
            "kpi_minutes",
            [subject, int(minute) * _MINUTE_S, *pane_values(pane), newest, int(gone)],
        )

    def _now(self, record: Record, batch: Batch) -> None:
        for row in _NOW.decode(record.value or b"").rows:
            batch.put(
                "kpi_now",
                [row.subject, row.kpi, row.window, row.as_of, row.value, row.n, row.as_of, 0],
            )


def unusable(record: Record, fault: Exception) -> Row:
    """The row of table `dead_letters` for a record that the sink cannot use.

    It goes straight into the table, not to the topic: read again, the record gives the same row, and
    a bad record on the topic of dead letters itself makes no circle.
    """
    payload, encoding = _text((record.value or b"")[:_KEPT_BYTES])
    origin = f"{record.topic}/{record.partition}/{record.offset}"
    detail = f"the sink cannot use this record: {fault!r}"[:4000]
    where = [origin, record.topic, record.partition, record.offset, record.timestamp]
    return [*where, "", "internal", detail, payload, encoding, record.timestamp, 0]


def _text(payload: bytes) -> tuple[str, str]:
    try:
        return payload.decode(), "utf8"
    except UnicodeDecodeError:
        return base64.b64encode(payload).decode(), "base64"


class _Letter(msgspec.Struct):
    """A dead letter as it stands on the topic (contract, section 7)."""

    reason: str
    topic: str = ""
    partition: int | None = None
    offset: int | None = None
    received_at: int | datetime | None = None
    source: str = ""
    detail: str = ""
    payload: str = ""
    encoding: str = "utf8"
    origin: str = ""


class _Alert(msgspec.Struct):
    """An alert's transition as it stands on the topic (contract, section 7)."""

    alert_id: str
    rule: str
    severity: str
    state: str
    at: int | datetime
    started_at: int | datetime
    subject_kind: str = ""
    subject: str = ""
    kpi: str = ""
    window: str | None = None
    value: float | None = None
    threshold: float | None = None
    n: int | None = None
    summary: str = ""
    runbook: str | None = None


_LETTER = msgspec.json.Decoder(_Letter)
_ALERT = msgspec.json.Decoder(_Alert)


def _dead_letters(record: Record, batch: Batch) -> None:
    letter = _LETTER.decode(record.value or b"")
    here = f"{record.topic}/{record.partition}/{record.offset}"
    row: list[Any] = [
        letter.origin or (record.key or b"").decode("utf-8", "replace") or here,
        letter.topic,
        -1 if letter.partition is None else letter.partition,
        -1 if letter.offset is None else letter.offset,
        _ms(letter.received_at, record.timestamp),
        letter.source or "",
        letter.reason,
        letter.detail,
        letter.payload,
        letter.encoding,
    ]
    batch.put("dead_letters", [*row, record.timestamp, 0])


def _alerts(record: Record, batch: Batch) -> None:
    alert = _ALERT.decode(record.value or b"")
    row: list[Any] = [
        alert.alert_id,
        _ms(alert.at, record.timestamp),
        alert.state,
        alert.severity,
        alert.rule,
        alert.subject_kind,
        alert.subject,
        alert.kpi,
        alert.window or "",
        alert.value,
        alert.threshold,
        alert.n,
        _ms(alert.started_at, record.timestamp),
        alert.summary,
        alert.runbook or "",
    ]
    batch.put("alerts", [*row, record.timestamp, 0])


def _ms(at: int | datetime | None, otherwise: int) -> int:
    """A time as other programs write it in JSON: ms since the epoch, or RFC 3339."""
    if isinstance(at, datetime):
        return round(at.timestamp() * 1000)
    return otherwise if at is None else at
