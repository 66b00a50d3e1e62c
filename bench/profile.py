"""Where the CPU of a worker and of a sink goes, by py-spy, while `salespulse up` is fed at some rates.

    python -m bench.profile [--rate 500 8000] [--seconds 30] [--managers 100]

A rate that the machine does not carry shows them with a backlog. Each rate has an installation of its own; its
first seconds are left out. Printed are the CPU of all parts per event that came meanwhile, and for worker
and sink the share of each work (`bench.profile_shares`) of the time in which Python ran (a thread held the GIL; what
libraries do without it, as compressing and waiting, is not seen). Where the system lets nobody watch
processes that are not its children, it has to be run as root.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from bench.backlog import call_events, sized_config
from bench.latency_feed import feed, merged
from bench.processes import Meter
from bench.profile_shares import WORKS, shares
from bench.progress import WORKER, Progress
from streams.topics import CALLS
from tests.e2e.installation import Installation

_WARMS_UP_S = 10.0
_SAMPLES_A_S = 100
_SPY = str(Path(sys.executable).with_name("py-spy"))


def profile(folder: Path, rate: float, seconds: float, managers: int) -> Iterator[str]:
    """One rate, as lines."""
    config = sized_config(folder / "config", managers)
    count = int(rate * (_WARMS_UP_S + seconds))
    events = iter(call_events(count, config))
    warming, then = (merged(events, [], rate, each) for each in (_WARMS_UP_S, seconds))
    installation = Installation(folder / "data", config)
    try:
        installation.start()
        progress = Progress(installation.kafka)
        feed(installation, warming, rate)
        feeding = threading.Thread(target=feed, args=(installation, then, rate))
        before = progress.done(WORKER, [CALLS])
        feeding.start()
        parts = installation.parts()
        meter = Meter(parts)
        stacks = _stacks(folder, parts, seconds)
        used = meter.used()
        taken = progress.done(WORKER, [CALLS]) - before
        feeding.join()
        installation.stop()
    finally:
        installation.destroy()
    yield f"-- {rate:,.0f} events/s: the worker took {taken / seconds:,.0f} a second"
    yield "CPU µs/event: " + ", ".join(f"{part} {cpu / taken * 1e6:,.0f}" for part, cpu in used.items())
    for role, lines in stacks.items():
        found = [f"{work} {share:.0%}" for work, share in shares(lines, role).items() if share >= 0.01]
        yield f"{role}: " + ", ".join(found)


def _stacks(folder: Path, parts: dict[str, int], seconds: float) -> dict[str, list[str]]:
    """What the roles do meanwhile. Ends this process when py-spy may not watch them."""
    spies = {role: _spy(folder / f"{role}.txt", parts[role], seconds) for role in WORKS}
    for spy in spies.values():
        _, told = spy.communicate()
        if spy.returncode:
            sys.exit(f"py-spy watched nothing: {told.strip()}")
    return {role: (folder / f"{role}.txt").read_text("utf-8").splitlines() for role in spies}


def _spy(file: Path, pid: int, seconds: float) -> subprocess.Popen[str]:
    command = [_SPY, "record", "--pid", str(pid), "--duration", f"{seconds:.0f}", "--rate", str(_SAMPLES_A_S)]
    return subprocess.Popen(
        [*command, "--gil", "--format", "raw", "--output", str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rate", type=float, nargs="+", default=[500.0, 8_000.0], help="events/s")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each rate")
    parser.add_argument("--managers", type=int, default=100)
    asked = parser.parse_args()
    for rate in asked.rate:
        with tempfile.TemporaryDirectory() as name:
            print("\n".join(profile(Path(name), rate, asked.seconds, asked.managers)), flush=True)


if __name__ == "__main__":
    main()
