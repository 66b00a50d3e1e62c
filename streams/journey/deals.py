"""What the events of one deal amount to: its stays in stages, and what stands at each moment.

A change into another stage (or the same stage of another pipeline) ends a stay and begins the next;
a repeated report of the present one only updates. Whatever an event does not name stays as it was.
Meanings: contract, section 3.
"""

import msgspec

from streams.journey import kinds
from streams.journey.places import Funnel
from streams.journey.state import EntityEvent, EntityState

OPEN, WON, LOST = "open", "won", "lost"
ROBOT = "system"
_MEETINGS = frozenset({kinds.MEETING_SCHEDULED, kinds.MEETING_HELD, kinds.MEETING_MISSED})


class Standing(msgspec.Struct, frozen=True, gc=False):
    """Whose a deal is and what it is worth, from one event to the next that changes it."""

    since: int
    manager: str = ""
    manager_since: int = 0  #: since when he is responsible without a break
    customer: str = ""
    amount: str = ""
    currency: str = ""
    lead_id: str = ""


class Stay(msgspec.Struct, gc=False):
    """A deal's stay in a stage, over [entered_at, left_at). Times are ms."""

    event_id: str  #: of the change that opened it; with the source it identifies the stay
    pipeline: str
    stage: str
    kind: str  #: `open`, `won`, `lost`
    entered_at: int
    loss_reason: str
    actor: str  #: who moved it, if that is said; `system` for robots
    opening: Standing  #: as it stood when the stay began
    closing: Standing  #: as it stood at the end of the stay, or stands now
    left_at: int | None = None
    standings: list[Standing] = []  #: all that held during the stay, in order

    def standing_at(self, at: int) -> Standing:
        """As it stood at a moment of the stay, events of that very moment included."""
        found = self.opening
        for standing in self.standings:
            if standing.since <= at:
                found = standing
        return found

    def owners(self) -> list[tuple[int, str]]:
        """Who was responsible from when on, in order; the first from the entry on."""
        found = [(self.entered_at, self.opening.manager)]
        for standing in self.standings:
            if standing.manager != found[-1][1]:
                found.append((standing.since, standing.manager))
        return found


class Deal(msgspec.Struct, gc=False):
    """A deal as its events tell it."""

    source: str
    deal_id: str
    last_at: int
    removed: bool
    pipeline: str = ""
    stays: list[Stay] = []
    proposals: list[EntityEvent] = []
    currencies: list[tuple[int, str]] = []  #: in which currency it is from when on
    meetings: list[EntityEvent] = []

    @property
    def entity(self) -> str:
        """Its name in facts and items."""
        return f"{self.source}/{self.deal_id}"

    @property
    def now(self) -> Stay:
        """The stay that lasts."""
        return self.stays[-1]

    @property
    def is_open(self) -> bool:
        """Whether it is neither won nor lost."""
        return bool(self.stays) and not self.removed and self.now.kind == OPEN


def read_deal(state: EntityState) -> Deal:
    """Derive a deal from its events."""
    events = state.events
    removed = any(event.kind == kinds.DEAL_REMOVED for event in events)
    deal = Deal(state.source, state.id, events[-1].at, removed)
    deal.proposals = [event for event in events if event.kind == kinds.PROPOSAL]
    deal.meetings = [event for event in events if event.kind in _MEETINGS]
    standing: Standing | None = None
    for event in events:
        if event.kind not in (kinds.DEAL_STAGE, kinds.DEAL_CHANGED):
            continue
        standing = _next_standing(standing, event)
        deal.currencies.append((event.at, standing.currency))
        if event.kind == kinds.DEAL_STAGE:
            _move(deal, event, standing)
        deal.pipeline = event.text("pipeline") or deal.pipeline
        if deal.stays:
            stay = deal.now
            stay.closing = standing
            stay.standings.append(standing)
    return deal


def _next_standing(before: Standing | None, event: EntityEvent) -> Standing:
    """What stands from this event on."""
    old = before or Standing(event.at)
    manager = event.manager or old.manager
    priced = "amount" in event.data
    return Standing(
        since=event.at,
        manager=manager,
        manager_since=old.manager_since if manager == old.manager and before else event.at,
        customer=event.customer or old.customer,
        amount=event.text("amount") if priced else old.amount,
        currency=event.text("currency") or old.currency,
        lead_id=event.text("lead_id") or old.lead_id,
    )


def _move(deal: Deal, event: EntityEvent, standing: Standing) -> None:
    """Begin another stay, unless the event names the stage in which the deal is."""
    pipeline, stage = event.text("pipeline"), event.text("stage")
    if deal.stays:
        current = deal.now
        if (current.pipeline, current.stage) == (pipeline, stage):
            return
        current.left_at = event.at
    deal.stays.append(
        Stay(
            event_id=event.event_id,
            pipeline=pipeline,
            stage=stage,
            kind=event.text("stage_kind"),
            entered_at=event.at,
            loss_reason=event.text("loss_reason"),
            actor=event.text("actor"),
            opening=standing,
            closing=standing,
            standings=[],
        )
    )


def limit_of(stay: Stay, funnel: Funnel) -> int | None:
    """When the stay reaches its stage's longest allowed; None for one without a limit."""
    known = funnel.stage(stay.pipeline, stay.stage)
    if stay.kind != OPEN or known is None or known.max_stay_ms is None:
        return None
    return stay.entered_at + known.max_stay_ms


def currency_at(deal: Deal, at: int) -> str:
    """The currency of a deal at a moment; before any is known, the first."""
    named = [(since, currency) for since, currency in deal.currencies if currency]
    known = [currency for since, currency in named if since <= at]
    return known[-1] if known else named[0][1] if named else ""


def meeting_ahead(deal: Deal) -> list[tuple[int, int | None]]:
    """When a meeting lay ahead: from one that was arranged to the next that took place or was missed.

    Events do not say for when it is arranged; None as the end of the last says that it is to come.
    """
    found: list[tuple[int, int | None]] = []
    since: int | None = None
    for event in deal.meetings:
        if event.kind == kinds.MEETING_SCHEDULED:
            since = event.at if since is None else since
        elif since is not None:
            found.append((since, event.at))
            since = None
    return found if since is None else [*found, (since, None)]


def stalled_from(deal: Deal, funnel: Funnel) -> int | None:
    """From when on an open deal is stalled: past its limit, no meeting ahead; None while nobody can say."""
    limit = limit_of(deal.now, funnel)
    if limit is None or not funnel.meeting_ahead_holds:
        return limit
    ends = [end for _, end in meeting_ahead(deal)]
    known = [end for end in ends if end is not None]
    return max([limit, *known]) if len(known) == len(ends) else None


def is_forward(stays: list[Stay], number: int, funnel: Funnel) -> bool:
    """Whether a stay (not the first) moved the deal on: to an open or won stage that is new to it.

    Where the pipeline lists both stages, the new one must not stand before the former.
    """
    stay, before = stays[number], stays[number - 1]
    if stay.kind == LOST:
        return False
    if any((s.pipeline, s.stage) == (stay.pipeline, stay.stage) for s in stays[:number]):
        return False
    if stay.pipeline != before.pipeline:
        return True
    old, new = funnel.stage(before.pipeline, before.stage), funnel.stage(stay.pipeline, stay.stage)
    return old is None or new is None or new.order >= old.order


def amount_of(standing: Standing, funnel: Funnel) -> int | None:
    """The amount in minor units of the company currency; None where it is unknown."""
    return funnel.minor_units(standing.amount, standing.currency) if standing.amount else None
