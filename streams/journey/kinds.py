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
CONTACTED: Final = 20
ITEM_TAKEN: Final = 21
ITEM_CLOSED: Final = 22
LEAD_CREATED: Final = 30
LEAD_ASSIGNED: Final = 31
LEAD_DISQUALIFIED: Final = 32
LEAD_REMOVED: Final = 33

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

#: All of them: what a journey keeps, by type.
KEPT: Final = {**CALL_KINDS, **NOTE_KINDS, **LEAD_KINDS}
