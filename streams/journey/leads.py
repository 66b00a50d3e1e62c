"""What the events of one lead and the customer's calls amount to. Meanings: contract, section 3.

Attempts and contacts more than 90 days after the creation are none of the lead's, so that state may
be forgotten then.
"""

from bisect import bisect_left, bisect_right

import msgspec

from streams.journey import kinds
from streams.journey.call_facts import UNKNOWN_AFTER_MS
from streams.journey.calls import UNASSIGNED, CallSummary
from streams.journey.ownership import Ownership, owner_at, ownerships
from streams.journey.places import Directory
from streams.journey.recovery import LOOK_AHEAD_MS, Timeline
from streams.journey.state import LeadEvent, LeadState, Note

#: A call this long before the creation was already for the lead: people dial, then type.
BEFORE_MS = 120_000
#: A customer is to be talked to within a day of the creation, by the calendar.
CONTACT_WITHIN_MS = 86_400_000
#: A lead of this channel came by telephone: how soon it was called says nothing.
BY_CALL = "call"


class Lead(msgspec.Struct, gc=False):
    """A lead as its events and the customer's calls tell it. Times are ms; None where there is none."""

    source: str
    lead_id: str
    begins_at: int  #: what happened before it does not matter to it
    expires_at: int  #: nothing that happens from then on matters to it
    last_at: int  #: its own last event
    removed: bool
    group: str = UNASSIGNED
    created_at: int | None = None
    channel: str = ""
    owners: list[Ownership] = []
    disqualified_at: int | None = None
    disqualify_reason: str = ""
    first_attempt_at: int | None = None
    attempted_by: str = ""
    first_contact_at: int | None = None
    attempts: int = 0
    #: conversations and other contacts, and outbound calls up to the contact, both of the first day
    day_touches: int = 0
    day_attempts: int = 0
    taken_by: str = ""
    is_open: bool = False  #: waits for somebody to try
    waited_until: int = 0  #: when it waited no more; when it expires while it waits

    @property
    def entity(self) -> str:
        """Its name in facts and items."""
        return f"{self.source}/{self.lead_id}"

    @property
    def manager(self) -> str:
        """Whose it is: the last to be assigned, else who tried to reach the customer."""
        return self.owners[-1].manager if self.owners else self.attempted_by

    @property
    def disqualified_of(self) -> str:
        """Whose it was when it was disqualified, else whose it is; empty for one that was not."""
        if self.disqualified_at is None:
            return ""
        owner = owner_at(self.owners, max(self.created_at or 0, self.disqualified_at))
        return owner.manager if owner else self.manager

    @property
    def answered_at(self) -> int | None:
        """When it was first attempted; what lay before the creation counts as the creation."""
        if self.first_attempt_at is None or self.created_at is None:
            return None
        return max(self.first_attempt_at, self.created_at)

    @property
    def untouched(self) -> bool:
        """Whether it was disqualified without an attempt."""
        if self.disqualified_at is None or self.channel == BY_CALL:
            return False
        return self.first_attempt_at is None or self.first_attempt_at > self.disqualified_at

    @property
    def settled_at(self) -> int:
        """What happens later is not expected to matter to it."""
        if self.removed:
            return self.last_at
        if self.first_contact_at is None or self.created_at is None:
            return self.expires_at
        return max(self.last_at, self.first_contact_at, self.created_at + CONTACT_WITHIN_MS)

    def after_ms(self, at: int | None) -> int | None:
        """Time from the creation to a moment; 0 for what lay before."""
        return None if at is None or self.created_at is None else max(0, at - self.created_at)


def read_lead(
    state: LeadState, timeline: Timeline, notes: list[Note], last_at: int, directory: Directory
) -> Lead:
    """Derive a lead of a customer whose last event was at `last_at`."""
    events = state.events
    created = _first(events, kinds.LEAD_CREATED)
    start = events[0].at if created is None else created.at
    lead = Lead(
        source=state.source,
        lead_id=state.lead_id,
        begins_at=min(start - BEFORE_MS, events[0].at),
        expires_at=start + LOOK_AHEAD_MS,
        last_at=events[-1].at,
        removed=_first(events, kinds.LEAD_REMOVED) is not None,
    )
    disqualified = _first(events, kinds.LEAD_DISQUALIFIED)
    if disqualified is not None:
        lead.disqualified_at, lead.disqualify_reason = disqualified.at, disqualified.word
    if created is not None:
        lead.created_at, lead.channel = created.at, created.word
        lead.owners = ownerships(events, created)
        _Reached(lead, created.at, timeline, notes).fill()
    lead.group = _group(events, lead.owners, directory)
    _wait(lead, notes, last_at)
    return lead


def _first(events: list[LeadEvent], kind: int) -> LeadEvent | None:
    return next((event for event in events if event.kind == kind), None)


def _group(events: list[LeadEvent], owners: list[Ownership], directory: Directory) -> str:
    """The group named first, else of the first owner when he got it."""
    for event in events:
        if event.group:
            return event.group
    return directory.group_of(owners[0].manager, owners[0].since) if owners else UNASSIGNED


def _wait(lead: Lead, notes: list[Note], last_at: int) -> None:
    """Whether somebody has still to try, and who said that he would."""
    settled = lead.removed or lead.created_at is None or lead.channel == BY_CALL
    answered = lead.first_attempt_at is not None or lead.disqualified_at is not None
    lead.is_open = not settled and not answered and last_at < lead.expires_at
    ends = [at for at in (lead.answered_at, lead.disqualified_at) if at is not None]
    for note in notes:
        if note.item_id == lead.entity and lead.begins_at <= note.at:
            if note.kind == kinds.ITEM_CLOSED:
                lead.is_open = False
                ends.append(note.at)
            elif note.kind == kinds.ITEM_TAKEN:
                lead.taken_by = note.manager
    lead.waited_until = min([lead.expires_at, *ends])


class _Reached:
    """Searches the customer's calls and contacts for those that answer a lead."""

    def __init__(self, lead: Lead, created: int, timeline: Timeline, notes: list[Note]) -> None:
        self.lead = lead
        self.created = created
        until = created + LOOK_AHEAD_MS
        first = bisect_left(timeline.dialled, created - BEFORE_MS)
        self.dials = [dial for dial in timeline.dials[:first] if _running(dial, created)]
        self.dials += timeline.dials_between(created - BEFORE_MS, until)
        answered = bisect_left(timeline.talked, created)
        self.talks = [talk for talk in timeline.talks[:answered] if (talk.ended_at or 0) > created]
        self.talks += timeline.talks[answered : bisect_right(timeline.talked, until)]
        contacted = (note for note in notes if note.kind == kinds.CONTACTED)
        self.contacts = [note for note in contacted if created <= note.at <= until]

    def fill(self) -> None:
        """Tell the lead its first attempt and contact, and how many there were."""
        lead = self.lead
        tries = [(dial.started_at or 0, 0, dial.caller) for dial in self.dials[:1]]
        tries += [(t.answered_at or 0, 1, t.manager) for t in self.talks if t.direction == "in"][:1]
        tries += [(note.at, 2, note.manager) for note in self.contacts[:1]]
        if tries:
            lead.first_attempt_at, _, lead.attempted_by = min(tries)
        reached = [talk.answered_at or 0 for talk in self.talks[:1]]
        reached += [note.at for note in self.contacts[:1]]
        lead.first_contact_at = min(reached, default=None)
        day = self.created + CONTACT_WITHIN_MS
        lead.attempts = self._attempts(self.created + LOOK_AHEAD_MS)
        lead.day_attempts = self._attempts(day)
        lead.day_touches = sum((talk.answered_at or 0) <= day for talk in self.talks)
        lead.day_touches += sum(note.at <= day for note in self.contacts)

    def _attempts(self, until: int) -> int:
        """Outbound calls up to a moment, and up to and including the one that made contact."""
        contact = self.lead.first_contact_at
        last = until if contact is None else min(until, contact)
        return sum((dial.started_at or 0) <= last for dial in self.dials)


def _running(dial: CallSummary, at: int) -> bool:
    """Whether an outbound call was going on at a moment; one without an end does so for 4 h."""
    if dial.ended_at is not None:
        return dial.ended_at > at
    return (dial.started_at or 0) + UNKNOWN_AFTER_MS > at
