"""When an event of the simulation is let out: at once, at its own time, or faster than it happened."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

#: Waits so many seconds; true when the wait was broken off because the feed shall end.
Wait = Callable[[float], bool]
Clock = Callable[[], float]


def moment(event: dict[str, Any]) -> float:
    """When the event happened, in seconds since the epoch."""
    return datetime.fromisoformat(event["occurred_at"]).timestamp()


def in_time(events: Iterator[dict[str, Any]], clock: Clock, wait: Wait) -> Iterator[dict[str, Any]]:
    """What lies in the past at once, the rest when its time has come."""
    for event in events:
        while (ahead := moment(event) - clock()) > 0:
            if wait(ahead):
                return
        yield event


def at_speed(
    events: Iterator[dict[str, Any]], speed: float, start: float, clock: Clock, wait: Wait
) -> Iterator[dict[str, Any]]:
    """So many seconds of the simulation, which begins at `start`, in each second from now on."""
    begun = clock()
    for event in events:
        while (ahead := (moment(event) - start) / speed - (clock() - begun)) > 0:
            if wait(ahead):
                return
        yield event
