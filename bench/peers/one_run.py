"""One engine does the job once: rate, CPU and memory, and whether what it says is right."""

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from bench.parts import Process, wait_for
from bench.peers.engines import Engine, Rows
from bench.peers.job import PARTITIONS
from bench.peers.topics import LEDGER
from bench.processes import cpu_s, memory_mb
from streams.local.broker import Broker

_WITHIN_S = 400.0
#: The output has ended when nothing came for so long, s.
_STILL_S = 3.0
_SAID = re.compile(r"^@(first|last) (\d+) ([\d.]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Job:
    """The topic that an engine reads, and each manager's last row as it has to be."""

    topic: str
    events: int
    own: Rows  #: as of each manager's own last minute
    together: Rows  #: as of the last minute of all


@dataclass(frozen=True, slots=True)
class Result:
    """Of one run. Rates in events/s, from the first event done to the last one done and written."""

    rate: float
    cores: float
    cpu_us: float  #: per event
    memory_mb: float  #: at its peak
    rows: int  #: written to the output
    wrong: list[str]  #: managers whose last row is not as it has to be


def run(engine: Engine, job: Job, broker: Broker, folder: Path) -> Result:
    """Starts the engine, waits until it is through, and reads what it wrote."""
    name = f"run{uuid4().hex[:8]}"
    output = f"{name}-out"
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    _make_topics(admin, name, output, ledger=engine.ledger)
    place = folder / name
    place.mkdir()
    environment = {
        "JOB_BOOTSTRAP": broker.bootstrap,
        "JOB_TOPIC": job.topic,
        "JOB_OUTPUT": output,
        "JOB_RUN": name,
        "JOB_EVENTS": str(job.events),
        "JOB_FOLDER": str(place),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "PYTHONUNBUFFERED": "1",
    }
    process = Process(name, engine.command(), place, environment)
    try:
        first, events_of_first, began_cpu = _wait_for("first", process)
        last, events, ended_cpu = _wait_for("last", process)
        read: Rows = {}
        last_written = 0.0
        count = 0
        if engine.take is not None:
            read, count, last_written = _output(engine, broker.bootstrap, output)
        memory = memory_mb(process.pid, peak=True)
    finally:
        process.stop()
        _drop_topics(admin, name)
    seconds = max(last, last_written) - first
    cpu = ended_cpu - began_cpu
    return Result(
        rate=(events - events_of_first) / seconds,
        cores=cpu / (last - first),
        cpu_us=cpu / (events - events_of_first) * 1e6,
        memory_mb=memory,
        rows=count,
        wrong=_wrong(read, job.together if engine.together else job.own) if engine.take else [],
    )


def _wait_for(what: str, process: Process) -> tuple[float, int, float]:
    """Waits until the engine says it; when that was, how many events, and its CPU seconds so far."""
    found: dict[str, tuple[float, int]] = {}

    def said() -> bool:
        process.check()
        for word, events, at in _SAID.findall(process.log.read_text(errors="replace")):
            found[word] = (float(at), int(events))
        return what in found

    wait_for(said, f"{process.name} says its {what} event", _WITHIN_S)
    return (*found[what], cpu_s(process.pid))


def _output(engine: Engine, bootstrap: str, topic: str) -> tuple[Rows, int, float]:
    """Each manager's last row, how many rows, and when the last was appended (s since the epoch)."""
    assert engine.take is not None
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": topic,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    rows: Rows = {}
    count, last, came = 0, 0, time.monotonic()
    while time.monotonic() - came < _STILL_S:
        for message in consumer.consume(5000, 0.2):
            value = message.value()
            if message.error() or value is None:
                continue
            came, count = time.monotonic(), count + 1
            last = max(last, message.timestamp()[1])
            engine.take(rows, value)
    consumer.close()
    return rows, count, last / 1000


def _wrong(rows: Rows, wanted: Rows) -> list[str]:
    """Managers of whom a total that the engine gives is wrong, or who are missing."""
    found = []
    for manager, row in wanted.items():
        given = rows.get(manager)
        if given is None or any(given[name] != value for name, value in row.items() if name in given):
            found.append(manager)
    return found


def _make_topics(admin: AdminClient, name: str, output: str, *, ledger: bool) -> None:
    log_append = {"message.timestamp.type": "LogAppendTime"}
    wanted = [NewTopic(output, PARTITIONS, 1, config=log_append)]
    if ledger:
        wanted.append(NewTopic(f"{name}{LEDGER}", PARTITIONS, 1, config={"cleanup.policy": "compact"}))
    for made in admin.create_topics(wanted).values():
        made.result()


def _drop_topics(admin: AdminClient, name: str) -> None:
    """The run's own topics, those that the engine made for itself among them."""
    own = [topic for topic in admin.list_topics(timeout=10).topics if name in topic]
    if own:
        admin.delete_topics(own)
    os.sync()
