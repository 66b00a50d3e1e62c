"""State of one customer: the events of each call, and what was last emitted of it.

Structs are encoded as msgpack arrays: fields are only ever appended. Everything else is derived.
In memory names that many events have (of managers, groups, lines) are one string for all (`intern`), and
what can be in no cycle is none of the garbage collector's business.
"""

from sys import intern
from typing import Any

import msgspec

from streams.journey import kinds
from streams.records import EventRow, Span

CallKey = tuple[str, str]  #: source, call_id
LeadKey = tuple[str, str]  #: source, lead_id


class CallEvent(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """What is kept of one event of a call. Orders as events of a call do: time, kind, id."""

    at: int
    kind: int  #: a number of `kinds`
    event_id: str
    manager: str = ""
    group: str = ""
    #: direction of a start, reason of an end or of an offer's end, who rated
    word: str = ""
    #: line of a start, who ended of an end
    detail: str = ""
    recording: str = ""
    #: of a rating: thousandths on a scale of 5
    rating: int = -1


class Note(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """An event that concerns the customer, not one call."""

    at: int
    kind: int  #: a number of `kinds`
    event_id: str
    source: str
    manager: str = ""
    item_id: str = ""


class Fact(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """A fact of an entity as last emitted: a `records.StoredFact` without its entity."""

    name: int  #: index in `names.NAMES`
    manager: str
    group: str
    whole: bool
    at: int
    value: int = 1
    tag: str = ""


class Judgement(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """What a manager's journey of a day says of a call's offers to him."""

    manager: str
    day: int
    version: int  #: the highest counts
    rings: list[Span]  #: those that rang while he was on another call or paused


class CallState(msgspec.Struct, array_like=True, gc=False):
    """A call: its events in their order, and the facts remembered under its name."""

    source: str
    call_id: str
    config: str  #: configuration stamped on its first event in the log
    events: list[CallEvent] = []
    facts: list[Fact] = []
    judged: tuple[Judgement, ...] = ()  #: one for each manager and day, in order

    @property
    def entity(self) -> str:
        """Its name in facts and items."""
        return f"{self.source}/{self.call_id}"


class LeadEvent(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """What is kept of one event of a lead. Orders as events of a lead do: time, kind, id."""

    at: int
    kind: int  #: a number of `kinds`
    event_id: str
    manager: str = ""
    group: str = ""
    #: channel of a creation, reason of a disqualification
    word: str = ""


class LeadState(msgspec.Struct, array_like=True, gc=False):
    """A lead: its events in their order, and the facts remembered under its name."""

    source: str
    lead_id: str
    config: str  #: configuration stamped on its first event in the log
    events: list[LeadEvent] = []
    facts: list[Fact] = []

    @property
    def entity(self) -> str:
        """Its name in facts and items."""
        return f"{self.source}/{self.lead_id}"


class EntityEvent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is kept of one event of a deal or task, or of an activity; see `place` for the order."""

    at: int
    kind: int  #: a number of `kinds`
    event_id: str
    customer: str = ""
    manager: str = ""
    #: further fields of the event that are read, by their names
    data: dict[str, Any] = {}

    @property
    def place(self) -> tuple[int, int, str]:
        """Orders as events of an entity do: time, kind, id."""
        return self.at, self.kind, self.event_id

    def text(self, name: str) -> str:
        """A text field; empty where there is none."""
        return self.data.get(name) or ""


EntityKey = tuple[str, str, str]  #: what it is (`deal`, `task`, `activity`), source, id


class EntityState(msgspec.Struct, array_like=True, gc=False):
    """A deal, a task or an activity: its events in their order, and the facts remembered under its name."""

    what: str
    source: str
    id: str
    config: str  #: configuration stamped on its first event in the log
    events: list[EntityEvent] = []
    facts: list[Fact] = []

    @property
    def key(self) -> EntityKey:
        """What identifies it."""
        return self.what, self.source, self.id

    @property
    def entity(self) -> str:
        """Its name in facts and items."""
        return f"{self.source}/{self.id}"


class Part(msgspec.Struct, array_like=True, gc=False):
    """A manager's part in a call, as his journey of a day knows it; see `records.Tell`."""

    source: str
    call_id: str
    version: int
    customer: str
    busy: tuple[Span, ...] = ()
    missed: tuple[Span, ...] = ()
    excused: tuple[Span, ...] = ()  #: of the missed ones, those that the customer's journey was told of


class Status(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """A manager's status from a moment on."""

    at: int
    event_id: str
    source: str
    word: str


class Waiting(msgspec.Struct, array_like=True, frozen=True):
    """An event that came while the customer's history was being fetched."""

    config: str
    row: EventRow


class JourneyState(msgspec.Struct, array_like=True):
    """What a ledger record of a customer holds."""

    customer: str
    #: raw topic and partition (see `mark_slot`) and the greatest offset included, sparse and sorted
    marks: list[tuple[int, int]] = []
    last_at: int = 0
    #: event time until which something of it is open; 0 if nothing is
    open_until: int = 0
    #: of what lies up to this event time, something may have been let go; 0 if nothing was
    forgotten_until: int = 0
    #: version of the request for history that is waited for; 0 if none is
    awaited: int = 0
    calls: list[CallState] = []
    notes: list[Note] = []
    waiting: list[Waiting] = []
    leads: list[LeadState] = []
    entities: list[EntityState] = []
    #: customers that are this one, himself left out; of a lead's journey those whose lead it is
    linked: list[str] = []
    #: what is known of the customer, such as `spam`
    flags: list[str] = []
    #: of a lead's journey: removals that name no customer
    unnamed: list[Waiting] = []
    #: of the rows that it writes, above those of whom it took over; see `records.ranked`
    rank: int = 0
    #: to whom he handed over everything, once it was known that they are one; empty if to nobody
    parent: str = ""
    #: of a manager's day
    parts: list[Part] = []
    statuses: list[Status] = []


def mark_slot(row: EventRow) -> int:
    """One number for a raw topic and partition."""
    return row.topic << 20 | row.partition


def read_call_event(row: EventRow, kind: int) -> CallEvent:
    """What is kept of an event of a call."""
    event = row.event
    data: dict[str, Any] = event.data
    at = event.at
    word = detail = recording = ""
    rating = -1
    if kind == kinds.STARTED:
        word, detail = data.get("direction") or "", data.get("line") or ""
    elif kind == kinds.OFFER_ENDED:
        word = data.get("reason") or ""
    elif kind == kinds.ENDED:
        word, detail = data.get("reason") or "", data.get("ended_by") or ""
        recording = data.get("recording") or ""
    elif kind == kinds.REQUESTED:
        # He may have said when he wants to be called: then he waits from that moment on.
        at = max(at, data.get("callback_at") or 0)
    elif kind == kinds.RATED:
        word, rating = data.get("rated_by") or "customer", _rating(data)
    manager, group = intern(event.manager), intern(event.group)
    return CallEvent(
        at, kind, event.event_id, manager, group, intern(word), intern(detail), recording, rating
    )


def _rating(data: dict[str, Any]) -> int:
    """Thousandths on a scale of 5; -1 for one that makes no sense."""
    scale = float(data.get("score_max") or 5)
    score = float(data.get("score") or 0)
    return round(min(1.0, score / scale) * 5000) if scale > 0 and score >= 0 else -1


def read_note(row: EventRow, kind: int) -> Note:
    """What is kept of an event that concerns the customer."""
    event = row.event
    item = event.data.get("item_id") or ""
    return Note(event.at, kind, event.event_id, intern(event.source), intern(event.manager), item)


def read_lead_event(row: EventRow, kind: int) -> LeadEvent:
    """What is kept of an event of a lead."""
    event = row.event
    word = ""
    if kind == kinds.LEAD_CREATED:
        word = event.data.get("channel") or ""
    elif kind == kinds.LEAD_DISQUALIFIED:
        word = event.data.get("reason") or ""
    manager, group = intern(event.manager), intern(event.group)
    return LeadEvent(event.at, kind, event.event_id, manager, group, intern(word))


def read_entity_event(row: EventRow, kind: int) -> EntityEvent:
    """What is kept of an event of a deal or task, or of an activity."""
    event = row.event
    data = {name: event.data[name] for name in kinds.READ_OF[kind] if name in event.data}
    return EntityEvent(event.at, kind, event.event_id, event.customer, intern(event.manager), data)


def read_judgement(row: EventRow) -> Judgement:
    """What a manager's journey says of a call."""
    event = row.event
    rings = [(start, end) for start, end in event.data["rings"]]
    return Judgement(event.manager, event.data["day"], event.data["version"], rings)


def judge(call: CallState, judgement: Judgement) -> bool:
    """Take in a judgement, unless a newer one of the same journey is there; whether it was taken in."""
    kept = [one for one in call.judged if (one.manager, one.day) != (judgement.manager, judgement.day)]
    if len(kept) < len(call.judged):
        (former,) = (one for one in call.judged if one not in kept)
        if former.version >= judgement.version:
            return False
    call.judged = tuple(sorted([*kept, judgement]))
    return True
