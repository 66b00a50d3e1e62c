"""Judges what was sent: which records are events, and what becomes of the others. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from streams.event_types import EVENT_TYPES
from streams.events import Invalid, parse
from streams.intake.dead_letters import dead_letter, encode
from streams.topics import DEAD_LETTERS

#: Stands in origins for a source that could not be read.
_NOBODY = "unknown"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record for Kafka."""

    topic: str
    key: bytes | None
    value: bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that is no event."""

    index: int  #: its place in what was sent, from 0
    reason: str
    detail: str


@dataclass(slots=True)
class Taken:
    """What came of some records."""

    accepted: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)


def take(records: Sequence[bytes], first: int, now: int, into: Taken) -> None:
    """Judges records, the first of which has the index `first`; `now` in ms is when they came."""
    for index, raw in enumerate(records, first):
        event = parse(raw, logged_at=now)
        if isinstance(event, Invalid):
            into.rejected.append(Rejected(index, event.reason, event.detail))
            into.outgoing.append(_dead(raw, event, now))
        else:
            into.accepted += 1
            key = event.customer.encode() or None
            into.outgoing.append(Outgoing(EVENT_TYPES[event.type].topic, key, raw))


def _dead(raw: bytes, fault: Invalid, now: int) -> Outgoing:
    origin = f"gateway/{fault.source or _NOBODY}/{hashlib.sha256(raw).hexdigest()}"
    letter = dead_letter(raw, fault, origin=origin, received_at=now, topic="gateway")
    return Outgoing(DEAD_LETTERS, origin.encode(), encode(letter))
