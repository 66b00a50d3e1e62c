"""One run of the whole pipeline over the backlog; see `bench.whole`."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from bench.backlog import Event, write
from bench.parts import ClickHouse, Process, Role, wait_for
from bench.processes import Meter, memory_mb
from bench.progress import CORRECTIONS, SINK, WORKER, Progress
from bench.run import Run
from streams.local.broker import Broker
from streams.settings import Settings
from streams.sinks.connection import connect
from streams.sinks.migrations import migrate
from streams.topics import CALLS, STAGES, InternalTopics
from streams.topology import ensure_topics

_LOOK_S = 0.1
#: Workers that start together share the partitions out anew; after so long that is over, s.
_SETTLES_S = 2.0


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done by how many."""

    events: list[Event]
    workers: int
    config: Path  #: folder of the configuration files
    within: float  #: s
    stored: bool = True  #: by a sink in ClickHouse


def run_pipeline(broker: Broker, folder: Path, epoch: int, job: Job) -> Run:
    """From all processes at work to the last row stored; `epoch` has not been used before.

    The workers are frozen while the backlog is written, so that they find all of it at once.
    """
    parts: list[Process] = []
    settings = Settings(
        kafka=broker.bootstrap,
        config=job.config,
        secret="a secret of the benches",  # noqa: S106 - it keeps nothing secret
        epoch=epoch,
    )
    try:
        _prepare(settings)
        if job.stored:
            clickhouse = ClickHouse(folder)
            parts.append(clickhouse)
            stored = replace(settings, clickhouse=clickhouse.url)
            _prepare_tables(stored)
            parts.append(Role("sink", stored, folder).wait_ready())
        roles = [Role("worker", settings, folder, f"worker {number + 1}") for number in range(job.workers)]
        parts.extend(roles)
        for role in roles:
            role.wait_ready()
        time.sleep(_SETTLES_S)
        for role in roles:
            role.freeze()
        write(broker.bootstrap, job.events)
        assert broker.process is not None
        pids = {"broker": broker.process.pid, **{part.name: part.pid for part in parts}}
        for role in roles:
            role.thaw()
        return _measure(Progress(broker.bootstrap), pids, epoch, job)
    finally:
        for part in reversed(parts):
            part.stop()


def _prepare(settings: Settings) -> None:
    """New internal topics, and groups to which what was written so far is nothing."""
    ensure_topics(settings)
    progress = Progress(settings.kafka)
    progress.forget()
    progress.pass_over(WORKER, [CALLS, STAGES])


def _prepare_tables(settings: Settings) -> None:
    client = connect(settings.clickhouse)
    try:
        migrate(client)
    finally:
        client.close()


def _measure(progress: Progress, pids: dict[str, int], epoch: int, job: Job) -> Run:
    began, meter = time.monotonic(), Meter(pids)
    events = len(job.events)
    wait_for(lambda: progress.through(epoch, WORKER), "the worker has done all events", job.within, _LOOK_S)
    worker_s = time.monotonic() - began
    if job.stored:
        stored = (WORKER, CORRECTIONS, SINK)
        wait_for(lambda: progress.through(epoch, *stored), "all rows are stored", job.within, _LOOK_S)
    stored_s = time.monotonic() - began
    used = _of_kinds(meter.used())
    return Run(
        worker_rate=events / worker_s,
        stored_rate=events / stored_s if job.stored else 0.0,
        cores={part: cpu / stored_s for part, cpu in used.items()},
        cpu_us={part: cpu / events * 1e6 for part, cpu in used.items() if part != "others"},
        memory_mb=_of_kinds({part: memory_mb(pid) for part, pid in pids.items()}),
        peak_mb=_of_kinds({part: memory_mb(pid, peak=True) for part, pid in pids.items()}),
        recomputed=progress.written([InternalTopics(epoch).recompute]),
    )


def _of_kinds(parts: dict[str, float]) -> dict[str, float]:
    """All workers together."""
    found: dict[str, float] = {}
    for part, amount in parts.items():
        name = part.split()[0]
        found[name] = found.get(name, 0.0) + amount
    return found
