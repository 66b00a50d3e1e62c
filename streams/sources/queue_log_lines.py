"""Lines of Asterisk's queue_log: `epoch|callid|queue|agent|EVENT|data…`, and their identity."""

import hashlib
from collections import deque
from dataclasses import dataclass

SECOND = 1000
#: Plausible times of a line: from 2000 to 2100, in seconds.
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800
_HEAD = 5
_NOBODY = frozenset({"", "NONE"})
_NO_CALL = frozenset({"", "NONE", "REALTIME", "MANAGER", "CLI"})
#: Equal lines bear the same second, so that they stand close to each other.
_NEAR = 120


class Unreadable(Exception):
    """A line is not as it should be; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that could not be used."""

    line_no: int
    text: str
    detail: str  #: what was expected and what was found


@dataclass(frozen=True, slots=True)
class Line:
    """One line, taken apart."""

    number: int
    key: str  #: its identity: the same wherever and whenever the line is read
    at: int  #: ms since the epoch
    callid: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]

    def text(self, index: int) -> str:
        """A data field, empty when the line has none there."""
        return self.data[index] if index < len(self.data) else ""

    def whole(self, index: int, name: str) -> int | None:
        """A data field that holds a whole number, or None when the line has none there."""
        text = self.text(index).strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit()):
            raise Unreadable(f"{self.event}: {name}: expected a whole number, found {text!r}")
        return int(text)

    def call(self) -> str:
        """The call that the line is about."""
        if self.callid in _NO_CALL:
            raise Unreadable(f"{self.event}: expected a call's id in field 2, found {self.callid!r}")
        return self.callid

    def member(self) -> str:
        """The agent that the line is about."""
        if self.agent in _NOBODY:
            raise Unreadable(f"{self.event}: expected an agent in field 4, found {self.agent!r}")
        return self.agent

    def of_queue(self) -> str:
        """The queue that the line is about."""
        if self.queue in _NOBODY:
            raise Unreadable(f"{self.event}: expected a queue in field 3, found {self.queue!r}")
        return self.queue


def split(number: int, text: str, key: str) -> Line:
    """Takes a line apart; raises `Unreadable`."""
    fields = text.split("|")
    if len(fields) < _HEAD:
        raise Unreadable(
            "expected at least 5 fields parted by |, as in 1596512941|1596512941.163|sales|NONE|"
            f"ENTERQUEUE||79991230000|1; found {len(fields)}"
        )
    at = _moment(fields[0])
    callid, queue, agent, event = (field.strip() for field in fields[1:_HEAD])
    if not event:
        raise Unreadable("expected the name of an event in field 5, found nothing")
    return Line(number, key, at, callid, queue, agent, event, tuple(fields[_HEAD:]))


def _moment(text: str) -> int:
    seconds, _, fraction = text.strip().lstrip("\ufeff").partition(".")
    digits = seconds + fraction
    if not (digits.isascii() and digits.isdigit() and _EARLIEST <= int(seconds or 0) < _LATEST):
        raise Unreadable(f"expected seconds since 1970 such as 1596512941 in field 1, found {text[:40]!r}")
    return int(seconds) * SECOND + int((fraction + "000")[:3])


class Identities:
    """Tells equal lines apart: the key of a line is its hash and its ordinal among its equals.

    Remembers lines of the last seconds only. Reading a file again, or one that has grown, gives
    the same keys.
    """

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._order: deque[tuple[str, str]] = deque()  # second, hash

    def key(self, text: str) -> str:
        """Identity of the next line."""
        second = text.partition("|")[0]
        while self._order and not _near(self._order[0][0], second):
            self._seen.pop(self._order.popleft()[1], None)
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        ordinal = self._seen.get(digest, 0)
        if not ordinal:
            self._order.append((second, digest))
        self._seen[digest] = ordinal + 1
        return f"{digest}.{ordinal}" if ordinal else digest


def _near(one: str, other: str) -> bool:
    if one == other:
        return True
    numbers = one.isascii() and one.isdigit() and other.isascii() and other.isdigit()
    return numbers and abs(int(one[:12]) - int(other[:12])) <= _NEAR
