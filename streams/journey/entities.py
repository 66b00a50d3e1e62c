"""Deals, tasks and activities: what is derived of each from its own events alone."""

from collections.abc import Callable

import msgspec

from streams.journey import kinds
from streams.journey.activities import activity_facts
from streams.journey.deal_facts import deal_facts
from streams.journey.deals import read_deal
from streams.journey.entity_rows import deal_rows, task_rows
from streams.journey.keys import DEAL, TASK, is_entity
from streams.journey.places import Directory
from streams.journey.rows import RowChange
from streams.journey.state import EntityKey, EntityState, Fact
from streams.journey.tasks import read_task, task_facts

DAY_MS = 86_400_000
#: An open deal or task is kept this long after its last event.
OPEN_MS = 400 * DAY_MS

RowKey = tuple[str, ...]  #: table, then the key's columns


class DerivedEntity(msgspec.Struct, gc=False):
    """What a deal, a task or an activity amounts to, as last emitted."""

    facts: list[Fact]
    rows: dict[RowKey, RowChange] = {}
    keep_until: int = 0


def entity_place(journey: str, source: str, event_type: str, event_id: str) -> tuple[EntityKey, int] | None:
    """As what an event is kept in a journey with this key, and its kind; None if as nothing of these.

    The journey of a deal or task has that alone; that of a customer has the activities.
    """
    if not is_entity(journey):
        number = kinds.ACTIVITY_KINDS.get(event_type)
        return None if number is None else (("activity", source, event_id), number)
    for prefix, what, known in ((DEAL, "deal", kinds.DEAL_KINDS), (TASK, "task", kinds.TASK_KINDS)):
        if journey.startswith(prefix) and event_type in known:
            return (what, source, journey.removeprefix(f"{prefix}{source}:")), known[event_type]
    return None


def derive_entity(state: EntityState, owner: str, directory: Directory) -> DerivedEntity:
    """Derive an entity under the journey `owner`."""
    return _DERIVE[state.what](state, owner, directory)


def _deal(state: EntityState, owner: str, directory: Directory) -> DerivedEntity:
    deal = read_deal(state)
    rows = {} if deal.removed else deal_rows(deal, owner, directory)
    until = deal.last_at + OPEN_MS if deal.is_open else 0
    return DerivedEntity(deal_facts(deal, directory), rows, until)


def _task(state: EntityState, owner: str, directory: Directory) -> DerivedEntity:
    task = read_task(state)
    rows = {} if task.removed else task_rows(task, owner, directory)
    until = max(task.last_at, task.due_at or 0) + OPEN_MS if task.is_open else 0
    return DerivedEntity(task_facts(task, directory), rows, until)


def _activity(state: EntityState, _owner: str, directory: Directory) -> DerivedEntity:
    return DerivedEntity(activity_facts(state.events[0], directory))


_DERIVE: dict[str, Callable[[EntityState, str, Directory], DerivedEntity]] = {
    "deal": _deal,
    "task": _task,
    "activity": _activity,
}
