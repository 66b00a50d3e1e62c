"""Calls in a queue_log: what each line means for the call it belongs to.

Times. The log knows whole seconds, and so do the events: durations are then those that the log
itself gives. Events of one moment are ordered by their kind (queued, offered, answered,
transferred, offer ended, ended). Where that would turn around what the log says about one manager,
or about a queue after a transfer, the later event is put one millisecond later.

Offers. The log tells of an offer when it ends: RINGNOANSWER, RINGCANCELED (milliseconds) and
CONNECT (seconds) hold how long it rang, and the offer is dated back by that, though not before the
caller entered the queue. A CONNECT without a ring time (old versions) has no offer.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from streams.sources.queue_log_lines import SECOND, Line

#: Order of the kinds at one moment.
_RANKS = {
    "call.started": 0,
    "call.queued": 1,
    "call.offered": 2,
    "call.answered": 3,
    "call.transferred": 6,
    "call.offer_ended": 7,
    "call.ended": 8,
}
_LONGEST_EXTENSION = 6

Event = dict[str, Any]


@dataclass(slots=True)
class Call:
    """A call whose end the log has not told yet, or only just."""

    id: str
    source: str
    customer: str
    opened_at: int
    queued_at: int = 0
    queue: str = ""
    talking: bool = False
    #: manager, or empty for the call itself -> time and rank of the last event
    _last: dict[str, tuple[int, int]] = field(default_factory=dict)

    def enter(self, line: Line) -> list[Event]:
        """The call enters a queue; the first time it also starts."""
        first = not self._last
        events = []
        if first:
            direction = "internal" if self.customer.startswith("ext:") else "in"
            events.append(self._tell(line, "call.started", line.at, direction=direction))
        self.talking = False
        self.queue = line.of_queue()
        queued = self._tell(line, "call.queued", line.at, group=self.queue)
        self.queued_at = self._last[""][0]
        return [*events, queued]

    def rang(self, line: Line, ring_ms: int, reason: str) -> list[Event]:
        """An agent's phone rang in vain."""
        who = line.member()
        return [
            self._offered(line, who, ring_ms),
            self._tell(line, "call.offer_ended", line.at, who, reason=reason),
        ]

    def connect(self, line: Line) -> list[Event]:
        """An agent and the caller can hear each other."""
        who, ring_s = line.member(), line.whole(2, "ringtime (data 3), seconds")
        offered = [] if ring_s is None else [self._offered(line, who, ring_s * SECOND)]
        self.talking = True
        return [*offered, self._tell(line, "call.answered", line.at, who, group=self._queue_of(line))]

    def hand_over(self, line: Line) -> list[Event]:
        """The agent gives the call away; it may enter a queue again."""
        extension = line.text(0) if line.event != "ATTENDEDTRANSFER" else ""
        short = extension.isascii() and extension.isdigit() and len(extension) <= _LONGEST_EXTENSION
        more = {"extension": extension} if short else {}
        return [self._tell(line, "call.transferred", line.at, line.member(), **more)]

    def end(self, line: Line, ended_by: str, reason: str, part: str = "") -> Event:
        """The call's end, dated by the line; `part` as in `told`."""
        more = {"ended_by": ended_by, "reason": reason}
        return told(
            line,
            "call.ended",
            self.source,
            max(line.at, self._latest()),
            part,
            call_id=self.id,
            customer=self.customer,
            **more,
        )

    def _latest(self) -> int:
        return max(at for at, _ in self._last.values())

    def _offered(self, line: Line, who: str, ring_ms: int) -> Event:
        at = max(line.at - ring_ms, self.queued_at)
        return self._tell(line, "call.offered", at, who, group=self._queue_of(line))

    def _queue_of(self, line: Line) -> str:
        return line.queue if line.queue not in ("", "NONE") else self.queue

    def _tell(self, line: Line, kind: str, at: int, manager: str = "", **fields: str) -> Event:
        rank = _RANKS[kind]
        last_at, last_rank = self._last.get(manager, (0, 0))
        if at <= last_at:
            at = last_at + (rank <= last_rank)
        self._last[manager] = (at, rank)
        if kind == "call.transferred":
            self._last[""] = (at, rank)
        return told(
            line,
            kind,
            self.source,
            at,
            call_id=self.id,
            customer=self.customer,
            manager=manager,
            **fields,
        )


def told(line: Line, kind: str, source: str, at: int, part: str = "", **fields: str) -> Event:
    """A canonical event; `part` tells apart several of one kind from one line."""
    event = {
        "event_id": f"{line.key}-{kind.partition('.')[2]}{part}",
        "type": kind,
        "occurred_at": timestamp(at),
        "source": source,
    }
    event.update((name, value) for name, value in fields.items() if value)
    return event


def timestamp(at: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(at // SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % SECOND:03d}Z"
