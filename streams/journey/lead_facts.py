"""Facts of leads. Declared in `streams.kpis.measurements`.

The clock of group and all runs from the creation, a manager's from being assigned, once for each
ownership. What becomes true by time alone is a fact at once, dated at its deadline, and is taken
back when an event comes first. The value of an open lead is when it ends by itself.
"""

import msgspec

from streams.journey.leads import BY_CALL, CONTACT_WITHIN_MS, Lead
from streams.journey.names import CODES
from streams.journey.ownership import LASTING, owner_at
from streams.journey.places import Calendar, Directory
from streams.journey.state import Fact

MINUTE_MS = 60_000

_NEW = CODES["lead_new"]
_RESPONSE = CODES["lead_response"]
_RESPONSE_CAL = CODES["lead_response_cal"]
#: Length of the limit, its facts on the working clock and on the calendar's: due, kept.
_LIMITS = tuple(
    (ms, *(CODES[f"lead_{what}_{name}{clock}"] for clock in ("", "_cal") for what in ("due", "in")))
    for name, ms in (("5m", 5 * MINUTE_MS), ("1h", 60 * MINUTE_MS))
)
_CONTACT_DUE = CODES["lead_contact_due"]
_CONTACTED = CODES["lead_contacted"]
_TOUCHES = CODES["lead_touches"]
_ATTEMPTS = CODES["lead_attempts"]
_DISQUALIFIED = CODES["lead_disqualified"]
_UNTOUCHED = CODES["lead_disqualified_untouched"]
_OPEN = CODES["open_lead"]
_SPAN = CODES["span_lead"]


class _Clock(msgspec.Struct, frozen=True, gc=False):
    """Whose time to respond is measured, over [since, until)."""

    manager: str
    group: str
    whole: bool
    since: int
    until: int
    calendar: Calendar

    def fact(self, name: int, at: int, value: int = 1) -> Fact:
        """A fact of this subject."""
        return Fact(name, self.manager, self.group, self.whole, at, value)


def lead_facts(lead: Lead, directory: Directory) -> list[Fact]:
    """The facts of a lead; none as long as its creation is not known, or if it was removed."""
    created = lead.created_at
    if created is None or lead.removed:
        return []
    facts = [Fact(_NEW, "", lead.group, True, created)]
    first: dict[str, int] = {}
    for owner in lead.owners:
        if owner.manager not in first:
            first[owner.manager] = owner.since
            facts.append(Fact(_NEW, owner.manager, "", False, owner.since))
    _disqualified(lead, created, first, facts)
    if lead.channel != BY_CALL:
        for clock in _clocks(lead, created, directory):
            _response(lead, clock, facts)
        _first_day(lead, created, facts)
        _waited(lead, created, facts)
    if lead.is_open:
        _open(lead, created, directory, facts)
    return facts


def due_at(lead: Lead, directory: Directory) -> int:
    """When a lead is to have been attempted: after 5 working minutes."""
    return directory.calendar(lead.group).after(lead.created_at or 0, 5 * MINUTE_MS)


def _disqualified(lead: Lead, created: int, first: dict[str, int], facts: list[Fact]) -> None:
    """Disqualified leads are counted when the leads of which they are a share are counted."""
    if lead.disqualified_at is None:
        return
    owner = owner_at(lead.owners, max(created, lead.disqualified_at))
    for name in (_DISQUALIFIED, _UNTOUCHED):
        if name == _UNTOUCHED and not lead.untouched:
            continue
        facts.append(Fact(name, "", lead.group, True, created))
        if owner is not None:
            facts.append(Fact(name, owner.manager, "", False, first[owner.manager]))


def _clocks(lead: Lead, created: int, directory: Directory) -> list[_Clock]:
    """The group's and the centre's clock, and one for each ownership up to the attempt.

    A lead that nobody owned when it was attempted belongs to who did it, from that moment on. Who was
    away when it was assigned has his time from his return on, and nothing to answer for if it was taken
    from him by then; if it was attempted by then, it was so at once.
    """
    answered = lead.answered_at

    def own(manager: str, since: int, until: int) -> _Clock:
        begins = directory.present_from(manager, since)
        if answered is not None and since <= answered < until:
            begins = min(begins, answered)
        calendar = directory.calendar(directory.group_of(manager, since))
        return _Clock(manager, "", False, begins, until, calendar)

    clocks = [_Clock("", lead.group, True, created, LASTING, directory.calendar(lead.group))]
    clocks += [
        own(owner.manager, owner.since, owner.until)
        for owner in lead.owners
        if answered is None or owner.since <= answered
    ]
    if answered is not None and lead.attempted_by and owner_at(lead.owners, answered) is None:
        clocks.append(own(lead.attempted_by, answered, LASTING))
    return [clock for clock in clocks if clock.since < clock.until]


def _response(lead: Lead, clock: _Clock, facts: list[Fact]) -> None:
    """How soon the lead was attempted. Who gave it away in time has nothing to answer for."""
    since, calendar = clock.since, clock.calendar
    answered = lead.answered_at
    if answered is not None and not since <= answered < clock.until:
        answered = None
    if answered is not None:
        facts.append(clock.fact(_RESPONSE, answered, calendar.working_ms(since, answered)))
        facts.append(clock.fact(_RESPONSE_CAL, answered, answered - since))
    for limit, due, kept, due_cal, kept_cal in _LIMITS:
        deadlines = ((due, kept, calendar.after(since, limit)), (due_cal, kept_cal, since + limit))
        for due_name, kept_name, deadline in deadlines:
            if answered is None and clock.until <= deadline:
                continue
            facts.append(clock.fact(due_name, deadline))
            if answered is not None and answered <= deadline:
                facts.append(clock.fact(kept_name, deadline))


def _first_day(lead: Lead, created: int, facts: list[Fact]) -> None:
    """Whether the customer was talked to within a day, and how often it was tried."""
    day = created + CONTACT_WITHIN_MS
    answered = lead.answered_at
    in_time = answered is not None and answered <= day
    owner = owner_at(lead.owners, answered if answered is not None and in_time else day)
    manager = owner.manager if owner else lead.attempted_by if in_time else ""
    facts.append(Fact(_CONTACT_DUE, manager, lead.group, True, day))
    if lead.first_contact_at is not None and lead.first_contact_at <= day:
        facts.append(Fact(_CONTACTED, manager, lead.group, True, day))
    facts.append(Fact(_TOUCHES, manager, lead.group, True, day, lead.day_touches))
    facts.append(Fact(_ATTEMPTS, manager, lead.group, True, day, lead.day_attempts))


def _waited(lead: Lead, created: int, facts: list[Fact]) -> None:
    """For how long nobody had tried: of the group, and of each owner while it was his."""
    end = lead.waited_until
    if end > created:
        facts.append(Fact(_SPAN, "", lead.group, True, created, end))
    for owner in lead.owners:
        until = min(owner.until, end)
        if until > owner.since:
            facts.append(Fact(_SPAN, owner.manager, "", False, owner.since, until))


def _open(lead: Lead, created: int, directory: Directory, facts: list[Fact]) -> None:
    """A lead that waits, for the group since its creation, for its owner since he got it."""
    facts.append(Fact(_OPEN, "", lead.group, True, created, lead.expires_at, f"{lead.group}|{lead.entity}"))
    if lead.owners:
        owner = lead.owners[-1]
        tag = f"{directory.group_of(owner.manager, owner.since)}|{lead.entity}"
        facts.append(Fact(_OPEN, owner.manager, "", False, owner.since, lead.expires_at, tag))
