"""One job by several stream engines in turn, on one topic, in one run.

    python -m bench.peers [--events 300000] [--rounds 3] [--only windows pathway ...]

Prints for each the median rate, its spread, the ratio to the best peer, cores, CPU per event and
memory. All of the last rows are compared with a count by hand. The peers' libraries are fetched
before the first run. The slow ones read a share of the events only: their rate hardly depends on it.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from confluent_kafka.admin import AdminClient, NewTopic

from bench.figures import save
from bench.peers.engines import ENGINES
from bench.peers.events import last_rows, write
from bench.peers.job import PARTITIONS
from bench.peers.one_run import Job, Result, run
from streams.local.broker import Broker

#: What is not of this project, and no limit.
PEERS = ("pathway", "kafka-streams", "quixstreams", "plain-faust")


def jobs(bootstrap: str, events: int, shares: set[float]) -> dict[float, Job]:
    """A topic for each share of the events."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    found = {}
    for share in sorted(shares):
        topic, count = f"job-{share}", max(1000, round(events * share))
        admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result()
        counted = write(bootstrap, topic, count)
        own, together = (last_rows(counted, together=each) for each in (False, True))
        found[share] = Job(topic, count, own, together)
    return found


def table(runs: dict[str, list[Result]]) -> list[str]:
    """The runs as rows of a table, the fastest first."""
    rate = {name: statistics.median(each.rate for each in those) for name, those in runs.items()}
    best = max((rate[name] for name in runs if name in PEERS), default=0.0)
    lines = [
        "| engine | events/s, median (from to) | times the best peer | cores | CPU µs/event | peak MB | rows |"
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for name in sorted(runs, key=lambda each: -rate[each]):
        those = runs[name]
        rates = [each.rate for each in those]
        cells = [
            ENGINES[name].title,
            f"{rate[name]:,.0f} ({min(rates):,.0f} to {max(rates):,.0f})",
            f"{rate[name] / best:.2f}" if best else "",
            f"{statistics.median(each.cores for each in those):.2f}",
            f"{statistics.median(each.cpu_us for each in those):.1f}",
            f"{statistics.median(each.memory_mb for each in those):,.0f}",
            f"{statistics.median(each.rows for each in those):,.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Run them in turn, each round beginning with another; print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=ENGINES, default=list(ENGINES))
    asked = parser.parse_args()
    for name in asked.only:
        ENGINES[name].command()  # fetches what it needs
    runs: dict[str, list[Result]] = {name: [] for name in asked.only}
    with tempfile.TemporaryDirectory() as place:
        broker = Broker(Path(place) / "kafka")
        broker.start()
        try:
            found = jobs(broker.bootstrap, asked.events, {ENGINES[name].share for name in asked.only})
            for number in range(asked.rounds):
                turn = number % len(asked.only)
                for name in asked.only[turn:] + asked.only[:turn]:
                    result = run(ENGINES[name], found[ENGINES[name].share], broker, Path(place))
                    runs[name].append(result)
                    right = f"{len(result.wrong)} managers WRONG" if result.wrong else "all right"
                    print(
                        f"round {number + 1}, {name}: {result.rate:,.0f} events/s, "
                        f"{result.cpu_us:.1f} µs of CPU each, {right}",
                        flush=True,
                    )
        finally:
            broker.kill()
    print("\n".join(["", *table(runs)]))
    wrong = [name for name, those in runs.items() if any(each.wrong for each in those)]
    save("peers", {"events": asked.events, "table": table(runs), "wrong": wrong})
    if wrong:
        raise SystemExit(f"wrong totals: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
