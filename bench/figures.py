"""Where the figures of a run are kept until `bench.table` prints them: one JSON file per bench."""

import json
import os
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_RESULTS = Path(__file__).resolve().parent / "results"
#: Environment variable that names another folder for them.
ELSEWHERE = "SALESPULSE_BENCH_RESULTS"

Figures = dict[str, Any]


def folder() -> Path:
    """The folder of the files, made if it is not there."""
    found = Path(os.environ.get(ELSEWHERE) or _RESULTS)
    found.mkdir(parents=True, exist_ok=True)
    return found


def save(bench: str, figures: Figures) -> Path:
    """Keeps the figures of a bench with when and where they were taken."""
    path = folder() / f"{bench}.json"
    taken = {"taken_at": datetime.now(UTC).isoformat(timespec="seconds"), "load": os.getloadavg()[0]}
    path.write_text(json.dumps({**taken, **figures}, indent=1))
    return path


def load(bench: str) -> Figures | None:
    """The last figures of a bench, if there are any."""
    path = folder() / f"{bench}.json"
    if not path.exists():
        return None
    found: Figures = json.loads(path.read_text())
    return found


def median(values: Sequence[float]) -> float:
    """The median; 0 of nothing."""
    return statistics.median(values) if values else 0.0


def medians(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """The median of each name that the first of the runs has."""
    return {name: median([run.get(name, 0.0) for run in runs]) for name in (runs[0] if runs else {})}


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99: of sorted values the one that so large a share does not exceed."""
    ordered = sorted(values)
    last = len(ordered) - 1
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {name: ordered[round(share * last)] for name, share in shares.items()} if ordered else {}
