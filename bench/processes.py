"""What processes use, out of /proc (Linux): CPU seconds and memory, with their children."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def tree(pid: int) -> Iterator[int]:
    """The process and all below it."""
    yield pid
    with contextlib.suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))


def cpu_s(pid: int) -> float:
    """CPU seconds that a process and its children have used so far; 0 when it is gone."""
    return sum(_own_cpu_s(each) for each in tree(pid))


def _own_cpu_s(pid: int) -> float:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0.0
    fields = text[text.rindex(")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def busy_s() -> float:
    """CPU seconds that the whole machine has used so far, all cores together."""
    with (_PROC / "stat").open() as file:
        fields = [int(each) for each in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICKS


def memory_mb(pid: int, *, peak: bool = False) -> float:
    """Resident memory of a process and its children in MB (2^20), now or at its peak."""
    return sum(_own_memory_kb(each, "VmHWM:" if peak else "VmRSS:") for each in tree(pid)) / 1024


def _own_memory_kb(pid: int, field: str) -> int:
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)


class Meter:
    """CPU of some named processes, and of everybody else, between two moments."""

    def __init__(self, pids: dict[str, int]) -> None:
        """Begins to measure. `pids`: process ids by name."""
        self._pids = pids
        self._began = {name: cpu_s(pid) for name, pid in pids.items()}
        self._busy = busy_s()

    def used(self) -> dict[str, float]:
        """CPU seconds since the beginning by name; those of the rest of the machine as `others`."""
        found = {name: cpu_s(pid) - self._began[name] for name, pid in self._pids.items()}
        found["others"] = max(0.0, busy_s() - self._busy - sum(found.values()))
        return found
