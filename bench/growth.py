"""What grows with the work: rate, memory, ledger, recovery and latency at several sizes of one thing.

    python -m bench.growth [--only managers customers partitions] [--events 40000] [--smallest 1] [--largest 1000000]

One worker process on a broker of its own, without ClickHouse. For each size it reads a backlog, is
killed with -9, starts again, and then gets single events, one after the other:
  managers    so many of them share the same number of call events
  customers   so many have a lead that waits, which is state that is kept
  partitions  of the internal topics, with the same events
No cost may grow faster than the work: CPU per event and bytes of the ledger per event should stay.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.backlog import Event, call_events, key, sized_config, value
from bench.figures import save
from bench.parts import Role, wait_for
from bench.processes import Meter, memory_mb
from bench.progress import WORKER, Progress
from streams.importing.writer import KafkaWriter
from streams.local.broker import Broker
from streams.settings import Settings
from streams.topics import CALLS, STAGES, InternalTopics
from streams.topology import ensure_topics

#: Sizes of each thing.
SIZES = {
    "managers": [10, 100, 1_000, 10_000],
    "customers": [10_000, 100_000, 1_000_000],
    "partitions": [1, 4, 16, 64],
}
_MANAGERS, _PARTITIONS = 200, 8
_WITHIN_S = 900.0
_ALONE = 25  #: events that are sent one by one


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one size."""

    size: int
    events: int
    rate: float  #: events/s
    cpu_us: float  #: of the worker, per event
    memory_mb: float  #: of the worker, at its peak
    ledger_mb: float  #: on the broker's disk, compressed, before the next compaction
    ledger_bytes: float  #: the same, per event
    recovery_s: float  #: from the start after kill -9 to all state loaded
    latency_ms: float  #: of an event alone, from the topic to the stored pane of the whole centre, median


def leads(count: int) -> Iterator[Event]:
    """A lead of each of so many customers, a few seconds old, that nobody has tried to reach."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    for number in range(count):
        yield {
            "event_id": f"lead-{number}",
            "type": "lead.created",
            "occurred_at": now,
            "source": "crm",
            "customer": f"+7900{number:07d}",
            "lead_id": f"{number}",
            "group": "sales",
            "channel": "web_form",
        }


class Size:
    """One size of one thing on a broker that has served others before."""

    def __init__(self, broker: Broker, folder: Path, settings: Settings, size: int) -> None:
        folder.mkdir()
        self._broker, self._folder, self._settings, self._size = broker, folder, settings, size
        self._topics = InternalTopics(settings.epoch)
        ensure_topics(settings)
        self._progress = Progress(settings.kafka)
        self._progress.forget([WORKER])
        wait_for(self._begins_here, "what was written so far is passed over", 30, 0.5)

    def _begins_here(self) -> bool:
        try:
            self._progress.pass_over(WORKER, [CALLS, STAGES])
        except KafkaException:  # a new topic has no leader yet
            return False
        return True

    def measure(self, topic: str, events: list[Event] | Iterator[Event]) -> Measured:
        """Reads the events, is killed, comes back, and gets single events."""
        worker = Role("worker", self._settings, self._folder).wait_ready()
        try:
            worker.freeze()
            count = self._write(topic, events)
            meter, began = Meter({"worker": worker.pid}), time.monotonic()
            worker.thaw()
            wait_for(self._through, "the worker has done all events", _WITHIN_S, 0.2)
            seconds, cpu = time.monotonic() - began, meter.used()["worker"]
            memory, ledger = memory_mb(worker.pid, peak=True), self._ledger_bytes()
            worker.kill()
            began = time.monotonic()
            worker = Role("worker", self._settings, self._folder, "worker again").wait_ready(_WITHIN_S)
            recovery = time.monotonic() - began
            latency = statistics.median(self._alone())
        finally:
            worker.stop()
        return Measured(
            size=self._size,
            events=count,
            rate=count / seconds,
            cpu_us=cpu / count * 1e6,
            memory_mb=memory,
            ledger_mb=ledger / 2**20,
            ledger_bytes=ledger / count,
            recovery_s=recovery,
            latency_ms=latency,
        )

    def _write(self, topic: str, events: list[Event] | Iterator[Event]) -> int:
        writer, count = KafkaWriter(self._settings.kafka), 0
        for event in events:
            writer.put(topic, key(event), value(event))
            count += 1
        writer.finish()
        return count

    def _through(self) -> bool:
        return self._progress.through(self._settings.epoch, WORKER)

    def _ledger_bytes(self) -> int:
        ledgers = (self._topics.journeys, self._topics.panes)
        return sum(
            log.stat().st_size
            for ledger in ledgers
            for log in self._broker.data_dir.rglob(f"{ledger}-*/*.log")
        )

    def _alone(self) -> Iterator[float]:
        """How old single events are when the whole centre's pane is stored, ms."""
        panes = Consumer({"bootstrap.servers": self._settings.kafka, "group.id": "growth"})
        numbers = range(self._settings.partitions)
        places = [TopicPartition(self._topics.panes, number) for number in numbers]
        for place in places:
            place.offset = panes.get_watermark_offsets(place, timeout=10)[1]
        panes.assign(places)
        for number in range(_ALONE):
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            called: dict[str, Any] = {
                "event_id": f"alone-{self._settings.epoch}-{number}",
                "type": "call.started",
                "occurred_at": now,
                "source": "pbx",
                "customer": f"+7911{number:07d}",
                "call_id": f"alone-{self._settings.epoch}-{number}",
                "direction": "in",
                "group": "sales",
            }
            sent = time.time()
            self._write(CALLS, [called])
            while True:
                message = panes.poll(10)
                if message is None:
                    raise TimeoutError("no pane within 10 s of a call")
                if (message.key() or b"").startswith(b"a:all|"):
                    break
            yield (time.time() - sent) * 1000
        panes.close()


def table(what: str, found: list[Measured]) -> list[str]:
    """The sizes of one thing as rows."""
    head = f"| {what} | events | events/s | CPU µs/event | peak MB | ledger MB (bytes/event) | kill -9 to ready | one event to its pane |"
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for each in found:
        cells = [
            f"{each.size:,}",
            f"{each.events:,}",
            f"{each.rate:,.0f}",
            f"{each.cpu_us:.0f}",
            f"{each.memory_mb:,.0f}",
            f"{each.ledger_mb:,.1f} ({each.ledger_bytes:,.0f})",
            f"{each.recovery_s:.1f} s",
            f"{each.latency_ms:,.0f} ms",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def measure_all(what: str, sizes: list[int], asked: argparse.Namespace, folder: Path) -> list[Measured]:
    """Every size of one thing, on one broker."""
    broker = Broker(folder / "kafka")
    broker.start()
    found = []
    try:
        plain = Settings(
            kafka=broker.bootstrap,
            secret="a secret of the benches",  # noqa: S106 - it keeps nothing secret
            instance="growth",
            partitions=_PARTITIONS,
        )
        for epoch, size in enumerate(sizes, 2):
            managers = size if what == "managers" else _MANAGERS
            config = sized_config(folder / f"config {size}", managers)
            partitions = size if what == "partitions" else _PARTITIONS
            settings = replace(plain, epoch=epoch, config=config, partitions=partitions)
            one = Size(broker, folder / f"size {size}", settings, size)
            if what == "customers":
                found.append(one.measure(STAGES, leads(size)))
            else:
                found.append(one.measure(CALLS, call_events(asked.events, config)))
            print(found[-1], flush=True)
    finally:
        broker.kill()
    return found


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--smallest", type=int, default=1, help="no smaller sizes than this")
    parser.add_argument("--largest", type=int, default=1_000_000, help="no larger sizes than this")
    asked = parser.parse_args()
    tables: dict[str, list[str]] = {}
    figures = {}
    for what in asked.only:
        with tempfile.TemporaryDirectory() as name:
            sizes = [size for size in SIZES[what] if asked.smallest <= size <= asked.largest]
            found = measure_all(what, sizes, asked, Path(name))
        tables[what] = table(what, found)
        figures[what] = [asdict(each) for each in found]
        print("\n".join(["", *tables[what], ""]), flush=True)
    save("growth", {"tables": tables, "figures": figures})


if __name__ == "__main__":
    main()
