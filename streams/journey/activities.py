"""Facts of what a manager did for a customer, each event by itself: meetings, complaints, work in the CRM.

An action is counted for who did it: the actor if one is named, else the manager of the event. What
a robot did (`system`) is nobody's work.
"""

from streams.journey import kinds
from streams.journey.calls import UNASSIGNED
from streams.journey.deals import ROBOT
from streams.journey.names import CODES
from streams.journey.places import Directory
from streams.journey.state import EntityEvent, Fact

_MEETINGS = {
    kinds.MEETING_SCHEDULED: CODES["meeting_scheduled"],
    kinds.MEETING_HELD: CODES["meeting_held"],
    kinds.MEETING_MISSED: CODES["meeting_missed"],
}
_COMPLAINT = CODES["complaint"]
_JUSTIFIED = CODES["complaint_justified"]
_ACTION = CODES["crm_action"]


def activity_facts(event: EntityEvent, directory: Directory) -> list[Fact]:
    """What one event counts as."""
    at, manager = event.at, event.manager
    group = directory.group_of(manager, at) if manager else UNASSIGNED
    if event.kind == kinds.COMPLAINT_CREATED:
        return [Fact(_COMPLAINT, "", group, True, at)]
    if event.kind == kinds.COMPLAINT_CLOSED:
        # Charged to a person only when somebody found it justified.
        justified = event.data.get("justified") is True and manager
        return [Fact(_JUSTIFIED, manager, "", False, at)] if justified else []
    facts: list[Fact] = []
    who = event.text("actor") or manager
    if who and who != ROBOT:
        facts.append(Fact(_ACTION, who, directory.group_of(who, at), True, at))
    if event.kind in _MEETINGS:
        facts.append(Fact(_MEETINGS[event.kind], manager, group, True, at))
    return sorted(facts)
