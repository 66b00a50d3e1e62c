"""What the events of one task amount to, and its facts."""

import msgspec

from streams.journey import kinds
from streams.journey.deals import ROBOT
from streams.journey.names import CODES
from streams.journey.places import Directory
from streams.journey.state import EntityEvent, EntityState, Fact

_DONE = CODES["task_done"]
_DUE = CODES["task_due"]
_IN_TIME = CODES["task_in_time"]
_OVERDUE = CODES["overdue_task"]
_PUT_OFF = CODES["task_put_off"]


class Task(msgspec.Struct, gc=False):
    """A task as its events tell it. Times are ms; None where there is none."""

    source: str
    task_id: str
    last_at: int
    removed: bool
    manager: str = ""
    manager_since: int = 0
    customer: str = ""
    created_at: int | None = None
    due_at: int | None = None
    done: EntityEvent | None = None
    done_by: str = ""  #: who was to do it when it was done
    owners: list[tuple[int, str]] = []  #: who was to do it from when on, in order
    #: events that put it off while it was not done, and whose it was
    put_off: list[tuple[EntityEvent, str]] = []

    @property
    def entity(self) -> str:
        """Its name in facts and items."""
        return f"{self.source}/{self.task_id}"

    @property
    def is_open(self) -> bool:
        """Whether somebody has still to do it."""
        return not self.removed and self.done is None

    def owner_at(self, at: int) -> str:
        """Who was to do it at a moment; before anybody was named, who was named first."""
        named = [manager for since, manager in self.owners if since <= at]
        return named[-1] if named else self.owners[0][1] if self.owners else ""


def read_task(state: EntityState) -> Task:
    """Derive a task from its events."""
    events = state.events
    removed = any(event.kind == kinds.TASK_REMOVED for event in events)
    task = Task(state.source, state.id, events[-1].at, removed)
    for event in events:
        if event.manager and event.manager != task.manager:
            task.manager, task.manager_since = event.manager, event.at
            task.owners.append((event.at, event.manager))
        task.customer = event.customer or task.customer
        due = event.data.get("due_at", task.due_at)
        later = due is not None and task.due_at is not None and due > task.due_at
        if later and event.kind == kinds.TASK_CHANGED and task.done is None:
            task.put_off.append((event, task.manager))
        task.due_at = due
        if event.kind == kinds.TASK_CREATED and task.created_at is None:
            task.created_at = event.at
        elif event.kind == kinds.TASK_DONE and task.done is None:
            task.done, task.done_by = event, task.manager
    return task


def task_facts(task: Task, directory: Directory) -> list[Fact]:
    """The facts of a task; none if it was removed."""
    if task.removed:
        return []
    # Put off twice at one moment, it is put off once.
    facts = list({_credited(_PUT_OFF, event, of, directory) for event, of in task.put_off})
    done, due = task.done, task.due_at
    if done is not None:
        facts.append(_credited(_DONE, done, task.done_by, directory))
    if due is not None:
        at = due if done is None else min(done.at, due)
        answers = task.done_by if done is not None and done.at <= due else task.owner_at(due)
        group = directory.group_of(answers, at)
        facts.append(Fact(_DUE, answers, group, True, at))
        if done is not None and done.at <= due:
            facts.append(Fact(_IN_TIME, answers, group, True, at))
        if done is None:
            group = directory.group_of(task.manager, task.manager_since)
            facts.append(Fact(_OVERDUE, task.manager, group, True, due, 0, f"{group}|{task.entity}"))
    return sorted(facts)


def _credited(name: int, event: EntityEvent, responsible: str, directory: Directory) -> Fact:
    """A fact of who did it, the actor or who is responsible; of the latter's group."""
    actor = event.text("actor")
    who = responsible if not actor else "" if actor == ROBOT else actor
    return Fact(name, who, directory.group_of(responsible, event.at), True, event.at)
