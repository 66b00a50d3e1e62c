"""Asterisk's queue_log, in the forms found in the field, as canonical events.

One call is one `callid` (with the system's name before it, where one is set), however often it
visits queues: one `call.started`, a `call.queued` for each visit, one `call.ended`. A caller who
hung up is gone (ABANDON, COMPLETECALLER); after any other exit the call may enter a queue again, so
its end is told once nothing followed within 5 minutes of the log, dated by the exit. A restart
(QUEUESTART) ends what was open with the reason `lost`.

The log knows no outbound calls, except OUTCALL, which the dialplan writes when one is over.
Not told: lines of calls whose ENTERQUEUE is not in the log given (give rotated files oldest first,
in one import), and events that nobody needs or knows. Both are counted.

Event ids come from the line and its ordinal among equal lines, so that reading a file again, or one
that has grown or was rotated, gives the same events. Times: see `queue_log_calls`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from streams.sources.callers import customer_of
from streams.sources.queue_log_agents import STATUS, Agents
from streams.sources.queue_log_book import Book
from streams.sources.queue_log_calls import Call, Event, told
from streams.sources.queue_log_lines import SECOND, Fault, Identities, Line, Unreadable, split

__all__ = ["Fault", "NotAQueueLog", "QueueLog", "read"]

#: A file that begins with so many strange lines in a row is something else.
_STRANGE = 5
_ANSWERED = frozenset({"ANSWER", "ANSWERED", "CONNECT", "COMPLETED"})
#: Exit -> who ended the call, why, and whether the caller is gone for good.
_EXITS = {
    "ABANDON": ("customer", "hangup", True),
    "COMPLETECALLER": ("customer", "", True),
    "COMPLETEAGENT": ("manager", "", False),
    "EXITWITHTIMEOUT": ("system", "queue_timeout", False),
    "EXITEMPTY": ("system", "queue_empty", False),
    "EXITWITHKEY": ("customer", "", False),
    "WITHDRAW": ("system", "", False),
    "SYSCOMPAT": ("system", "failed", False),
}
_TRANSFERS = ("TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER")

_Handler = Callable[[Line], Iterable[Event]]


class NotAQueueLog(ValueError):
    """The file is something else."""

    def __init__(self, line_no: int, detail: str) -> None:
        super().__init__(f"line {line_no}: this is no queue_log of Asterisk: {detail}")
        self.line_no = line_no


def read(
    lines: Iterable[str],
    source: str = "asterisk",
    *,
    country: str = "RU",
    keys: Mapping[str, str] | None = None,
    now: int | None = None,
) -> Iterator[tuple[int, Event] | Fault]:
    """Events of one log, each with the number of its line, and faults.

    See `QueueLog` for the arguments and for several files. Raises `NotAQueueLog`.
    """
    log = QueueLog(source, country=country, keys=keys)
    yield from log.read(lines)
    yield from log.finish(now)


class QueueLog:
    """A log that may consist of several files, oldest first."""

    def __init__(
        self,
        source: str = "asterisk",
        *,
        country: str = "RU",
        keys: Mapping[str, str] | None = None,
    ) -> None:
        """`country` (ISO 3166): where callers without a country's code are.

        `keys`: the end's reason for a key pressed in the queue (EXITWITHKEY), such as
        `{"1": "callback_taken"}`; without one the caller counts as missed.
        """
        self.counts: Counter[str] = Counter()  #: lines not told: `ignored:<EVENT>`, `unknown_call`
        self._source = source
        self._country = country
        self._keys = keys or {}
        self._identities = Identities()
        self._book = Book(self.counts)
        self._agents = Agents(source)
        self._handlers: dict[str, _Handler] = {
            "ENTERQUEUE": self._enter,
            "CONNECT": lambda line: self._with_call(line, Call.connect),
            "RINGNOANSWER": self._rang,
            "RINGCANCELED": self._rang,
            "AGENTDUMP": lambda line: self._with_call(line, _dumped),
            "OUTCALL": self._outcall,
            "QUEUESTART": self._restart,
            **dict.fromkeys(_EXITS, self._exit),
            **dict.fromkeys(_TRANSFERS, self._transfer),
            **dict.fromkeys(STATUS, self._agents.status),
        }

    def read(self, lines: Iterable[str]) -> Iterator[tuple[int, Event] | Fault]:
        """Events of the next file, and faults. Raises `NotAQueueLog`.

        Equal lines are told apart within a file; a file given twice tells the same events twice.
        """
        good = False
        self._identities = Identities()
        strange: list[Fault] = []
        for number, raw in enumerate(lines, 1):
            text = raw.rstrip("\r\n")
            if not text.strip():
                continue
            try:
                line = split(number, text, self._identities.key(text))
            except Unreadable as error:
                fault = Fault(number, text, str(error))
                if good:
                    yield fault
                    continue
                strange.append(fault)
                if len(strange) == _STRANGE:
                    break
            else:
                good = True
                yield from strange
                strange.clear()
                yield from self._events(line, text)
        if strange:
            raise NotAQueueLog(strange[0].line_no, strange[0].detail)

    def finish(self, now: int | None = None) -> Iterator[tuple[int, Event]]:
        """Ends of the calls that left a queue last; to be called after the last file.

        `now` (ms) is when the log was read: calls that left within 5 minutes before it may go on.
        Without it the log counts as complete.
        """
        yield from self._book.settle(now)

    def _events(self, line: Line, text: str) -> Iterator[tuple[int, Event] | Fault]:
        yield from self._book.settle(line.at)
        handler = self._handlers.get(line.event)
        if handler is None:
            self.counts[f"ignored:{line.event[:40]}"] += 1
            return
        try:
            for event in list(handler(line)):
                yield line.number, event
        except Unreadable as error:
            yield Fault(line.number, text, str(error))

    def _enter(self, line: Line) -> list[Event]:
        call_id, _ = line.call(), line.of_queue()
        call = self._book.known(call_id)
        if call is None:
            customer = customer_of(line.text(1), self._country, call_id)
            call = Call(call_id, self._source, customer, line.at)
        self._book.opened(call)
        return call.enter(line)

    def _with_call(self, line: Line, then: Callable[[Call, Line], list[Event]]) -> list[Event]:
        call = self._book.known(line.call())
        if call is None:
            self.counts["unknown_call"] += 1
            return []
        return then(call, line)

    def _rang(self, line: Line) -> list[Event]:
        ring_ms = line.whole(0, "ringtime (data 1), milliseconds") or 0
        return self._with_call(line, lambda call, _: call.rang(line, ring_ms, _why(call, line, ring_ms)))

    def _transfer(self, line: Line) -> list[Event]:
        def hand_over(call: Call, line: Line) -> list[Event]:
            given = call.hand_over(line)
            self._book.left(call, line, call.end(line, "", ""))
            return given

        return self._with_call(line, hand_over)

    def _exit(self, line: Line) -> list[Event]:
        def leave(call: Call, line: Line) -> list[Event]:
            by, reason, gone = _EXITS[line.event]
            if line.event == "EXITWITHKEY":
                reason = self._keys.get(line.text(0), "")
            end = call.end(line, by, reason)
            if gone:
                self._book.ended(call, line.at)
                return [end]
            self._book.left(call, line, end)
            return []

        return self._with_call(line, leave)

    def _restart(self, line: Line) -> list[Event]:
        lost = []
        for call in self._book.in_progress():
            lost.append(call.end(line, "system", "lost", part=f"-{call.id}"))
            self._book.ended(call, line.at)
        return lost

    def _outcall(self, line: Line) -> list[Event]:
        """An outbound call that is over: when it began is not told, only how long was talked."""
        call_id, who = line.call(), line.member()
        talk_ms = (line.whole(1, "talktime (data 2), seconds") or 0) * SECOND
        about = {"call_id": call_id, "customer": customer_of(line.text(2), self._country, call_id)}
        begun = line.at - talk_ms
        group = "" if line.queue == "NONE" else line.queue
        events = [("call.started", begun, {"direction": "out", "manager": who, "group": group})]
        if line.text(0).upper() in _ANSWERED and talk_ms:
            events.append(("call.answered", begun, {"manager": who}))
        events.append(("call.ended", line.at, {}))
        return [told(line, kind, self._source, at, **about, **more) for kind, at, more in events]


def _why(call: Call, line: Line, ring_ms: int) -> str:
    """Why an offer ended. A device that refuses at once is logged as RINGNOANSWER after 0 ms."""
    if line.event == "RINGCANCELED":
        return "answered_elsewhere" if call.talking else "caller_left"
    return "no_answer" if ring_ms else "busy"


def _dumped(call: Call, line: Line) -> list[Event]:
    """The agent picked up and hung up during the announcement."""
    return call.rang(line, 0, "declined")
