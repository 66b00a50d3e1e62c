"""How long `salespulse up` takes until everything is ready, and the worker after a kill -9.

    python -m bench.ready [--starts 2] [--kills 4] [--events 10000]

A first start makes folders, topics and tables; a second start finds them, with the state of `--events`
call events. After a kill it counts from the signal to the moment when the gateway calls all parts ready
again: the supervisor has noticed, started the worker anew, and it has its partitions and its state.
Goal: ready within 15 s of `salespulse up`.
"""

import argparse
import os
import signal
import tempfile
import time
import urllib.request
from pathlib import Path

from bench.backlog import EXAMPLE, call_events, write
from bench.figures import median, save
from bench.parts import wait_for
from tests.e2e.installation import Installation

GOAL_S = 15.0
_LOOK_S = 0.02


def start(installation: Installation) -> float:
    """Seconds from the command to ready."""
    began = time.monotonic()
    installation.start()
    return time.monotonic() - began


def starts(folder: Path, number: int, events: int) -> tuple[list[float], list[float], Installation]:
    """First and second starts, each pair in a folder of its own; the last one runs on."""
    first, second = [], []
    for each in range(number):
        installation = Installation(folder / f"installation {each}", EXAMPLE)
        try:
            first.append(start(installation))
            write(installation.kafka, call_events(events))
            installation.wait_drained()
            installation.stop()
            second.append(start(installation))
            print(f"first start {first[-1]:.1f} s, second start {second[-1]:.1f} s", flush=True)
        except BaseException:
            installation.destroy()
            raise
        if each < number - 1:
            installation.destroy()
    return first, second, installation


def ready_after_kill(installation: Installation) -> float:
    """Seconds from kill -9 of the worker to ready."""
    began = time.monotonic()
    os.kill(installation.parts()["worker"], signal.SIGKILL)
    wait_for(lambda: not ready(installation), "the kill is noticed", 10, _LOOK_S)
    wait_for(lambda: ready(installation), "ready again", 90, _LOOK_S)
    return time.monotonic() - began


def ready(installation: Installation) -> bool:
    """Whether the gateway says that all parts are."""
    try:
        with urllib.request.urlopen(installation.http("/ready"), timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--starts", type=int, default=2)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--events", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first, second, installation = starts(Path(folder), asked.starts, asked.events)
        try:
            kills = []
            for _ in range(asked.kills):
                kills.append(ready_after_kill(installation))
                time.sleep(1)
        finally:
            installation.destroy()
    told = f"median of {asked.starts}: first start {median(first):.1f} s, second start {median(second):.1f} s"
    print(f"{told}; after kill -9 of the worker {median(kills):.1f} s (longest {max(kills):.1f})")
    save("ready", {"first": first, "second": second, "kills": kills})


if __name__ == "__main__":
    main()
