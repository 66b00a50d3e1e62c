"""The fold of a customer's events: what changed in facts and table rows.

A pure function of the events, whatever their order and however often they come: everything is
derived from the set of events, and compared with what was emitted before.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from streams.journey.busy import tells
from streams.journey.call_facts import call_facts
from streams.journey.calls import CallSummary, summarize
from streams.journey.changes import Changes
from streams.journey.entities import DerivedEntity, derive_entity
from streams.journey.forgetting import open_until, prune
from streams.journey.item_facts import item_facts
from streams.journey.items import missed_items
from streams.journey.journey import NEVER, Derived, DerivedLead, Journey
from streams.journey.keys import is_manager_day
from streams.journey.lead_facts import lead_facts
from streams.journey.leads import read_lead
from streams.journey.linking import keeps_nothing, pass_on
from streams.journey.manager_days import take_statuses
from streams.journey.names import NAMES
from streams.journey.places import Directories
from streams.journey.recovery import Recovery, Timeline, recoveries
from streams.journey.rows import (
    RowChange,
    call_row,
    gone_row,
    item_kind,
    item_row,
    lead_item_row,
    lead_row,
    leg_row,
    measurement_row,
)
from streams.journey.state import CallKey, EntityKey, EntityState, Fact, LeadKey, LeadState, Waiting
from streams.records import EventRow, FactChange, FactKey, Tell
from streams.records_tables import TABLES


def apply(
    journey: Journey,
    rows: Iterable[EventRow],
    config: str,
    directories: Directories,
    *,
    forwarded: bool = False,
) -> Changes:
    """Fold events of this customer into the journey, in the order of the log.

    `config` is the version stamped on their record. While history is awaited they are only held.
    If deriving raises, the journey is as before. `forwarded`: they come from another journey, out of
    the order of the log, so that the marks say nothing of them.
    """
    if is_manager_day(journey.customer):
        return take_statuses(journey, rows)
    touched = journey.begin()
    fresh = [row for row in rows if forwarded or journey.mark(row)]
    if journey.awaited:
        journey.waiting.extend(Waiting(config, row) for row in fresh)
        return Changes()
    if keeps_nothing(journey):
        return pass_on(journey, [Waiting(config, row) for row in fresh])
    if journey.derived is None:
        warm(journey, directories)
    try:
        for row in fresh:
            journey.add(row, config, touched)
        expires = journey.derived is not None and journey.derived.expires_at <= journey.last_at
        if touched.is_empty and not expires:
            return Changes()
        keys = sorted(journey.calls if touched.flagged else touched.call_keys)
        entities = sorted({key for key, _ in touched.entities})
        changes = _derive(journey, keys, entities, directories, anew=touched.concerns_all or expires)
    except Exception:
        journey.undo(touched)
        raise
    prune(journey)
    return changes


def warm(journey: Journey, directories: Directories) -> None:
    """Derive what was emitted before this process had the journey."""
    journey.derived = derived_whole(journey, directories)


def derived_whole(journey: Journey, directories: Directories) -> Derived:
    """Everything that the journey's events amount to."""
    calls = {key: summary(journey, key, directories) for key in sorted(journey.calls)}
    entities = _derive_entities(journey, sorted(journey.entities), directories)
    return msgspec.structs.replace(derived(journey, calls, directories), entities=entities)


def _derive_entities(
    journey: Journey, keys: list[EntityKey], directories: Directories
) -> dict[EntityKey, DerivedEntity]:
    """What these deals, tasks and activities amount to, each by itself."""
    states = [journey.entities[key] for key in keys]
    return {s.key: derive_entity(s, journey.customer, directories(s.config)) for s in states}


def derived(journey: Journey, calls: dict[CallKey, CallSummary], directories: Directories) -> Derived:
    """What the calls of a customer amount to together."""
    missed = not journey.nameless and any(call.missed for call in calls.values())
    if not missed and not journey.leads:
        return Derived(calls)
    timeline = Timeline(list(calls.values()), journey.notes)
    found = Derived(calls)
    if missed:
        items = missed_items(timeline, journey.notes, journey.last_at, directories)
        waiting = [item for item in items if item.is_open]
        found.recoveries = recoveries(timeline)
        found.item_facts = item_facts(items, journey.customer)
        found.items = {(item_kind(i), i.opener.entity): item_row(i, journey.customer) for i in waiting}
        found.expires_at = min((item.deadline for item in waiting), default=NEVER)
    for state in journey.leads.values():
        _derive_lead(journey, state, timeline, directories, found)
    return found


def _derive_lead(
    journey: Journey, state: LeadState, timeline: Timeline, directories: Directories, found: Derived
) -> None:
    """Add what a lead of the customer amounts to."""
    directory = directories(state.config)
    lead = read_lead(state, timeline, journey.notes, journey.last_at, directory)
    found.leads[state.source, state.lead_id] = DerivedLead(
        None if lead.removed else lead_row(lead, journey.customer),
        lead_facts(lead, directory),
        lead.begins_at,
        lead.settled_at,
        lead.expires_at,
    )
    if lead.is_open:
        item = lead_item_row(lead, journey.customer, directory)
        found.items["lead", lead.entity] = item
        found.expires_at = min(found.expires_at, lead.expires_at)


def summary(journey: Journey, key: CallKey, directories: Directories) -> CallSummary:
    """What a call of the journey amounts to, by the configuration that it is stamped with."""
    call = journey.calls[key]
    return summarize(call, journey.customer, directories(call.config), journey.flags)


def _derive(
    journey: Journey,
    keys: list[CallKey],
    entities: list[EntityKey],
    directories: Directories,
    *,
    anew: bool,
) -> Changes:
    """Derive these calls and entities anew, and what depends on the calls; tell what changed.

    `anew`: his calls together are to be derived anew in any case.
    """
    old = journey.derived or Derived()
    fresh = {key: summary(journey, key, directories) for key in keys}
    if anew or any(_concerns_others(old.calls.get(key), call) for key, call in fresh.items()):
        new = derived(journey, {**old.calls, **fresh}, directories)
    else:
        new = msgspec.structs.replace(old, calls={**old.calls, **fresh} if fresh else old.calls)
    new.entities = old.entities
    if entities:
        new.entities = {**old.entities, **_derive_entities(journey, entities, directories)}
    changed = set(keys)
    changed |= _differing(old.recoveries, new.recoveries)
    changed |= _differing(old.item_facts, new.item_facts)
    return compare(journey, old, new, sorted(changed), entities)


def _differing(old: dict[CallKey, Any], new: dict[CallKey, Any]) -> set[CallKey]:
    """Calls of which two derivations say different things."""
    if old is new:
        return set()
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def _concerns_others(old: CallSummary | None, new: CallSummary) -> bool:
    """Whether what became of other calls may depend on what changed in this one."""
    return (old.bearing() if old else None) != new.bearing()


def compare(
    journey: Journey, old: Derived, new: Derived, keys: list[CallKey], entities: list[EntityKey]
) -> Changes:
    """Differences in these calls and entities and in what is open; the journey holds the new from now on."""
    rows: list[RowChange] = []
    gone: list[FactChange] = []
    made: list[FactChange] = []
    remembered: list[tuple[CallKey, list[Fact]]] = []
    told: list[Tell] = []
    for key in keys:
        call = new.calls[key]
        if call.legs or call.caller:
            told += tells(old.calls.get(key), call, journey.customer)
        _compare_rows(old.calls.get(key), old.recovery(key), call, new.recovery(key), rows, journey)
        facts = call_facts(call, journey.customer)
        facts += new.item_facts.get(key, ())
        before = journey.calls[key].facts
        if facts != before:
            compare_facts(call.entity, before, facts, gone, made)
            remembered.append((key, facts))
    leads = _compare_leads(old.leads, new.leads, rows, gone, made, journey)
    for entity in entities:
        state, before_that = journey.entities[entity], old.entities.get(entity)
        _compare_entity(before_that, new.entities[entity], state, rows, gone, made)
    _compare_items(old.items, new.items, rows)
    gone += made
    rows += [measurement_row(change, journey.customer) for change in gone]
    for key, facts in remembered:
        journey.calls[key].facts = facts
    for key, facts in leads:
        journey.leads[key].facts = facts
    for entity in entities:
        journey.entities[entity].facts = new.entities[entity].facts
    journey.derived = new
    journey.open_until = open_until(new, nameless=journey.nameless)
    return Changes(gone, rows, tells=told)


def _compare_rows(
    old: CallSummary | None,
    old_recovery: Recovery,
    new: CallSummary,
    new_recovery: Recovery,
    rows: list[RowChange],
    journey: Journey,
) -> None:
    """Rows of a call that changed."""
    customer = journey.customer
    if new.requested:
        return
    if old != new or old_recovery != new_recovery:
        rows.append(call_row(new, new_recovery, customer))
    before = old.legs if old else []
    if before == new.legs:
        return
    for number, leg in enumerate(new.legs, 1):
        if number > len(before) or before[number - 1] != leg:
            rows.append(leg_row(new, number, leg, customer))
    surplus = range(len(new.legs) + 1, len(before) + 1)
    rows += [gone_row("call_legs", [new.source, new.call_id, number]) for number in surplus]


def _compare_leads(
    old: dict[LeadKey, DerivedLead],
    new: dict[LeadKey, DerivedLead],
    rows: list[RowChange],
    gone: list[FactChange],
    made: list[FactChange],
    journey: Journey,
) -> list[tuple[LeadKey, list[Fact]]]:
    """Differences in the customer's leads; gives back what is to be remembered of their facts."""
    remembered: list[tuple[LeadKey, list[Fact]]] = []
    if old is new:
        return remembered
    for key, lead in sorted(new.items()):
        known = old.get(key)
        before = known.row if known else None
        if lead.row is None and before is not None:
            rows.append(gone_row("leads", list(key)))
        elif lead.row is not None and lead.row != before:
            rows.append(lead.row)
        state = journey.leads[key]
        if lead.facts != state.facts:
            compare_facts(state.entity, state.facts, lead.facts, gone, made)
            remembered.append((key, lead.facts))
    return remembered


def _compare_entity(
    old: DerivedEntity | None,
    new: DerivedEntity,
    state: EntityState,
    rows: list[RowChange],
    gone: list[FactChange],
    made: list[FactChange],
) -> None:
    """Differences in a deal, a task or an activity."""
    before = old.rows if old else {}
    for key, row in before.items():
        if key not in new.rows:
            table = TABLES[row.table]
            rows.append(gone_row(row.table, row.values[: len(table.key)]))
    rows += [row for key, row in new.rows.items() if before.get(key) != row]
    if new.facts != state.facts:
        compare_facts(state.entity, state.facts, new.facts, gone, made)


def _compare_items(
    old: dict[tuple[str, str], RowChange], new: dict[tuple[str, str], RowChange], rows: list[RowChange]
) -> None:
    """Rows of open items that changed."""
    for item, row in old.items():
        if item not in new:
            rows.append(gone_row("open_items", row.values[:3]))
    rows += [row for item, row in new.items() if old.get(item) != row]


def compare_facts(
    entity: str,
    old: list[Fact],
    new: list[Fact],
    gone: list[FactChange],
    made: list[FactChange],
) -> None:
    """Differences between the facts of an entity: what is no more, and what is new or other."""
    known = set(old)
    fresh = [fact for fact in new if fact not in known]
    former: dict[FactKey, Fact] = {}
    if len(new) - len(fresh) < len(known):
        kept = set(new)
        former = {_key(entity, fact): fact for fact in old if fact not in kept}
    for fact in fresh:
        key = _key(entity, fact)
        before = former.pop(key, None) if former else None
        made.append(FactChange(key, before.value if before else None, fact.value, fact.tag))
    gone += [FactChange(key, fact.value, None, fact.tag) for key, fact in former.items()]


def _key(entity: str, fact: Fact) -> FactKey:
    return FactKey(entity, NAMES[fact.name], fact.manager, fact.group, fact.whole, fact.at)
