"""What one run of `bench.whole` gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """Rates in events/s; CPU and memory by part, `others` being the rest of the machine."""

    worker_rate: float
    stored_rate: float  #: to the last row stored; 0 where nothing is stored
    cores: dict[str, float]  #: in use, on the average
    cpu_us: dict[str, float]  #: per event
    memory_mb: dict[str, float]  #: resident at the end
    peak_mb: dict[str, float]
    recomputed: int = 0  #: records that asked for panes to be computed in ClickHouse
