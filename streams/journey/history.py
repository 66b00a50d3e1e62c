"""Refold: a customer's stored history replaces what state holds of him."""

from streams.journey.fold import Changes, compare, derived, summary
from streams.journey.forgetting import prune
from streams.journey.journey import Derived, Journey, Touched
from streams.journey.names import CODES, LEAD_CODES, NAMES
from streams.journey.places import Directories
from streams.journey.rows import RowChange, gone_row, measurement_row
from streams.journey.state import CallState, Fact, JourneyState, LeadState, mark_slot
from streams.records import EventRow, FactChange, HistoryRecord, StoredFact
from streams.records_tables import TABLES


def replace(journey: Journey, history: HistoryRecord, directories: Directories) -> Changes:
    """Fold the stored events of a customer, then what state holds, then what came meanwhile.

    What is stored of facts and rows is what differences are taken against; every row is given anew.
    An answer to another request than the one awaited changes nothing.
    """
    if not journey.awaited or history.request != journey.awaited:
        return Changes()
    fresh = _refolded(journey, history)
    gone: list[FactChange] = []
    _remember(fresh, history.facts, gone)
    calls = {key: summary(fresh, key, directories) for key in sorted(fresh.calls)}
    changes = compare(fresh, Derived(), derived(fresh, calls, directories), sorted(calls))
    changes.facts[:0] = gone
    changes.rows += [measurement_row(change, fresh.customer) for change in gone]
    changes.rows += _no_more(changes.rows, fresh, history)
    prune(fresh)
    journey.take_over(fresh)
    return changes


def _refolded(journey: Journey, history: HistoryRecord) -> Journey:
    """All events of the customer, in the order of the log; of one id the first."""
    fresh = Journey(JourneyState(journey.customer, list(journey.marks.items()), journey.last_at))
    touched = Touched({}, 0)
    for row, config in zip(history.rows, history.configs, strict=True):
        _raise_mark(fresh, row)
        fresh.add(row, config, touched)
    _add_held(fresh, journey, touched)
    for waiting in journey.waiting:
        fresh.add(waiting.row, waiting.config, touched)
    return fresh


def _add_held(fresh: Journey, journey: Journey, touched: Touched) -> None:
    """Add what state holds and the store does not know yet."""
    for key, call in journey.calls.items():
        for event in call.events:
            if (call.source, event.event_id) not in fresh.seen:
                fresh.add_call_event(key, event, call.config, touched)
    for key, lead in journey.leads.items():
        for lead_event in lead.events:
            if (lead.source, lead_event.event_id) not in fresh.seen:
                fresh.add_lead_event(key, lead_event, lead.config, touched)
    for note in journey.notes:
        if (note.source, note.event_id) not in fresh.seen:
            fresh.add_note(note, touched)


def _raise_mark(journey: Journey, row: EventRow) -> None:
    """Stored events are not judged by the mark, but count for it."""
    slot = mark_slot(row)
    journey.marks[slot] = max(journey.marks.get(slot, -1), row.offset)


def _remember(journey: Journey, facts: list[StoredFact], gone: list[FactChange]) -> None:
    """Give each call and lead the facts stored under its name; take back those of what is no more."""
    calls: dict[str, CallState | LeadState] = {call.entity: call for call in journey.calls.values()}
    leads: dict[str, CallState | LeadState] = {lead.entity: lead for lead in journey.leads.values()}
    for state in (*calls.values(), *leads.values()):
        state.facts = []
    for stored in facts:
        key = stored.key
        code = CODES.get(key.name)
        found = (leads if code in LEAD_CODES else calls).get(key.entity)
        if code is None or found is None:
            gone.append(FactChange(key, stored.value, None, stored.tag))
            continue
        found.facts.append(Fact(code, key.manager, key.group, key.whole, key.at, stored.value, stored.tag))
    for state in (*calls.values(), *leads.values()):
        state.facts.sort()


def _no_more(rows: list[RowChange], journey: Journey, history: HistoryRecord) -> list[RowChange]:
    """Takes back the stored rows whose keys were not derived any more."""
    states: list[CallState | LeadState] = [*journey.calls.values(), *journey.leads.values()]
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
