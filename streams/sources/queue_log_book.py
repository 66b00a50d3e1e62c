"""Which calls of a queue_log are open, which may still go on, and which ended not long ago."""

from collections import Counter
from collections.abc import Iterator

from streams.sources.queue_log_calls import Call, Event
from streams.sources.queue_log_lines import SECOND, Line

#: How long after an exit a call may still enter a queue again, in ms of the log's time.
GRACE = 5 * 60 * SECOND
#: How long an ended call is remembered, so that late lines and visits find it.
REMEMBERED = 4 * 3600 * SECOND
#: A call open for so long has no end: nobody waits or talks for a day.
FORGOTTEN = 24 * 3600 * SECOND


class Book:
    """Calls by id. All of its dicts are in the order of the log, so that the oldest come first."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._open: dict[str, Call] = {}
        self._exits: dict[str, tuple[int, int, Event]] = {}  # time, line, the call's end
        self._ended: dict[str, tuple[int, Call]] = {}

    def known(self, call_id: str) -> Call | None:
        """The call, open or ended lately."""
        call = self._open.get(call_id)
        if call is None and call_id in self._ended:
            call = self._ended[call_id][1]
        return call

    def opened(self, call: Call) -> None:
        """The call is in a queue, for the first time or again: no exit before was its end."""
        self._exits.pop(call.id, None)
        self._ended.pop(call.id, None)
        self._open.setdefault(call.id, call)

    def left(self, call: Call, line: Line, end: Event) -> None:
        """The call left a queue; `end` is its end unless it enters another."""
        self._exits.pop(call.id, None)
        if call.id in self._open:
            self._exits[call.id] = (line.at, line.number, end)

    def ended(self, call: Call, at: int) -> None:
        """The caller is gone."""
        self._exits.pop(call.id, None)
        if self._open.pop(call.id, None):
            self._ended[call.id] = (at, call)

    def in_progress(self) -> list[Call]:
        """Calls that are in a queue or talk."""
        return [call for call_id, call in self._open.items() if call_id not in self._exits]

    def settle(self, now: int | None) -> Iterator[tuple[int, Event]]:
        """Ends of the calls that did not come back by `now`; without it, of all that left."""
        while self._exits:
            call_id, (at, number, end) = next(iter(self._exits.items()))
            if now is not None and at + GRACE > now:
                break
            self.ended(self._open[call_id], at)
            yield number, end
        if now is not None:
            self._forget(now)

    def _forget(self, now: int) -> None:
        while self._ended:
            call_id, (at, _) = next(iter(self._ended.items()))
            if at + REMEMBERED > now:
                break
            del self._ended[call_id]
        while self._open:
            call_id, call = next(iter(self._open.items()))
            if call.opened_at + FORGOTTEN > now:
                break
            del self._open[call_id]
            self._exits.pop(call_id, None)
            self._counts["never_ended"] += 1
