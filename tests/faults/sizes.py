"""How large the faults are: whole by `make faults`, else small enough to try a test while writing it."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Times in seconds."""

    events: int = 6_000
    kills: int = 8
    broker_away: float = 15
    clickhouse_away: float = 30
    #: between two changes of the number of workers
    swap: float = 6
    soak: float = 60
    #: events a second of the soak: twice the peak of 200 managers
    soak_rate: float = 200
    keys: int = 20_000


WHOLE = Sizes(
    events=100_000, kills=50, broker_away=60, clickhouse_away=600, swap=20, soak=3600, keys=1_000_000
)
SIZES = WHOLE if os.environ.get("SALESPULSE_FAULTS") == "whole" else Sizes()
