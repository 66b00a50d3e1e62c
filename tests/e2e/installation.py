"""A whole Salespulse on this machine, driven from outside like its users do: `salespulse up`."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from streams.local.broker import answers
from tests.waiting import eventually

#: What the pipeline reads, upstream first, and the consumer group that reads it.
WORKER, SINK, CORRECTIONS = "salespulse", "salespulse.sink", "salespulse.corrections"
GROUPS = (WORKER, SINK, CORRECTIONS)


def read_in(epoch: int) -> tuple[tuple[str, str], ...]:
    """Topics that are read in an epoch, and by which group."""
    suffix = "" if epoch == 1 else f".e{epoch}"
    worker, sink, corrections = (f"{group}{suffix}" for group in GROUPS)
    return (
        ("pbx.calls", worker),
        ("crm.stages", worker),
        (f"salespulse.history.e{epoch}", corrections),
        (f"salespulse.events.e{epoch}", worker),
        (f"salespulse.measurements.e{epoch}", worker),
        (f"salespulse.recompute.e{epoch}", corrections),
        (f"salespulse.events.e{epoch}", sink),
        (f"salespulse.customers.e{epoch}", sink),
        (f"salespulse.records.e{epoch}", sink),
        (f"salespulse.panes.e{epoch}", sink),
        ("dead-letters", sink),
        ("alerts", sink),
    )


Message = tuple[str, bytes | None, bytes | None]


def free_port() -> int:
    """A port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Installation:
    """`salespulse up` in a folder of its own, its parts, and what its users can see."""

    def __init__(self, folder: Path, config: Path, **environment: str) -> None:
        self.folder = folder
        self.kafka_port, self.clickhouse_port, self.http_port = (free_port() for _ in range(3))
        self.kafka = f"127.0.0.1:{self.kafka_port}"
        self._config = config
        #: the epoch in force, which a rebuild raises
        self.epoch = 1
        self._environment = {**os.environ, **environment}
        self._up: subprocess.Popen[bytes] | None = None

    # -- life

    def start(self) -> None:
        """Starts everything and waits until it is ready."""
        command = [
            str(Path(sys.executable).with_name("salespulse")),
            "up",
            "--no-demo",
            f"--data-dir={self.folder}",
            f"--kafka-port={self.kafka_port}",
            f"--clickhouse-port={self.clickhouse_port}",
            f"--http-port={self.http_port}",
            f"--config={self._config}",
        ]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._up = subprocess.Popen(
                command, stdout=log, stderr=log, env=self._environment, start_new_session=True
            )
        self.wait_ready()

    def wait_ready(self, within: float = 180) -> None:
        """Waits until the gateway says that all parts are ready."""
        eventually(self._ready, within, what="all parts of `salespulse up` ready")

    def _ready(self) -> bool:
        assert self._up is not None
        assert self._up.poll() is None, f"`salespulse up` ended with {self._up.returncode}"
        try:
            with urllib.request.urlopen(self.http("/ready"), timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> int:
        """Ctrl-C, as a user would; the exit code."""
        assert self._up is not None
        self._up.send_signal(signal.SIGINT)
        return self._up.wait(30)

    def destroy(self) -> None:
        """Kills whatever is left."""
        for pid in [*self.parts().values(), *([self._up.pid] if self._up else [])]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self._up:
            self._up.wait(30)

    def parts(self) -> dict[str, int]:
        """Process ids of the running parts: worker, sink, gateway, clickhouse, broker."""
        found = {}
        marks = {
            "worker": b"\0worker",
            "sink": b"\0sink",
            "gateway": b"\0gateway",
            "clickhouse": b"streams.local.clickhouse",
            "broker": b"kafka.Kafka",
        }
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                command = (process / "cmdline").read_bytes()
                surroundings = (process / "environ").read_bytes()
            except OSError:
                continue
            mine = str(self.folder).encode()
            if mine not in command and mine not in surroundings:
                continue
            for name, mark in marks.items():
                if mark in command:
                    found[name] = int(process.name)
        return found

    def kill(self, part: str) -> int:
        """kill -9 of a part, which the supervisor brings back; its process id."""
        pid = eventually(lambda: self.parts().get(part, 0), 90, what=f"{part} runs")
        os.kill(pid, signal.SIGKILL)
        return pid

    def environment(self) -> dict[str, str]:
        """The environment in which other commands of the installation work."""
        return {
            **self._environment,
            "SALESPULSE_KAFKA": self.kafka,
            "SALESPULSE_CLICKHOUSE": f"http://default:@127.0.0.1:{self.clickhouse_port}",
            "SALESPULSE_CONFIG": str(self._config),
            "SALESPULSE_DATA_DIR": str(self.folder),
        }

    # -- what users do

    def http(self, path: str) -> str:
        """Address of the gateway."""
        return f"http://127.0.0.1:{self.http_port}{path}"

    def wait_kafka(self) -> None:
        """Waits until the broker takes records."""
        eventually(lambda: answers(self.kafka, 2), 60, what="the broker answers")

    def produce(self, messages: Iterable[Message]) -> int:
        """Writes to the public topics as any producer would; how many were taken."""
        producer = Producer(
            {
                "bootstrap.servers": self.kafka,
                "compression.type": "lz4",
                "enable.idempotence": True,
                "message.max.bytes": 4 << 20,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        failed: list[object] = []

        def delivered(error: object, _: object) -> None:
            if error:
                failed.append(error)

        count = 0
        for topic, key, value in messages:
            producer.produce(topic, value, key, on_delivery=delivered)
            count += 1
            if count % 500 == 0:
                producer.poll(0)
        assert producer.flush(60) == 0, "the broker did not take everything"
        assert not failed, failed[:3]
        return count

    def query(self, sql: str) -> list[list[str]]:
        """Rows of a query, as an analyst's client sees them."""
        url = f"http://127.0.0.1:{self.clickhouse_port}/?default_format=TabSeparated"
        request = urllib.request.Request(url, data=sql.encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{sql}\n{error.read().decode()}") from error
        return [line.split("\t") for line in text.splitlines()]

    # -- what can be waited for

    def lag(self) -> dict[str, int]:
        """Records that nobody has finished with yet, by group and topic."""
        found = {}
        read = read_in(self.epoch)
        for group in {reader for _, reader in read}:
            consumer = Consumer(
                {
                    "bootstrap.servers": self.kafka,
                    "group.id": group,
                    "enable.auto.commit": False,
                }
            )
            try:
                for topic, reader in read:
                    if reader == group:
                        found[f"{group} {topic}"] = _lag(consumer, topic)
            finally:
                consumer.close()
        return found

    def wait_drained(self, within: float = 120) -> None:
        """Waits until everything written so far has reached ClickHouse."""
        seen: list[dict[str, int]] = []

        def still() -> bool:
            try:
                seen.append(self.lag())
            except KafkaException:
                return False
            return len(seen) > 1 and not any(seen[-1].values()) and not any(seen[-2].values())

        try:
            eventually(still, within, every=0.3)
        except AssertionError:
            raise AssertionError(f"not drained within {within} s: {seen[-1:]}") from None


def _lag(consumer: Consumer, topic: str) -> int:
    metadata = consumer.list_topics(topic, timeout=10).topics[topic]
    places = [TopicPartition(topic, number) for number in metadata.partitions]
    total = 0
    for place in consumer.committed(places, timeout=10):
        low, high = consumer.get_watermark_offsets(place, timeout=10)
        total += high - max(place.offset, low)
    return total
