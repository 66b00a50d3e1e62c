"""How old an event is when ClickHouse has what follows from it, while `salespulse up` runs.

    python -m bench.latency [--rate 200] [--seconds 60] [--managers 100]

Call events of a simulated centre are written at a steady rate, each dated at the moment of writing. Its
age counts from Kafka's time of the raw record to the moment when ClickHouse writes the block with
  event       the event's row in `events`
  call        its call's row in `calls` (starts, answers and ends)
  minute      an inbound call in the minutes' counter of the whole centre (`kpi_minutes`)
  live        an inbound call in the live value of the whole centre (`kpi_now`)
Materialized views note these moments; nobody polls. Goal: p95 under 1 s.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.backlog import Event, call_events, key, sized_config, value
from bench.figures import Figures, quantiles, save
from bench.noted import ages, begin_noting
from bench.processes import Meter, memory_mb
from streams.topics import CALLS
from tests.e2e.installation import Installation
from tests.e2e.outside import Message

GOAL_MS = 1000
_WARMS_UP_S = 5.0


def feed(installation: Installation, events: list[Event], rate: float) -> int:
    """Writes events at a steady rate, each dated now."""
    began = time.monotonic()

    def messages() -> Iterator[Message]:
        for number, event in enumerate(events):
            ahead = number / rate - (time.monotonic() - began)
            if ahead > 0:
                time.sleep(ahead)
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            yield CALLS, key(event), value({**event, "occurred_at": now})

    return installation.produce(messages())


def measure(installation: Installation, events: list[Event], rate: float) -> Figures:
    """Figures of one run, its first seconds left out."""
    begin_noting(installation)
    warm = int(_WARMS_UP_S * rate)
    feed(installation, events[:warm], rate)
    since, began = int(time.time() * 1000), time.monotonic()
    pids = installation.parts()
    meter = Meter(pids)
    feed(installation, events[warm:], rate)
    seconds, used = time.monotonic() - began, meter.used()
    installation.wait_drained()
    memory = {part: memory_mb(pid) for part, pid in pids.items()}
    found = ages(installation, since)
    return {
        "ages_ms": {name: {**quantiles(each), "of": len(each)} for name, each in found.items()},
        "cores": {part: cpu / seconds for part, cpu in used.items()},
        "memory_mb": memory,
    }


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rate", type=float, default=200.0, help="events/s")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--managers", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = sized_config(folder / "config", asked.managers)
        events = call_events(int((asked.seconds + _WARMS_UP_S) * asked.rate), config)
        installation = Installation(folder / "data", config)
        try:
            installation.start()
            figures = measure(installation, events, asked.rate)
            installation.stop()
        finally:
            installation.destroy()
    for what, each in figures["ages_ms"].items():
        told = ", ".join(f"{share} {age} ms" for share, age in each.items() if share != "of")
        print(f"{what} in ClickHouse at {asked.rate:.0f} events/s: {told} (of {each['of']:,})")
    print("cores: " + ", ".join(f"{part} {cores:.2f}" for part, cores in figures["cores"].items()))
    print("memory, MB: " + ", ".join(f"{part} {mb:.0f}" for part, mb in figures["memory_mb"].items()))
    save("latency", {"rate": asked.rate, "managers": asked.managers, **figures})


if __name__ == "__main__":
    main()
