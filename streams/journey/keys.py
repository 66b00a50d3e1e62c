"""Under which keys an event is folded: the customer's, and those of the deal, task, lead or manager.

Deals and tasks need no calls and may change their customer, so each has a journey of its own. A
lead has one besides, which only knows whose lead it is: a removal may not say. Who is named by a
link hears of it too. A manager has a journey for each day, for it is what he did elsewhere meanwhile
that tells whether a missed offer is his; his status lies in those of all days on which it may hold. The
same event under several keys is folded once under each.
"""

from streams.records import Event
from streams.topics import partition_of

DEAL = "deal:"
TASK = "task:"
LEAD = "lead:"
MANAGER = "manager:"
#: What keys of customers never begin with.
ENTITY_PREFIXES = (DEAL, TASK, LEAD, MANAGER)

_DAY_MS = 86_400_000
#: A status says nothing any more after so many days (as in view `managers_now`).
STATUS_DAYS = 3
#: Days (UTC) of the journeys of managers that one span may concern at most: no call is longer.
_MOST_DAYS = 8

_BY_TYPE = {
    "deal.stage_changed": (DEAL, "deal_id"),
    "deal.changed": (DEAL, "deal_id"),
    "deal.removed": (DEAL, "deal_id"),
    "proposal.sent": (DEAL, "deal_id"),
    "meeting.scheduled": (DEAL, "deal_id"),
    "meeting.held": (DEAL, "deal_id"),
    "meeting.missed": (DEAL, "deal_id"),
    "task.created": (TASK, "task_id"),
    "task.changed": (TASK, "task_id"),
    "task.done": (TASK, "task_id"),
    "task.removed": (TASK, "task_id"),
    "lead.created": (LEAD, "lead_id"),
    "lead.assigned": (LEAD, "lead_id"),
    "lead.disqualified": (LEAD, "lead_id"),
    "lead.removed": (LEAD, "lead_id"),
}


def is_nobody(key: str) -> bool:
    """Whether a key stands for a hidden number or a colleague, who are no customers to be linked."""
    return key.startswith(("anonymous:", "ext:"))


def linked_keys(event: Event) -> list[str]:
    """The customers that a link says are one, in order; none if fewer than two of them can be."""
    keys = {key for key in (event.customer, *event.data["same_as"]) if key and not is_nobody(key)}
    return sorted(keys) if len(keys) > 1 else []


def day_key(manager: str, day: int) -> str:
    """Key of a manager's journey of a day, in days since the epoch (UTC)."""
    return f"{MANAGER}{manager}:{day}"


def days_of(start: int, end: int) -> range:
    """The days that [start, end) touches."""
    first, last = start // _DAY_MS, max(start, end - 1) // _DAY_MS
    return range(first, min(last, first + _MOST_DAYS - 1) + 1)


def manager_and_day(key: str) -> tuple[str, int]:
    """Whose journey of which day a key stands for."""
    manager, _, day = key.removeprefix(MANAGER).rpartition(":")
    return manager, int(day)


def is_manager_day(key: str) -> bool:
    """Whether a key is of a manager's day."""
    return key.startswith(MANAGER)


def further_keys(event: Event) -> list[str]:
    """The keys of an event besides its customer, in a fixed order."""
    kind = event.type
    if kind in _BY_TYPE:
        prefix, field = _BY_TYPE[kind]
        # A meeting may be about no deal.
        id = event.data.get(field)
        return [f"{prefix}{event.source}:{id}"] if id else []
    if kind == "agent.status":
        day = event.at // _DAY_MS
        return [day_key(event.manager, number) for number in range(day, day + STATUS_DAYS + 1)]
    if kind == "customer.linked":
        return [key for key in linked_keys(event) if key != event.customer]
    return []


def keys_of(event: Event) -> list[str]:
    """Every key under which an event is folded; the customer's first, if it has one."""
    further = further_keys(event)
    if event.customer or not further:
        return [event.customer, *further]
    return further


def partitions_of(event: Event, partitions: int) -> list[int]:
    """The partitions of topic `events` in which an event lies, one for each key at most."""
    return sorted({partition_of(key, partitions) for key in keys_of(event)})


def is_entity(key: str) -> bool:
    """Whether a key is of a deal, a task, a lead or a manager's day instead of a customer."""
    return key.startswith(ENTITY_PREFIXES)
