"""What a centre of some size needs, reckoned from what `whole`, `latency`, `backfill` and `memory` measured.

    python -m bench.scale [--managers 200 1000 5000 20000] [--calls-a-day 100]

A table for the README. Reads `bench/results`; measures nothing itself.
"""

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from bench.figures import Figures, load
from tests.faults.sizes import EVENTS_PER_CALL, peak

PARTS = ("worker", "sink", "clickhouse", "broker")
_WORKING_DAYS = 300
#: A customer is kept for seven days after his last event, and longer while something of him is open: of a
#: hundred calls a day some seven hundred customers.
_HELD_PER_CALL = 7.0
#: What one worker is given before another is begun.
_CORE_SHARE, _WORKER_MB = 0.7, 4096.0
#: Of `bench.memory`: kB for one more customer, MB for one more busy manager. And MB of a worker that holds
#: nothing yet, of `bench/soak.md`.
CUSTOMER_KB, MANAGER_MB, WORKER_MB = 5.2, 0.80, 90.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What the reckoning rests on."""

    cpu_us: dict[str, float]  #: per event in a backlog, by part
    idle: dict[str, float]  #: cores that a part takes without regard to events
    disk_bytes: float  #: of ClickHouse, per event


@dataclass(frozen=True, slots=True)
class Centre:
    """Who works there."""

    managers: int
    calls_a_day: float  #: of each

    @property
    def calls(self) -> float:
        """Of all managers, on a working day."""
        return self.managers * self.calls_a_day

    @property
    def state_mb(self) -> float:
        """What all workers hold together."""
        return self.managers * MANAGER_MB + self.calls * _HELD_PER_CALL * CUSTOMER_KB / 1000


def measured(whole: Figures, latency: Figures, backfill: Figures) -> Measured:
    """Takes what is needed out of the figures of the benches."""
    cpu_us = {part: whole["ways"]["workers 1"]["cpu_us"][part] for part in PARTS}
    shared = [each for each in latency["rates"] if not each.get("alone")]
    slow = min(shared, key=lambda each: float(each["rate"]))
    idle = {part: max(0.0, slow["cores"][part] - slow["rate"] * cpu_us[part] / 1e6) for part in PARTS}
    run = backfill["runs"][0]
    return Measured(cpu_us, idle, run["disk_mb"] * 2**20 / backfill["year"]["events"])


def row(centre: Centre, known: Measured) -> str:
    """What the centre needs, as a row of the table."""
    busiest = peak(centre.calls)
    cores = {part: known.idle[part] + busiest * known.cpu_us[part] / 1e6 for part in PARTS}
    workers = max(
        math.ceil(cores["worker"] / _CORE_SHARE), math.ceil(centre.state_mb / (_WORKER_MB - WORKER_MB))
    )
    disk = centre.calls * EVENTS_PER_CALL * _WORKING_DAYS * known.disk_bytes / 2**30
    told = " / ".join(f"{cores[part]:.1f}" for part in PARTS)
    cells = (
        f"{centre.managers:,}",
        f"{centre.calls:,.0f}",
        f"{busiest:,.0f}",
        told,
        f"{centre.state_mb / 1024:,.1f} GB",
        f"{workers}",
        f"{disk:,.0f} GB",
    )
    return f"| {' | '.join(cells)} |"


def table(centres: list[Centre], known: Measured) -> Iterator[str]:
    """All rows with their heading."""
    yield (
        "| managers | calls a day | events/s in the busiest minute | cores then: worker / sink / ClickHouse "
        "/ broker | state | worker processes | ClickHouse's disk, a year |"
    )
    yield "|---|---|---|---|---|---|---|"
    for centre in centres:
        yield row(centre, known)


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--managers", type=int, nargs="+", default=[200, 1_000, 5_000, 20_000])
    parser.add_argument("--calls-a-day", type=float, default=100)
    asked = parser.parse_args()
    whole, latency, backfill = load("whole"), load("latency"), load("backfill")
    if whole is None or latency is None or backfill is None:
        sys.exit("run bench.whole, bench.latency and bench.backfill first")
    known = measured(whole, latency, backfill)
    print("\n".join(table([Centre(each, asked.calls_a_day) for each in asked.managers], known)))


if __name__ == "__main__":
    main()
