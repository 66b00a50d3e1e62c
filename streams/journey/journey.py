"""One customer in memory: his state, and what has been derived from it.

The derived part is not stored; it is derived anew after a restart, without emitting anything.
"""

from bisect import insort
from sys import intern
from typing import Any

import msgspec

from streams.journey import kinds
from streams.journey.calls import CallSummary
from streams.journey.entities import DerivedEntity, entity_place
from streams.journey.keys import LEAD, is_entity, linked_keys
from streams.journey.recovery import NOT_MISSED, Recovery
from streams.journey.rows import RowChange
from streams.journey.state import (
    CallEvent,
    CallKey,
    CallState,
    EntityEvent,
    EntityKey,
    EntityState,
    Fact,
    JourneyState,
    LeadEvent,
    LeadKey,
    LeadState,
    Note,
    Waiting,
    judge,
    mark_slot,
    read_call_event,
    read_entity_event,
    read_judgement,
    read_lead_event,
    read_note,
)
from streams.journey.touched import Touched
from streams.records import EventRow

DAY_MS = 86_400_000
#: State is kept this long after the customer's last event.
KEEP_MS = 7 * DAY_MS
#: A call or lead with more events than this comes from a source that uses one id for many.
MAX_CALL_EVENTS = 5000

#: Later than anything.
NEVER = 1 << 62

#: One for all: most customers are linked to nobody and flagged as nothing.
_NONE: frozenset[str] = frozenset()


class TooManyEvents(ValueError):
    """A call or a lead has more events than any real one."""


class DerivedLead(msgspec.Struct, gc=False):
    """What a lead amounts to, as last emitted."""

    row: RowChange | None  #: None for one that was removed
    facts: list[Fact]
    begins_at: int  #: what happened before it does not matter to it
    settled_at: int  #: what happens later is not expected to matter to it
    keep_until: int


class Derived(msgspec.Struct, gc=False):
    """What a journey's events amount to, as last emitted."""

    calls: dict[CallKey, CallSummary] = {}
    recoveries: dict[CallKey, Recovery] = {}
    item_facts: dict[CallKey, list[Fact]] = {}
    #: row of each open item, by kind and name
    items: dict[tuple[str, str], RowChange] = {}
    leads: dict[LeadKey, DerivedLead] = {}
    entities: dict[EntityKey, DerivedEntity] = {}
    #: when the first open item will be given up
    expires_at: int = NEVER

    def recovery(self, key: CallKey) -> Recovery:
        """What became of a call, if it was missed."""
        return self.recoveries.get(key, NOT_MISSED)


class Journey:
    """State of one customer. `streams.journey.fold` changes it."""

    __slots__ = (
        "awaited", "calls", "customer", "derived", "entities", "flags", "forgotten_until", "last_at",
        "leads", "linked", "marks", "notes", "open_until", "parent", "parts", "rank", "seen", "statuses",
        "unnamed", "waiting",
    )  # fmt: skip

    def __init__(self, state: JourneyState) -> None:
        self.customer = state.customer
        self.marks = dict(state.marks)
        self.last_at = state.last_at
        self.open_until = state.open_until
        self.forgotten_until = state.forgotten_until
        self.awaited = state.awaited
        self.calls = {(call.source, call.call_id): call for call in state.calls}
        self.leads = {(lead.source, lead.lead_id): lead for lead in state.leads}
        self.entities = {entity.key: entity for entity in state.entities}
        self.linked = frozenset(state.linked) if state.linked else _NONE
        self.flags = frozenset(state.flags) if state.flags else _NONE
        self.unnamed = state.unnamed
        self.rank = state.rank
        self.parent = state.parent
        self.notes = state.notes
        self.waiting = state.waiting
        for part in state.parts:
            part.source = intern(part.source)
        self.parts = {(part.source, part.call_id): part for part in state.parts}
        self.statuses = state.statuses
        self.seen = {(call.source, e.event_id) for call in state.calls for e in call.events}
        self.seen.update((note.source, note.event_id) for note in state.notes)
        self.seen.update((lead.source, e.event_id) for lead in state.leads for e in lead.events)
        self.seen.update((one.source, e.event_id) for one in state.entities for e in one.events)
        self.seen.update((one.row.event.source, one.row.event.event_id) for one in state.unnamed)
        self.seen.update((status.source, status.event_id) for status in state.statuses)
        self.derived: Derived | None = None

    @classmethod
    def new(cls, customer: str) -> "Journey":
        """A customer of whom nothing is in state.

        If something of him may have been forgotten, the stage sets `forgotten_until`.
        """
        return cls(JourneyState(customer))

    @classmethod
    def decode(cls, encoded: Any) -> "Journey":
        """From what `encode` gave, or what msgpack makes of it."""
        return cls(msgspec.convert(encoded, JourneyState))

    def encode(self) -> JourneyState:
        """The state, in the same form whatever the order in which events came.

        It is for packing at once: it shares its parts with this journey.
        """
        return JourneyState(
            self.customer,
            sorted(self.marks.items()),
            self.last_at,
            self.open_until,
            self.forgotten_until,
            self.awaited,
            [self.calls[key] for key in sorted(self.calls)],
            self.notes,
            self.waiting,
            [self.leads[key] for key in sorted(self.leads)],
            [self.entities[key] for key in sorted(self.entities)],
            sorted(self.linked),
            sorted(self.flags),
            self.unnamed,
            self.rank,
            self.parent,
            [self.parts[key] for key in sorted(self.parts)],
            self.statuses,
        )

    @property
    def root(self) -> str:
        """The least key of all customers that are known to be this one: he is to be handed over to it."""
        return self.customer if is_entity(self.customer) else min([self.customer, *self.linked])

    @property
    def handed_over(self) -> bool:
        """Whether all of this customer was handed over to another key."""
        return bool(self.parent)

    @property
    def nameless(self) -> bool:
        """Whether several people may hide behind it, so that one call says nothing of another."""
        return self.customer.startswith("anonymous:") or "shared" in self.flags

    def keep_until(self) -> int:
        """Event time until which it must be kept, in ms; for ever what tells who a customer is."""
        if self.awaited or self.flags or self.handed_over:
            return NEVER
        return max(self.last_at + KEEP_MS, self.open_until)

    def add(self, row: EventRow, config: str, touched: Touched) -> None:
        """Take in an event, unless its id is known; whether it was sent twice is not judged here.

        Raises `TooManyEvents` for a call or lead that can be none.
        """
        event = row.event
        if (event.source, event.event_id) in self.seen:
            return
        self.last_at = max(self.last_at, event.at)
        place = entity_place(self.customer, intern(event.source), event.type, event.event_id)
        if place is not None:
            self.add_entity_event(place[0], read_entity_event(row, place[1]), config, touched)
        if not is_entity(self.customer):
            self._add_of_customer(row, config, touched)
        elif self.customer.startswith(LEAD):
            self._add_of_lead(row, config)

    def _add_of_lead(self, row: EventRow, config: str) -> None:
        """Remember whose lead it is, and removals that do not say."""
        if row.event.customer:
            self.linked |= {row.event.customer}
        elif row.event.type == "lead.removed":
            self.unnamed = [*self.unnamed, Waiting(config, row)]
            self.seen.add((row.event.source, row.event.event_id))

    def _add_of_customer(self, row: EventRow, config: str, touched: Touched) -> None:
        """Take in an event of a call or lead, or a note."""
        event, kind = row.event, row.event.type
        source = intern(event.source)
        if (number := kinds.CALL_KINDS.get(kind)) is not None:
            if isinstance(call_id := event.data.get("call_id"), str):
                key = (source, call_id)
                self.add_call_event(key, read_call_event(row, number), config, touched)
        elif kind == kinds.REQUEST:
            key = (source, f"callback:{event.event_id}")
            self.add_call_event(key, read_call_event(row, kinds.REQUESTED), config, touched)
        elif (number := kinds.LEAD_KINDS.get(kind)) is not None:
            lead_id = event.data.get("lead_id")
            # Whose lead it was can not be told of a removal that names no customer.
            if isinstance(lead_id, str) and self.customer:
                key = (source, lead_id)
                self.add_lead_event(key, read_lead_event(row, number), config, touched)
        elif kind == "customer.flagged":
            flag = event.data["flag"]
            touched.flagged = touched.flagged or flag not in self.flags
            self.flags |= {flag}
        elif kind == "customer.linked":
            self.linked |= set(linked_keys(event)) - {self.customer}
        elif (number := kinds.NOTE_KINDS.get(kind)) is not None:
            self.add_note(read_note(row, number), touched)
        elif kind == kinds.JUDGED:
            self._add_judgement(row, touched)

    def _add_judgement(self, row: EventRow, touched: Touched) -> None:
        """Take in what a manager's journey says of the offers of a call; of one let go it is no news."""
        event = row.event
        key = (event.source, event.data["call_id"])
        call = self.calls.get(key)
        if call is not None:
            before = call.judged
            if judge(call, read_judgement(row)):
                touched.judged.append((key, before))

    def add_call_event(self, key: CallKey, event: CallEvent, config: str, touched: Touched) -> None:
        """Take in an event of a call; the first in the log stamps the call's configuration."""
        call = self.calls.get(key)
        if call is None:
            call = self.calls[key] = CallState(*key, config)
        if len(call.events) >= MAX_CALL_EVENTS:
            raise TooManyEvents(f"call {key[1]} of {key[0]} has over {MAX_CALL_EVENTS} events")
        touched.calls.append((key, event))
        self.seen.add((key[0], event.event_id))
        insort(call.events, event)

    def add_lead_event(self, key: LeadKey, event: LeadEvent, config: str, touched: Touched) -> None:
        """Take in an event of a lead; the first in the log stamps the lead's configuration."""
        lead = self.leads.get(key)
        if lead is None:
            lead = self.leads[key] = LeadState(*key, config)
        if len(lead.events) >= MAX_CALL_EVENTS:
            raise TooManyEvents(f"lead {key[1]} of {key[0]} has over {MAX_CALL_EVENTS} events")
        touched.leads.append((key, event))
        self.seen.add((key[0], event.event_id))
        insort(lead.events, event)

    def add_entity_event(self, key: EntityKey, event: EntityEvent, config: str, touched: Touched) -> None:
        """Take in an event of a deal, a task or an activity; the first in the log stamps it."""
        entity = self.entities.get(key)
        if entity is None:
            entity = self.entities[key] = EntityState(*key, config)
        if len(entity.events) >= MAX_CALL_EVENTS:
            raise TooManyEvents(f"{key[0]} {key[2]} of {key[1]} has over {MAX_CALL_EVENTS} events")
        touched.entities.append((key, event))
        self.seen.add((key[1], event.event_id))
        insort(entity.events, event, key=lambda kept: kept.place)

    def add_note(self, note: Note, touched: Touched) -> None:
        """Take in an event that concerns the customer."""
        touched.notes.append(note)
        self.seen.add((note.source, note.event_id))
        insort(self.notes, note)

    def mark(self, row: EventRow) -> bool:
        """Raise the high-water mark to this row; False if it lies below, so intake sent it twice."""
        slot = mark_slot(row)
        if row.offset <= self.marks.get(slot, -1):
            return False
        self.marks[slot] = row.offset
        return True

    def begin(self) -> Touched:
        """To be given to `add`, and to `undo` if deriving fails."""
        return Touched(dict(self.marks), self.last_at, self.linked, self.flags)

    def undo(self, touched: Touched) -> None:
        """Take back everything that was added with `touched`."""
        self.marks, self.last_at = touched.marks, touched.last_at
        self.linked, self.flags = touched.linked, touched.flags
        self._take_back(self.calls, [(key[0], key, event) for key, event in touched.calls])
        self._take_back(self.leads, [(key[0], key, event) for key, event in touched.leads])
        self._take_back(self.entities, [(key[1], key, event) for key, event in touched.entities])
        for key, judged in reversed(touched.judged):
            self.calls[key].judged = judged
        for note in touched.notes:
            self.seen.discard((note.source, note.event_id))
            self.notes.remove(note)

    def _take_back(self, states: dict[Any, Any], added: list[tuple[str, Any, Any]]) -> None:
        """Take events out again, given with their source and the key of what holds them."""
        for source, key, event in added:
            self.seen.discard((source, event.event_id))
            states[key].events.remove(event)
        for key in {key for _, key, _ in added}:
            if not states[key].events:
                del states[key]

    def take_over(self, other: "Journey") -> None:
        """Become what another journey of the same customer is."""
        for name in self.__slots__:
            setattr(self, name, getattr(other, name))
