"""Events per second of the whole pipeline out of a backlog, in turn with a plain Faust app doing less.

    python -m bench.whole [--events 100000] [--managers 150] [--plain-events 10000] [--rounds 3]

One broker, one backlog of call events on `pbx.calls` (8 partitions; about a day of a simulated call
centre with so many managers), read in turn by the plain app, by one worker process and by two, with the sink
storing meanwhile into a ClickHouse of its own, and by as many without either. A rate counts from the moment when all processes are at
work: of the worker to the last event acknowledged by all its stages; of the whole to the last row
stored. Everything shares the machine's cores: the broker, ClickHouse, sink and worker. A broker runs twice as
fast once the JVM has compiled what it does; so the first round is slower than those after it.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.backlog import call_events, sized_config, write
from bench.figures import Figures, medians, save
from bench.run import Run
from bench.whole_pipeline import Job, run_pipeline
from bench.whole_plain import run_plain
from streams.local.broker import Broker
from streams.settings import Settings
from streams.topology import ensure_topics

Runs = dict[str, list[Run]]


def rounds(broker: Broker, folder: Path, asked: argparse.Namespace, job: Callable[[int], Job]) -> Runs:
    """Each way once per round, each round beginning with another. `job`: for so many workers."""
    ways = ["plain", *(f"{kind} {number}" for number in asked.workers for kind in ("workers", "unstored"))]
    found: Runs = {way: [] for way in ways}
    epoch = 1
    for number in range(asked.rounds):
        turn = number % len(ways)
        for way in ways[turn:] + ways[:turn]:
            epoch += 1
            place = folder / f"{epoch}"
            place.mkdir()
            if way == "plain":
                run = run_plain(broker, place, asked.plain_events)
            else:
                kind, workers = way.split()
                one = replace(job(int(workers)), stored=kind == "workers")
                run = run_pipeline(broker, place, epoch, one)
            found[way].append(run)
            print(f"round {number + 1}, {way}: {told(run)}", flush=True)
    return found


def told(run: Run) -> str:
    """One run as a line."""
    parts = [f"{run.worker_rate:,.0f} events/s"]
    if run.stored_rate:
        parts.append(f"with everything stored {run.stored_rate:,.0f}")
    parts.append("cores " + ", ".join(f"{name} {value:.2f}" for name, value in run.cores.items()))
    parts.append("CPU µs/event " + ", ".join(f"{name} {value:,.0f}" for name, value in run.cpu_us.items()))
    parts.append("peak MB " + ", ".join(f"{name} {value:,.0f}" for name, value in run.peak_mb.items()))
    if run.recomputed:
        parts.append(f"{run.recomputed:,} records of panes to recompute")
    return "; ".join(parts)


def figures(runs: Runs) -> Figures:
    """Medians by way."""
    return {
        way: {
            "worker_rate": [run.worker_rate for run in each],
            "stored_rate": [run.stored_rate for run in each],
            "cores": medians([run.cores for run in each]),
            "cpu_us": medians([run.cpu_us for run in each]),
            "memory_mb": medians([run.memory_mb for run in each]),
            "peak_mb": medians([run.peak_mb for run in each]),
        }
        for way, each in runs.items()
    }


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--plain-events", type=int, default=10_000)
    parser.add_argument("--managers", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="numbers of worker processes")
    parser.add_argument("--within", type=float, default=300, help="longest time of a run, s")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Broker(folder / "kafka")
        broker.start()
        try:
            ensure_topics(Settings(kafka=broker.bootstrap))
            config = sized_config(folder / "config", asked.managers)
            events = call_events(asked.events, config)
            write(broker.bootstrap, events)
            runs = rounds(broker, folder, asked, lambda number: Job(events, number, config, asked.within))
        finally:
            broker.kill()
    save(
        "whole",
        {
            "events": asked.events,
            "managers": asked.managers,
            "plain_events": asked.plain_events,
            "ways": figures(runs),
        },
    )


if __name__ == "__main__":
    main()
