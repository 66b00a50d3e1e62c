"""One run of the plain Faust app over the backlog; see `bench.whole`."""

import json
import sys
from pathlib import Path
from uuid import uuid4

from confluent_kafka.admin import AdminClient, NewTopic

from bench.parts import Process, wait_for
from bench.plain_faust import PARTITIONS
from bench.processes import Meter, memory_mb
from bench.run import Run
from streams.local.broker import Broker
from streams.topics import CALLS

_WITHIN = 90.0


def run_plain(broker: Broker, folder: Path, events: int) -> Run:
    """From its first event to its last of `events`."""
    name = f"plain{uuid4().hex[:6]}"
    _make_topics(broker.bootstrap, name)
    command = [sys.executable, "-m", "bench.plain_faust", name, broker.bootstrap, CALLS, f"{name}.out"]
    process = Process("plain", [*command, str(events)], folder, {})
    assert broker.process is not None
    try:
        wait_for(lambda: _lines(process) >= 1, "the plain app's first event", _WITHIN)
        meter = Meter({"broker": broker.process.pid, "worker": process.pid})
        wait_for(lambda: _lines(process) >= 2, "the plain app's last event", _WITHIN)
        used = meter.used()
        memory, peak = memory_mb(process.pid), memory_mb(process.pid, peak=True)
    finally:
        process.stop()
    first, last = (json.loads(line) for line in _told(process)[:2])
    seconds = last["at"] - first["at"]
    return Run(
        worker_rate=(events - 1) / seconds,
        stored_rate=0.0,
        cores={part: cpu / seconds for part, cpu in used.items()},
        cpu_us={part: cpu / events * 1e6 for part, cpu in used.items() if part != "others"},
        memory_mb={"worker": memory},
        peak_mb={"worker": peak},
    )


def _told(process: Process) -> list[str]:
    return [line for line in process.log.read_text().splitlines() if line.startswith('{"at"')]


def _lines(process: Process) -> int:
    process.check()
    return len(_told(process))


def _make_topics(bootstrap: str, name: str) -> None:
    changelog = NewTopic(f"{name}-counts-changelog", PARTITIONS, 1, config={"cleanup.policy": "compact"})
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    for made in admin.create_topics([NewTopic(f"{name}.out", PARTITIONS, 1), changelog]).values():
        made.result()
