"""Writes events at a steady rate, each dated at the moment when it is due."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from bench.backlog import Event, key, value
from bench.crossings import Timed
from streams.topics import CALLS
from tests.e2e.installation import Installation
from tests.e2e.outside import Message

#: Stands in an event's JSON where its date is to be.
_MOMENT = "the moment of writing"
#: How long the feeder rests when nothing is due; what is due by then is written as one batch, s.
_REST_S = 0.005

#: Key and value of a record, its date still open.
Undated = tuple[bytes | None, bytes]


def merged(events: Iterator[Event], timed: Iterable[Timed], rate: float, seconds: float) -> list[Undated]:
    """So many seconds of events at `rate` events/s, in their order, each of `timed` at its second.

    All others are taken from `events`.
    """
    waiting = sorted(timed, key=lambda each: each[0], reverse=True)
    found = []
    for number in range(int(rate * seconds)):
        due = bool(waiting) and waiting[-1][0] * rate <= number
        found.append(_undated(waiting.pop()[1] if due else next(events)))
    return found + [_undated(event) for _, event in reversed(waiting)]


def _undated(event: Event) -> Undated:
    return key(event), value({**event, "occurred_at": _MOMENT})


def feed(installation: Installation, lines: list[Undated], rate: float) -> float:
    """Writes them all; the rate at which the broker has taken them, in events/s."""
    began = time.monotonic()
    installation.produce(_paced(lines, rate))
    return len(lines) / (time.monotonic() - began)


def _paced(lines: list[Undated], rate: float) -> Iterator[Message]:
    first, began = time.time(), time.monotonic()
    written = 0
    while written < len(lines):
        due = min(len(lines), int((time.monotonic() - began) * rate) + 1)
        if due <= written:
            time.sleep(_REST_S)
            continue
        for number in range(written, due):
            name, text = lines[number]
            moment = datetime.fromtimestamp(first + number / rate, UTC)
            date = moment.isoformat(timespec="milliseconds").encode()
            yield CALLS, name, text.replace(_MOMENT.encode(), date)
        written = due
