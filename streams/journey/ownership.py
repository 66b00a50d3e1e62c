"""Who answers for a lead, and when: it is assigned and assigned anew."""

import msgspec

from streams.journey import kinds
from streams.journey.state import LeadEvent

#: End of an ownership that lasts.
LASTING = 1 << 62


class Ownership(msgspec.Struct, frozen=True, gc=False):
    """A manager's time with a lead, over [since, until), in ms."""

    manager: str
    since: int
    until: int = LASTING


def ownerships(events: list[LeadEvent], created: LeadEvent) -> list[Ownership]:
    """The ownerships of a lead in order of time, none before its creation.

    Who is named by the creation owns it from the start. To be assigned again changes nothing, and of
    several at one moment the last counts.
    """
    owner_from: dict[int, str] = {}
    for event in events:
        if event.manager and (event is created or event.kind == kinds.LEAD_ASSIGNED):
            owner_from[max(event.at, created.at)] = event.manager
    found: list[Ownership] = []
    for since, manager in owner_from.items():
        if found and found[-1].manager == manager:
            continue
        if found:
            found[-1] = msgspec.structs.replace(found[-1], until=since)
        found.append(Ownership(manager, since))
    return found


def owner_at(owners: list[Ownership], at: int) -> Ownership | None:
    """Whose it was at a moment; None before it was assigned."""
    return next((owner for owner in owners if owner.since <= at < owner.until), None)
