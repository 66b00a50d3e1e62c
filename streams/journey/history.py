"""Refold: a customer's stored history replaces what state holds of him."""

from typing import Any

from streams.journey.busy import tells
from streams.journey.changes import Changes
from streams.journey.fold import compare, derived_whole, summary
from streams.journey.forgetting import prune
from streams.journey.journey import Derived, Journey
from streams.journey.keys import days_of, is_entity, is_manager_day, keys_of
from streams.journey.linking import hand_over, keeps_nothing, pass_on
from streams.journey.manager_days import restore
from streams.journey.names import BEARERS, CODES, NAMES
from streams.journey.places import Directories
from streams.journey.rows import RowChange, gone_row, measurement_row
from streams.journey.state import (
    CallState,
    EntityState,
    Fact,
    JourneyState,
    Judgement,
    LeadState,
    Waiting,
    judge,
    mark_slot,
)
from streams.journey.touched import Touched
from streams.records import EventRow, FactChange, HistoryRecord, StoredFact
from streams.records_tables import TABLES

_EXCUSED = CODES["span_offer_excused"]


def replace(journey: Journey, history: HistoryRecord, directories: Directories) -> Changes:
    """Fold the stored events of a customer, then what state holds, then what came meanwhile.

    What is stored of facts and rows is what differences are taken against; every row is given anew.
    An answer to another request than the one awaited changes nothing.
    """
    if not journey.awaited or history.request != journey.awaited:
        return Changes()
    if is_manager_day(journey.customer):
        return restore(journey, history)
    fresh = _refolded(journey, history)
    if keeps_nothing(fresh) or fresh.root != fresh.customer:
        return _passed_on(journey, fresh, history, directories)
    gone: list[FactChange] = []
    _remember(fresh, history.facts, gone)
    whole = derived_whole(fresh, directories)
    changes = compare(fresh, Derived(), whole, sorted(fresh.calls), sorted(fresh.entities))
    changes.facts[:0] = gone
    changes.rows += [measurement_row(change, fresh.customer) for change in gone]
    changes.rows += _no_more(changes.rows, fresh, history)
    prune(fresh)
    journey.take_over(fresh)
    return changes


def _passed_on(journey: Journey, fresh: Journey, history: HistoryRecord, directories: Directories) -> Changes:
    """What becomes of the events of a journey that keeps none."""
    held = journey.waiting
    if not is_entity(fresh.customer):
        calls = [summary(fresh, key, directories) for key in sorted(fresh.calls)]
        changes = hand_over(fresh, history, held)
        # The parent tells it anew; what he would not is to be known no more.
        changes.tells = [tell for call in calls for tell in tells(call, None, fresh.customer)]
    else:
        stored = [Waiting(config, row) for row, config in zip(history.rows, history.configs, strict=True)]
        fresh.linked, fresh.unnamed, fresh.seen = frozenset(), [], set()
        changes = pass_on(fresh, [*stored, *held])
    journey.take_over(fresh)
    return changes


def _refolded(journey: Journey, history: HistoryRecord) -> Journey:
    """All events of the customer, in the order of the log; of one id the first."""
    fresh = Journey(JourneyState(journey.customer, list(journey.marks.items()), journey.last_at))
    fresh.linked, fresh.flags, fresh.rank = journey.linked, journey.flags, journey.rank
    touched = Touched({}, 0)
    for row, config in zip(history.rows, history.configs, strict=True):
        if keys_of(row.event) == [journey.customer]:
            _raise_mark(fresh, row)
        fresh.add(row, config, touched)
    _add_held(fresh, journey, touched)
    for waiting in journey.waiting:
        fresh.add(waiting.row, waiting.config, touched)
    return fresh


def _add_held(fresh: Journey, journey: Journey, touched: Touched) -> None:
    """Add what state holds and the store does not know yet."""

    def unknown(source: str, events: list[Any]) -> list[Any]:
        return [event for event in events if (source, event.event_id) not in fresh.seen]

    # Found out before any is added: one event may be of a lead and an activity.
    calls = [(key, call.config, unknown(call.source, call.events)) for key, call in journey.calls.items()]
    leads = [(key, lead.config, unknown(lead.source, lead.events)) for key, lead in journey.leads.items()]
    others = [(key, one.config, unknown(one.source, one.events)) for key, one in journey.entities.items()]
    notes = [note for note in journey.notes if (note.source, note.event_id) not in fresh.seen]
    for call_key, config, events in calls:
        for event in events:
            fresh.add_call_event(call_key, event, config, touched)
        if call_key in fresh.calls:
            fresh.calls[call_key].judged = journey.calls[call_key].judged
    for lead_key, config, events in leads:
        for event in events:
            fresh.add_lead_event(lead_key, event, config, touched)
    for key, config, events in others:
        for event in events:
            fresh.add_entity_event(key, event, config, touched)
    for note in notes:
        fresh.add_note(note, touched)


def _raise_mark(journey: Journey, row: EventRow) -> None:
    """Stored events are not judged by the mark, but count for it.

    Those that lie under another key too do not: they may have been stored from its partition, and say
    nothing of what this key has still to get.
    """
    slot = mark_slot(row)
    journey.marks[slot] = max(journey.marks.get(slot, -1), row.offset)


def _remember(journey: Journey, facts: list[StoredFact], gone: list[FactChange]) -> None:
    """Give each call, lead and so on the facts stored under its name; take back those of what is no more."""
    bearers = _bearers(journey)
    for state in bearers.values():
        state.facts = []
    for stored in facts:
        key = stored.key
        code = CODES.get(key.name)
        found = None if code is None else bearers.get((BEARERS.get(code, "call"), key.entity))
        if code is None or found is None:
            gone.append(FactChange(key, stored.value, None, stored.tag))
            continue
        if code == _EXCUSED and isinstance(found, CallState):
            _recall(found, stored)
        found.facts.append(Fact(code, key.manager, key.group, key.whole, key.at, stored.value, stored.tag))
    for state in bearers.values():
        state.facts.sort()


def _recall(call: CallState, stored: StoredFact) -> None:
    """What was judged of a call and is forgotten is told by its facts, and by whatever comes later."""
    manager, ring = stored.key.manager, (stored.key.at, stored.value)
    day = days_of(*ring)[0]
    found = next((one for one in call.judged if (one.manager, one.day) == (manager, day)), None)
    if found is None:
        judge(call, Judgement(manager, day, 0, [ring]))
    elif not found.version and ring not in found.rings:
        found.rings.append(ring)


def _bearers(journey: Journey) -> dict[tuple[str, str], CallState | LeadState | EntityState]:
    """Under whose name facts are remembered: by what it is, and its name."""
    found: dict[tuple[str, str], CallState | LeadState | EntityState] = {}
    found.update((("call", call.entity), call) for call in journey.calls.values())
    found.update((("lead", lead.entity), lead) for lead in journey.leads.values())
    found.update(((one.what, one.entity), one) for one in journey.entities.values())
    return found


def _no_more(rows: list[RowChange], journey: Journey, history: HistoryRecord) -> list[RowChange]:
    """Takes back the stored rows whose keys were not derived any more."""
    states = _bearers(journey).values()
    facts = {(state.entity, *_fact_key(fact)) for state in states for fact in state.facts}
    derived_keys: dict[str, set[tuple[object, ...]]] = {table: set() for table in TABLES}
    for row in rows:
        derived_keys[row.table].add(tuple(row.values[: len(TABLES[row.table].key)]))
    derived_keys["measurements"] |= facts
    return [
        gone_row(table, list(key))
        for table in sorted(history.keys)
        for key in history.keys[table]
        if table in derived_keys and tuple(key) not in derived_keys[table]
    ]


def _fact_key(fact: Fact) -> tuple[str, str, str, bool, int]:
    return NAMES[fact.name], fact.manager, fact.group, fact.whole, fact.at
