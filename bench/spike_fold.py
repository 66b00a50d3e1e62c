"""What the engine carries on a small fold: three stages, two of them with a ledger, in one process.

    python -m bench.spike_fold [--events 300000] [--seconds 20] [--kills 8]

Prints events per second out of a backlog, the age of a raw record when the pane that it changed is
stored, at 500 events/s, and the time from kill -9 until all stages have their state again. The fold is
the one of `tests/engine/pipeline.py`: calls regrouped by customer, differences of what is derived per
customer, counters per subject and minute. Everything is compared with a recount in the end.
"""

import argparse
import tempfile
import threading
import time
from pathlib import Path

from streams.local.broker import Broker
from tests.engine.feed import make_feed
from tests.engine.trial import Trial
from tests.engine.workers import Worker
from tests.waiting import eventually

RATE = 500  # events/s, of the latency run
STAGES = ("intake", "journeys", "windows")


def backlog(bootstrap: str, folder: Path, events: int) -> None:
    trial, feed = Trial(bootstrap, folder), make_feed(events, seed=1)
    trial.send(feed.records)
    worker = trial.worker(max_events=10_000)
    trial.drained(600, every=0.5)
    first = next(line["at"] for line in worker.told if line["intake"]["records"])
    last = worker.told[-1]
    rate = len(feed.records) / (last["at"] - first)
    print(f"backlog of {len(feed.records):,}: {rate:,.0f} events/s in one process")
    for stage in STAGES:
        told = last[stage]
        print(f"  {stage}: {told['checkpoints']} checkpoints, {told['ledger_records']:,} ledger records")
    judge(trial, feed)


def latency(bootstrap: str, folder: Path, seconds: float, kills: int) -> None:
    trial, feed = Trial(bootstrap, folder, log_append_time=True), make_feed(int(seconds * RATE), seed=2)
    worker = trial.worker(max_events=10_000, latency=True)
    eventually(worker.ready)
    trial.send(feed.records, rate=RATE)
    trial.drained()
    ages = sorted(worker.ages_ms)
    p50, p95, p99 = (ages[int(share * (len(ages) - 1))] for share in (0.5, 0.95, 0.99))
    print(f"topic to stored pane at {RATE} events/s: p50 {p50} ms, p95 {p95} ms, p99 {p99} ms")
    judge(trial, feed, end=False)
    took = sorted(ready_after_kill(worker) for _ in range(kills))
    print(f"kill -9 to ready: median {took[len(took) // 2]:.1f} s, longest {took[-1]:.1f} s, of {kills}")
    trial.end()


def ready_after_kill(worker: Worker) -> float:
    killed = time.time()
    worker.kill()
    eventually(worker.ready, every=0.02)
    ready = next(
        line["at"]
        for line in worker.told
        if line["at"] > killed and all(line[stage]["ready"] for stage in STAGES)
    )
    threading.Event().wait(1)
    return float(ready - killed)


def judge(trial: Trial, feed: object, *, end: bool = True) -> None:
    judged = trial.judge(feed)  # type: ignore[arg-type]
    print("  equal to a recount" if judged.exact else f"  WRONG: {judged}")
    if end:
        trial.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--kills", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder) / "kafka")
        broker.start()
        try:
            backlog(broker.bootstrap, Path(folder), asked.events)
            latency(broker.bootstrap, Path(folder), asked.seconds, asked.kills)
        finally:
            broker.kill()


if __name__ == "__main__":
    main()
