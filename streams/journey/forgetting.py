"""How long a customer is remembered, and which of his calls may be let go before.

A customer is kept 7 days after his last event, and 90 days while something of him is open: a call
without an end, a missed call that nobody recovered, a lead. Who calls every day is never quiet for 7 days,
so what is settled in his past is let go as well. An event that reaches back there needs his history.
"""

from collections.abc import Sequence

from streams.journey import kinds
from streams.journey.calls import CallSummary
from streams.journey.journey import DAY_MS, KEEP_MS, NEVER, Derived, Journey
from streams.journey.keys import is_entity, linked_keys
from streams.journey.recovery import LOOK_AHEAD_MS
from streams.journey.state import CallKey, LeadKey
from streams.records import Event, EventRow

#: With more calls than this the settled ones are let go after a day instead of 7.
MANY_CALLS = 100


def open_until(derived: Derived, *, nameless: bool) -> int:
    """Event time until which something of the customer is open; 0 if nothing is."""
    until = 0
    for key, call in derived.calls.items():
        if call.ended_at is None:
            until = max(until, call.last_at + LOOK_AHEAD_MS)
        elif call.missed and not nameless and derived.recovery(key).at is None:
            until = max(until, call.ended_at + LOOK_AHEAD_MS)
    until = max([until, *(lead.keep_until for lead in derived.leads.values())])
    return max([until, *(entity.keep_until for entity in derived.entities.values())])


def needs_history(journey: Journey, rows: Sequence[EventRow]) -> bool:
    """Whether an event of these may belong to something that state no longer holds.

    A call is rated days after it, a lead goes on for months after it was created; any other event is
    told by its time.
    """
    if journey.handed_over:
        return False
    if any(_tells_who_it_is(journey, row.event) for row in rows):
        return True
    if not journey.forgotten_until:
        return False
    if is_entity(journey.customer) and not journey.entities:
        return True
    late = any(row.event.at <= journey.forgotten_until for row in rows if row.event.type != kinds.JUDGED)
    return late or _is_of_something_old(journey, rows)


def _is_of_something_old(journey: Journey, rows: Sequence[EventRow]) -> bool:
    """Whether an event is about a call or lead that began long before it and is not in state."""
    begun = {_subject_of(row.event) for row in rows if row.event.type in _BEGINNINGS}
    return any(
        _subject_of(row.event) not in begun and _is_unknown(journey, row.event)
        for row in rows
        if row.event.type in _OF_SOMETHING_OLD
    )


#: What a call or lead begins with: out of a backlog it comes together with what follows it.
_BEGINNINGS = frozenset({"call.started", "lead.created"})
#: Events that come long after what they are about began.
_OF_SOMETHING_OLD = frozenset({"call.rated", kinds.JUDGED, *kinds.LEAD_KINDS}) - _BEGINNINGS


def _subject_of(event: Event) -> tuple[str, str, object]:
    field = "lead_id" if event.type in kinds.LEAD_KINDS else "call_id"
    return field, event.source, event.data.get(field)


def _is_unknown(journey: Journey, event: Event) -> bool:
    _, source, number = _subject_of(event)
    known = journey.leads if event.type in kinds.LEAD_KINDS else journey.calls
    return (source, number) not in known


def _tells_who_it_is(journey: Journey, event: Event) -> bool:
    """Whether an event changes what all of the customer's past amounts to."""
    if event.type == "customer.linked":
        return min(linked_keys(event), default=journey.customer) < journey.customer
    if event.type == "customer.flagged":
        return bool(journey.forgotten_until) and event.data["flag"] not in journey.flags
    return False


def await_history(journey: Journey, version: int) -> None:
    """Hold what comes until the history requested under this version is there."""
    journey.awaited = version


def _settled_at(call: CallSummary, derived: Derived, nameless: bool) -> int | None:
    """From when on nothing more is expected of a call; None while it is open."""
    if call.ended_at is None:
        return None
    settled = call.last_at
    if call.missed and not nameless:
        recovered = derived.recovery(call.key).at
        settled = max(settled, call.ended_at + LOOK_AHEAD_MS if recovered is None else recovered)
    return settled


def prune(journey: Journey) -> None:
    """Let go of the calls that were settled long before the last event, and of notes before them.

    Only whole stretches go: nothing in them reaches into what stays.
    """
    derived = journey.derived
    if derived is None:
        return
    if journey.entities and not is_entity(journey.customer):
        _prune_activities(journey, derived)
    if not (journey.calls or journey.leads):
        return
    quick = len(journey.calls) > MANY_CALLS or journey.customer.startswith("ext:")
    limit = journey.last_at - (DAY_MS if quick else KEEP_MS)
    first = min(call.events[0].at for call in journey.calls.values()) if journey.calls else NEVER
    first = min([first, *(lead.begins_at for lead in derived.leads.values())])
    if first >= limit - DAY_MS:
        return
    gone, leads, until, before = _stretch(journey, derived, limit)
    notes = [note for note in journey.notes if note.at >= before]
    if len(notes) < len(journey.notes):
        until = max(until, *(n.at for n in journey.notes if n.at < before))
        journey.notes = notes
    for key in gone:
        call = journey.calls.pop(key)
        journey.seen.difference_update((call.source, event.event_id) for event in call.events)
        derived.calls.pop(key)
        derived.recoveries.pop(key, None)
        derived.item_facts.pop(key, None)
    for key in leads:
        lead = journey.leads.pop(key)
        journey.seen.difference_update((lead.source, event.event_id) for event in lead.events)
        derived.leads.pop(key)
    journey.forgotten_until = max(journey.forgotten_until, until)


def _prune_activities(journey: Journey, derived: Derived) -> None:
    """Let go of the activities of long ago: each counts by itself."""
    limit = journey.last_at - KEEP_MS
    old = [key for key, one in journey.entities.items() if one.events[0].at < limit]
    for key in old:
        event = journey.entities.pop(key).events[0]
        journey.seen.discard((key[1], event.event_id))
        derived.entities.pop(key)
        journey.forgotten_until = max(journey.forgotten_until, event.at)


def _stretch(journey: Journey, derived: Derived, limit: int) -> tuple[list[CallKey], list[LeadKey], int, int]:
    """The calls and leads that may go, the time up to which they reach, and where what stays begins."""
    nameless = journey.nameless
    order = [(call.events[0].at, False, key) for key, call in journey.calls.items()]
    order += [(lead.begins_at, True, key) for key, lead in derived.leads.items()]
    order.sort()
    reach = cut = safe = 0
    for number, (start, is_lead, key) in enumerate(order):
        if reach < start:
            safe, cut = number, reach
        settled = (
            derived.leads[key].settled_at if is_lead else _settled_at(derived.calls[key], derived, nameless)
        )
        if settled is None or settled >= limit:
            break
        reach = max(reach, settled)
    else:
        safe, cut = len(order), reach
    calls = [key for _, is_lead, key in order[:safe] if not is_lead]
    leads = [key for _, is_lead, key in order[:safe] if is_lead]
    stays = order[safe][0] if safe < len(order) else limit
    return calls, leads, cut, min(stays, limit)
