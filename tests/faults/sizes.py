"""How large the faults are: whole by `make faults`, else small enough to try a test while writing it."""

import os
from dataclasses import dataclass

#: Of a busy centre: calls a day (200 managers with 100 each), the share of its busiest hour, and how far the
#: busiest minute of that lies above the hour's mean.
_CALLS_A_DAY, _BUSY_HOUR, _BUSY_MINUTE = 200 * 100, 0.15, 1.5
#: Events that a call of the random log makes, with all that goes with it.
EVENTS_PER_CALL = 7.8


def peak(calls_a_day: float) -> float:
    """Events a second in the busiest minute of a centre with so many calls on a day."""
    return calls_a_day * _BUSY_HOUR / 60 * _BUSY_MINUTE * EVENTS_PER_CALL / 60


#: Of the busy centre: 75 calls a minute, so 9.75.
PEAK = peak(_CALLS_A_DAY)


@dataclass(frozen=True)
class Sizes:
    """Times in seconds."""

    events: int = 6_000
    kills: int = 8
    broker_away: float = 15
    clickhouse_away: float = 30
    #: between two changes of the number of workers
    swap: float = 6
    soak: float = 120
    #: events a second of the soak: more than twice the peak, which would be 20, so that the hour holds more
    soak_rate: float = 50
    #: what happens during the soak, one after the other, evenly spread; see `tests.faults.soak`
    soak_faults: tuple[str, ...] = ("worker", "broker", "frozen", "away", "sink")
    soak_away: float = 10
    keys: int = 20_000


WHOLE = Sizes(
    events=100_000,
    kills=50,
    broker_away=60,
    clickhouse_away=600,
    swap=20,
    soak=3600,
    soak_faults=(
        *("worker", "sink", "worker", "frozen", "away", "worker", "broker", "worker", "sink", "worker"),
        *("worker", "sink", "worker", "worker", "broker", "frozen", "worker", "sink", "worker", "worker"),
    ),
    soak_away=60,
    keys=1_000_000,
)
SIZES = WHOLE if os.environ.get("SALESPULSE_FAULTS") == "whole" else Sizes()
