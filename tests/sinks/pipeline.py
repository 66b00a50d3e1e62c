"""What the sink reads, written by hand into the topics of an epoch of its own."""

import itertools
import random
import uuid
from collections.abc import Sequence

import msgspec
from confluent_kafka import Producer

from streams import topics
from streams.clock import now_ms
from streams.records import (
    CustomerRow,
    Event,
    EventRow,
    EventsRecord,
    NowRecord,
    NowRow,
    PaneState,
    TableRow,
    TablesRecord,
    pack,
    version,
)
from streams.settings import Settings
from streams.topology import ensure_topics

_EPOCHS = itertools.count(random.randrange(1_000, 400_000))

#: 2026-01-12 09:00:00 UTC, a Monday.
START = 1_768_208_400_000
MINUTE = START // 60_000


class Upstream:
    """Stands for the worker: writes what its stages would."""

    def __init__(self, brokers: str, clickhouse: str) -> None:
        self.settings = Settings(kafka=brokers, clickhouse=clickhouse, epoch=next(_EPOCHS))
        self.internal = topics.InternalTopics(self.settings.epoch)
        self.group = f"sink-{uuid.uuid4()}"
        ensure_topics(self.settings)
        self._producer = Producer({"bootstrap.servers": brokers, "linger.ms": 5, "log_level": 0})
        self._offsets = itertools.count(1)

    def send(self, topic: str, value: bytes, key: bytes | None = None, partition: int = 0) -> None:
        self._producer.produce(topic, value, key, partition)

    def flush(self) -> None:
        assert self._producer.flush(30) == 0

    def calls(self, first: int, last: int) -> None:
        """So many inbound calls to group sales, one a second, each with its facts, and their panes."""
        for number in range(first, last):
            at = START + number * 1_000
            newest = version(self.settings.epoch, number)
            event = Event(
                "pbx",
                f"e{number}",
                "call.started",
                at,
                f"c{number % 7}",
                "",
                "sales",
                {"call_id": f"{number}"},
            )
            row = EventRow(0, 0, number, at, event)
            self.send(self.internal.events, pack(EventsRecord("cfg", [row])))
            self.send(self.internal.records, pack(TablesRecord(facts(number, at, newest))))
        self.flush()

    def panes(self, last: int, subjects: Sequence[str] = ("g:sales", "a:all")) -> None:
        """The panes that follow from the calls before `last`, written as the ledger is."""
        for minute in range(MINUTE, MINUTE + (last + 59) // 60):
            count = min(60, last - (minute - MINUTE) * 60)
            state = PaneState({0: 1}, {"call_in": [count, 0]}, {}, {})
            for subject in subjects:
                self.pane(subject, minute, state)
        self.flush()

    def pane(self, subject: str, minute: int, state: PaneState, offset: int | None = None) -> None:
        newest = version(self.settings.epoch, next(self._offsets) if offset is None else offset)
        self.send(self.internal.panes, pack([newest, pack(state)]), f"{subject}|{minute}".encode())

    def others(self) -> None:
        """One record of each further topic."""
        customer = CustomerRow("c1", "+74951234567", "+7 *** ***-**-67")
        self.send(self.internal.customers, pack(customer), b"c1")
        self.send(self.internal.now, pack(NowRecord([NowRow(now_ms(), "a:all", "calls_in", "5m", 3.0, 3)])))
        self.alert("firing")
        origin = f"here/{self.group}"
        letter = {"origin": origin, "reason": "not_json", "received_at": now_ms()}
        self.send(topics.DEAD_LETTERS, msgspec.json.encode(letter), origin.encode())
        self.flush()

    def alert(self, state: str, at: int = START, severity: str = "warning", change: str = "") -> None:
        transition = {
            "alert_id": f"id-{self.group}",
            "rule": "missed-share",
            "severity": severity,
            "state": state,
            "subject_kind": "group",
            "subject": "sales",
            "kpi": "missed_share",
            "window": "15m",
            "value": 0.25,
            "threshold": 0.1,
            "n": 12,
            "started_at": START,
            "at": at,
            "change": change,
            "summary": "Sales: 25% of 12 calls missed in 15m",
        }
        self.send(topics.ALERTS, msgspec.json.encode(transition), b"missed-share|group|sales")
        self.flush()


def facts(number: int, at: int, newest: int) -> list[TableRow]:
    values = [f"pbx/{number}", "call_in", "", "sales", True, at, 1, "", f"c{number % 7}"]
    return [TableRow("measurements", newest, False, values)]
