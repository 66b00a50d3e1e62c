"""A trial: a feed, topics of its own, workers, faults, and the judgement of what came out."""

import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.engine import pipeline
from tests.engine.feed import PANE_COUNTERS, Feed, Raw, recount
from tests.engine.workers import Worker
from tests.waiting import eventually

COMPACTED = {"cleanup.policy": "compact"}
LARGE = {"max.message.bytes": str(16 << 20)}
TOPICS: dict[str, dict[str, str]] = {
    "calls": {},
    "crm": {},
    "events": LARGE,
    "dead": {},
    "journeys": COMPACTED,
    "meas": LARGE,
    "panes": COMPACTED,
    "identities": COMPACTED,
}
INPUTS = ("calls", "crm", "events", "meas")


@dataclass
class Judgement:
    """What is wrong with the results; all zero when they are exact."""

    wrong_panes: int = 0
    wrong_dead_letters: int = 0
    conflicts: int = 0  #: ledger records of one key and version with different bytes
    #: not wrong, but telling: records older than one already in the ledger
    late: int = 0
    examples: list[Any] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        return not (self.wrong_panes or self.wrong_dead_letters or self.conflicts)


class Row(NamedTuple):
    """A record of a ledger."""

    partition: int
    key: bytes
    value: bytes


class Trial:
    def __init__(self, bootstrap: str, folder: Path, *, log_append_time: bool = False) -> None:
        self._config = {"message.timestamp.type": "LogAppendTime"} if log_append_time else {}
        self.bootstrap, self.folder = bootstrap, folder
        self.prefix = f"t{uuid4().hex[:8]}"
        self.workers: list[Worker] = []
        self._client: dict[str, Any] = {"bootstrap.servers": bootstrap, "log_level": 0}
        self._admin = AdminClient(self._client)
        self._group = self._consumer(self.prefix)
        self.create(*TOPICS)

    def topic(self, name: str) -> str:
        return pipeline.topic(self.prefix, name)

    def create(self, *names: str) -> None:
        asked = []
        for name in names:
            partitions = 1 if name == "identities" else pipeline.PARTITIONS
            asked.append(NewTopic(self.topic(name), partitions, 1, config=TOPICS[name] | self._config))
        for future in self._admin.create_topics(asked).values():
            future.result()

    def delete(self, name: str) -> None:
        for future in self._admin.delete_topics([self.topic(name)]).values():
            future.result()
        eventually(lambda: self.topic(name) not in self._admin.list_topics(timeout=5).topics)

    def delete_records(self, name: str) -> None:
        """Deletes all that is in a topic, as retention would."""
        ends = [TopicPartition(self.topic(name), p, -1) for p in range(pipeline.PARTITIONS)]
        for future in self._admin.delete_records(ends).values():
            future.result()

    # -- input

    def send(self, records: list[Raw], rate: float | None = None, times: Sequence[int] = ()) -> None:
        """Writes raw records, `rate` per second if given; `times`: as if at these moments, ms."""
        pause, failed = threading.Event(), []
        queue = {"linger.ms": 5, "queue.buffering.max.messages": 2_000_000, "compression.type": "lz4"}
        producer = Producer({**self._client, **queue, "enable.idempotence": True})  # none overtakes another
        for number, record in enumerate(records):
            if rate and number % 20 == 0:
                producer.poll(0)
                pause.wait(20 / rate)
            producer.produce(
                self.topic(record.topic),
                record.value,
                record.key,
                timestamp=times[number] if times else 0,
                on_delivery=lambda error, _: failed.append(error) if error else None,
            )
        producer.flush()
        assert not failed, failed[:3]

    def send_in_transactions(self, records: list[Raw], size: int) -> None:
        """Writes them by transactions; before each there is one that is taken back."""
        producer = Producer({**self._client, "transactional.id": self.prefix})
        producer.init_transactions()
        for first in range(0, len(records), size):
            part = records[first : first + size]
            for keep in (False, True):
                producer.begin_transaction()
                for record in part:
                    producer.produce(self.topic(record.topic), record.value, record.key)
                producer.flush()
                if keep:
                    producer.commit_transaction()
                else:
                    producer.abort_transaction()

    def copy(self, rows: list[Row], name: str) -> None:
        """Writes records once more, as they are, to their partitions."""
        producer = Producer(self._client)
        for row in rows:
            producer.produce(self.topic(name), row.value, row.key, row.partition)
        producer.flush()

    def feeding(self, feed: Feed, rate: float) -> threading.Thread:
        """Sends the feed from a thread of its own."""
        thread = threading.Thread(target=self.send, args=(feed.records, rate), daemon=True)
        thread.start()
        return thread

    # -- workers

    def worker(self, name: str = "w0", *, static: bool = True, **options: Any) -> Worker:
        told = {"prefix": self.prefix, "bootstrap": self.bootstrap, **options}
        if static:
            told["worker"] = name
        worker = Worker(self.folder, f"{self.prefix}-{name}", told)
        self.workers.append(worker)
        return worker

    def end(self) -> None:
        for worker in self.workers:
            worker.end(signal.SIGKILL)
        self._group.close()

    # -- result

    def lag(self, markers: int = 0) -> dict[str, int]:
        """Offsets per topic that the group has not yet committed.

        `markers`: how many at the end of each raw partition are no records, but markers of transactions.
        """
        found = {}
        for name in INPUTS:
            asked = [TopicPartition(self.topic(name), p) for p in range(pipeline.PARTITIONS)]
            no_records = markers if name in pipeline.RAW_TOPICS else 0
            found[name] = 0
            for tp in self._group.committed(asked, timeout=10):
                end = self._group.get_watermark_offsets(tp, timeout=10)[1]
                found[name] += max(0, end - max(0, tp.offset) - no_records)
        return found

    def drained(self, within: float = 60.0, *, markers: int = 0, every: float = 0.2) -> None:
        """Waits until everything is processed and committed, by every stage."""
        calm = [0]

        def empty() -> bool:
            try:
                left = sum(self.lag(markers).values())
            except KafkaException:  # a new broker's coordinator may not be there yet
                left = 1
            calm[0] = 0 if left else calm[0] + 1
            return calm[0] >= 2

        try:
            eventually(empty, within, every, "no lag")
        except AssertionError as late:
            told = "\n".join(w.errors[-3000:] for w in self.workers)
            raise AssertionError(f"{late}; {self.lag()}\n{told}") from None

    def _consumer(self, group: str = "reader") -> Consumer:
        return Consumer({**self._client, "group.id": group, "enable.auto.commit": False})

    def read(self, name: str) -> Iterator[Message]:
        """Everything that stands in a topic now."""
        consumer, left = self._consumer(), {}
        for number in range(pipeline.PARTITIONS):
            low, high = consumer.get_watermark_offsets(TopicPartition(self.topic(name), number), timeout=10)
            if high > low:
                left[number] = (low, high)
        start = [TopicPartition(self.topic(name), p, low) for p, (low, _) in left.items()]
        consumer.assign(start)
        ends = {p: high for p, (_, high) in left.items()}
        while ends:
            for message in consumer.consume(5000, 0.1):
                assert not message.error(), message.error()
                yield message
            for tp in consumer.position(start):
                if tp.partition in ends and tp.offset >= ends[tp.partition]:
                    del ends[tp.partition]
        consumer.close()

    def rows(self, name: str) -> list[Row]:
        """Everything that stands in a ledger now."""
        found = []
        for message in self.read(name):
            partition, key, value = message.partition(), message.key(), message.value()
            assert partition is not None
            assert key is not None
            assert value is not None
            found.append(Row(partition, key, value))
        return found

    def folded_by_intake(self) -> dict[int, list[tuple[int, int, int]]]:
        """By partition of events: source, offset and time of the raw records, in the order of the fold."""
        found: dict[int, list[tuple[int, int, int]]] = {}
        for message in self.read("events"):
            rows = found.setdefault(message.partition() or 0, [])
            rows += [tuple(row[:3]) for row in pipeline.unpack(message.value() or b"")]
        return found

    def ledger(self, name: str, judged: Judgement) -> dict[bytes, bytes]:
        """Newest state by key; counts what no ledger may hold."""
        versions: dict[tuple[int, bytes, int], bytes] = {}
        newest: dict[bytes, tuple[int, bytes]] = {}
        for partition, key, value in self.rows(name):
            version, state = msgspec.msgpack.decode(value)
            if versions.setdefault((partition, key, version), state) != state:
                judged.conflicts += 1
            if key in newest and version < newest[key][0]:
                judged.late += 1
            if key not in newest or version > newest[key][0]:
                newest[key] = (version, state)
        return {key: state for key, (_, state) in newest.items()}

    def judge(self, feed: Feed) -> Judgement:
        """Compares everything that came out with a recount."""
        judged = Judgement()
        self.ledger("journeys", judged)
        panes = {
            key.decode(): pipeline.read_pane(state).counters
            for key, state in self.ledger("panes", judged).items()
        }
        expected, nothing = recount(feed.events), [0] * PANE_COUNTERS
        for key in expected.keys() | panes.keys():
            right, found = expected.get(key, nothing), panes.get(key, nothing)
            if right != found:
                judged.wrong_panes += 1
                judged.examples = [*judged.examples[:4], (key, right, found)]
        origins = {message.key() for message in self.read("dead")}
        judged.wrong_dead_letters = abs(len(origins) - feed.malformed)
        return judged
