"""Kinds of events that a journey keeps: small numbers, for state holds many of them.

The numbers are stored and never change their meaning. They are also the order of events of one
moment: systems that know only whole seconds report an offer and its end at the same time.
"""

from typing import Final

STARTED: Final = 0
QUEUED: Final = 1
OFFERED: Final = 2
ANSWERED: Final = 3
HELD: Final = 4
RESUMED: Final = 5
TRANSFERRED: Final = 6
OFFER_ENDED: Final = 7
ENDED: Final = 8
RATED: Final = 9
REQUESTED: Final = 10
CONTACTED: Final = 20
ITEM_TAKEN: Final = 21
ITEM_CLOSED: Final = 22
LEAD_CREATED: Final = 30
LEAD_ASSIGNED: Final = 31
LEAD_DISQUALIFIED: Final = 32
LEAD_REMOVED: Final = 33
DEAL_STAGE: Final = 40
DEAL_CHANGED: Final = 41
PROPOSAL: Final = 42
DEAL_REMOVED: Final = 43
TASK_CREATED: Final = 50
TASK_CHANGED: Final = 51
TASK_DONE: Final = 52
TASK_REMOVED: Final = 53
MEETING_SCHEDULED: Final = 60
MEETING_HELD: Final = 61
MEETING_MISSED: Final = 62
COMPLAINT_CREATED: Final = 63
COMPLAINT_CLOSED: Final = 64
#: Something done in the CRM that counts as work alone.
ACTION: Final = 65

#: Events of a call, by their type.
CALL_KINDS: Final = {
    "call.started": STARTED,
    "call.queued": QUEUED,
    "call.offered": OFFERED,
    "call.answered": ANSWERED,
    "call.held": HELD,
    "call.resumed": RESUMED,
    "call.transferred": TRANSFERRED,
    "call.offer_ended": OFFER_ENDED,
    "call.ended": ENDED,
    "call.rated": RATED,
}

#: A request to be called back is kept as a call of its own, which never was.
REQUEST: Final = "callback.requested"

#: By it a customer's journey hears which offers rang at a busy manager; never in the log of events.
JUDGED: Final = "offer.judged"

#: Events that concern the customer rather than one call, by their type.
NOTE_KINDS: Final = {
    "customer.contacted": CONTACTED,
    "item.taken": ITEM_TAKEN,
    "item.closed": ITEM_CLOSED,
}

#: Events of a lead, by their type.
LEAD_KINDS: Final = {
    "lead.created": LEAD_CREATED,
    "lead.assigned": LEAD_ASSIGNED,
    "lead.disqualified": LEAD_DISQUALIFIED,
    "lead.removed": LEAD_REMOVED,
}

#: Events of a deal, by their type; of meetings those that name it.
DEAL_KINDS: Final = {
    "deal.stage_changed": DEAL_STAGE,
    "deal.changed": DEAL_CHANGED,
    "proposal.sent": PROPOSAL,
    "deal.removed": DEAL_REMOVED,
    "meeting.scheduled": MEETING_SCHEDULED,
    "meeting.held": MEETING_HELD,
    "meeting.missed": MEETING_MISSED,
}

#: Events of a task, by their type.
TASK_KINDS: Final = {
    "task.created": TASK_CREATED,
    "task.changed": TASK_CHANGED,
    "task.done": TASK_DONE,
    "task.removed": TASK_REMOVED,
}

#: Events of a customer each of which counts by itself, by their type.
ACTIVITY_KINDS: Final = {
    "meeting.scheduled": MEETING_SCHEDULED,
    "meeting.held": MEETING_HELD,
    "meeting.missed": MEETING_MISSED,
    "complaint.created": COMPLAINT_CREATED,
    "complaint.closed": COMPLAINT_CLOSED,
    "lead.assigned": ACTION,
    "lead.disqualified": ACTION,
    "deal.stage_changed": ACTION,
    "deal.changed": ACTION,
    "proposal.sent": ACTION,
    "task.created": ACTION,
    "task.changed": ACTION,
    "task.done": ACTION,
    "customer.contacted": ACTION,
}

#: Fields that are kept of the events of deals and tasks and of activities, by kind.
READ_OF: Final[dict[int, tuple[str, ...]]] = {
    DEAL_STAGE: (
        "pipeline", "stage", "stage_kind", "amount", "currency", "loss_reason", "lead_id", "actor",
    ),
    DEAL_CHANGED: ("amount", "currency", "pipeline"),
    PROPOSAL: ("amount", "currency"),
    DEAL_REMOVED: (),
    TASK_CREATED: ("due_at", "actor"),
    TASK_CHANGED: ("due_at", "actor"),
    TASK_DONE: ("due_at", "actor"),
    TASK_REMOVED: (),
    MEETING_SCHEDULED: ("actor",),
    MEETING_HELD: ("actor",),
    MEETING_MISSED: ("actor",),
    COMPLAINT_CREATED: (),
    COMPLAINT_CLOSED: ("justified",),
    ACTION: ("actor",),
}  # fmt: skip
