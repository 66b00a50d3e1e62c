"""All benches one after another, then their figures as one table.

    python -m bench [--only whole ready ...] [--quick]

Takes some minutes on two cores. Each bench runs alone too: `python -m bench.whole --help`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

from bench.figures import ELSEWHERE, folder
from bench.table import markdown

#: In this order: module, its arguments, and those of a quick look that only shows that it works.
BENCHES: dict[str, tuple[list[str], list[str]]] = {
    "whole": ([], ["--events", "5000", "--plain-events", "2000", "--rounds", "1"]),
    "latency": (
        ["--rate", "200", "500", "5000"],
        ["--rate", "100", "300", "--seconds", "10", "--crossings", "20"],
    ),
    "ready": ([], ["--starts", "1", "--kills", "1", "--events", "2000"]),
    "dashboard": (
        [],
        ["--managers", "20", "--groups", "4", "--days", "8", "--rounds", "2"],
    ),
    "memory": ([], ["--managers", "10", "--customers", "300", "--deals", "30"]),
    "spike_fold": ([], ["--events", "20000", "--seconds", "5", "--kills", "1"]),
    "journey_fold": ([], []),
    "peers": ([], ["--events", "10000", "--rounds", "1"]),
    "stock_faust_tables": (["--runs", "1"], ["--runs", "1", "--events", "5000", "--kills", "2"]),
}
#: These keep JSON themselves; of the others the lines are kept that they print.
_KEEP = ("whole", "latency", "ready", "peers")
_BUSY = 1.0


def run(name: str, arguments: list[str]) -> bool:
    """Runs one bench with its output on the terminal; whether it succeeded."""
    print(f"\n== {name}", flush=True)
    command = [sys.executable, "-m", f"bench.{name}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode == 0 and name not in _KEEP:
        (folder() / f"{name}.txt").write_text("".join(lines), "utf-8")
    return process.returncode == 0


def main() -> None:
    """Run them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=BENCHES, default=list(BENCHES))
    parser.add_argument("--quick", action="store_true", help="small runs, whose figures mean nothing")
    asked = parser.parse_args()
    if os.getloadavg()[0] > _BUSY:
        print("This machine is busy with something else: the figures will be too low.", flush=True)
    if asked.quick:
        os.environ[ELSEWHERE] = tempfile.mkdtemp(prefix="bench-quick-")
    began = time.monotonic()
    failed = [name for name in asked.only if not run(name, BENCHES[name][1 if asked.quick else 0])]
    print(f"\n{markdown()}\n\ntook {time.monotonic() - began:.0f} s")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
