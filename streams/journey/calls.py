"""What the events of one call amount to. Meanings: contract, section 3."""

import msgspec

from streams.journey import kinds
from streams.journey.legs import DECLINED, NO_ANSWER, Leg, excuse, legs_of
from streams.journey.places import Directory
from streams.journey.state import CallEvent, CallKey, CallState

#: Outcomes of inbound calls after which the caller is to be called back.
MISSED_OUTCOMES = frozenset({"missed", "voicemail", "short_abandon"})
_BY_REASON = frozenset({"voicemail", "callback_taken", "blocked", "failed"})
_UNANSWERED = frozenset({NO_ANSWER, DECLINED})
UNASSIGNED = "unassigned"
#: Stands where other calls have an outcome.
REQUESTED = "callback_requested"


class CallSummary(msgspec.Struct, gc=False):
    """A call as its events tell it. Times and lengths are ms; None where there is none (yet)."""

    source: str
    call_id: str
    config: str
    direction: str  #: `in`, `out`, `internal`, or empty as long as its start is not known
    group: str
    manager: str
    line: str
    started_at: int | None
    waiting_at: int | None  #: when the caller began to wait for a person
    answered_at: int | None
    ended_at: int | None
    wait_ms: int | None
    wait_total_ms: int | None
    talk_ms: int | None
    hold_ms: int | None
    offers: int
    offers_missed: int
    end: CallEvent | None
    transferred: bool
    rating: int  #: thousandths on a scale of 5; -1 for none
    caller: str  #: for `out`: who dialled
    caller_group: str
    last_at: int  #: its last event
    legs: list[Leg]
    ratings: tuple[CallEvent, ...] = ()  #: those of customers and reviewers
    rating_groups: tuple[str, ...] = ()  #: of the manager of each
    outcome: str = ""
    in_hours: bool | None = None  #: whether the wait began in working hours
    conversation: bool = False
    excluded: str = ""

    @property
    def key(self) -> CallKey:
        """What identifies it."""
        return self.source, self.call_id

    @property
    def entity(self) -> str:
        """Its name in facts and items."""
        return f"{self.source}/{self.call_id}"

    @property
    def counts(self) -> bool:
        """Whether it is in any KPI: its start is known, and it is not excluded."""
        return bool(self.direction) and not self.excluded

    @property
    def inbound(self) -> bool:
        """Whether it is an inbound call that counts."""
        return self.direction == "in" and not self.excluded

    @property
    def outbound(self) -> bool:
        """Whether it is an outbound call that counts."""
        return self.direction == "out" and not self.excluded

    @property
    def missed(self) -> bool:
        """Whether the caller is to be called back."""
        if self.requested:
            return not self.excluded
        return self.outcome in MISSED_OUTCOMES and self.inbound

    @property
    def requested(self) -> bool:
        """Whether it is no call, but a request to be called back."""
        return self.outcome == REQUESTED

    def bearing(self) -> tuple[object, ...] | None:
        """What the customer's other calls may depend on; None if nothing of this call matters."""
        if self.missed:
            return self.ended_at, self.group, self.line
        if self.outbound:
            dial = (self.started_at, self.ended_at, self.caller, self.caller_group)
            return (*dial, self.answered_at) if self.conversation else dial
        return (self.answered_at, self.ended_at, self.manager) if self.conversation else None


class _Milestones:
    """First event of each kind, and the last of those whose last counts."""

    __slots__ = ("ended", "first", "group", "rating", "ratings")

    def __init__(self, events: list[CallEvent]) -> None:
        self.first: dict[int, CallEvent] = {}
        self.ended: CallEvent | None = None
        self.group = ""
        self.rating = -1
        self.ratings: list[CallEvent] = []
        for event in events:
            kind = event.kind
            if kind not in self.first:
                self.first[kind] = event
            if kind == kinds.ENDED:
                self.ended = event
            elif kind == kinds.RATED and event.rating >= 0:
                self._rate(event)
            if event.group and not self.group:
                self.group = event.group

    def _rate(self, event: CallEvent) -> None:
        """Customers' ratings and reviewers' are two things; those of machines count nowhere."""
        if event.word == "customer":
            self.rating = event.rating
        if event.word in ("customer", "reviewer"):
            self.ratings.append(event)

    def at(self, kind: int) -> int | None:
        """When the first event of this kind was."""
        event = self.first.get(kind)
        return None if event is None else event.at

    def manager(self, kind: int) -> str:
        """Who the first event of this kind names."""
        event = self.first.get(kind)
        return "" if event is None else event.manager

    def waiting_at(self, direction: str) -> int | None:
        """When the caller began to wait for a person: queued, else offered, else started.

        Queues and offers after the first answer are transfers: he waited before.
        """
        if direction != "out":
            answered = self.at(kinds.ANSWERED)
            for kind in (kinds.QUEUED, kinds.OFFERED):
                at = self.at(kind)
                if at is not None and (answered is None or at <= answered):
                    return at
        return self.at(kinds.STARTED)


#: What a customer may be flagged as whose calls are in no KPI; of several the first counts.
EXCLUDING = ("test", "spam", "staff", "supplier")


def summarize(
    call: CallState, customer: str, directory: Directory, flags: frozenset[str] = frozenset()
) -> CallSummary:
    """Derive everything that a call's own events tell, and what is known of the customer."""
    marks = _Milestones(call.events)
    start = marks.first.get(kinds.STARTED)
    direction = start.word if start else ""
    started_at, answered_at = marks.at(kinds.STARTED), marks.at(kinds.ANSWERED)
    ended_at = marks.ended.at if marks.ended else marks.at(kinds.REQUESTED)
    waiting_at = marks.waiting_at(direction)
    until = ended_at if answered_at is None else answered_at
    legs = legs_of(call.events, ended_at, directory)
    if call.judged:
        excuse(legs, call.judged)
    offers, missed, held = _sums(legs)
    caller = _caller(marks) if direction == "out" else ""
    group = _group(marks, start, caller, directory)
    summary = CallSummary(
        source=call.source,
        call_id=call.call_id,
        config=call.config,
        direction=direction,
        group=group,
        manager=caller or marks.manager(kinds.ANSWERED),
        line=start.detail if start else "",
        started_at=started_at,
        waiting_at=waiting_at,
        answered_at=answered_at,
        ended_at=ended_at,
        wait_ms=_span(waiting_at, until),
        wait_total_ms=_span(started_at, until),
        talk_ms=_span(answered_at, ended_at),
        hold_ms=None if answered_at is None else held,
        offers=offers,
        offers_missed=missed,
        end=marks.ended,
        transferred=kinds.TRANSFERRED in marks.first,
        rating=marks.rating,
        caller=caller,
        caller_group=_caller_group(start, caller, group, directory),
        last_at=call.events[-1].at,
        legs=legs,
        ratings=tuple(marks.ratings),
        rating_groups=tuple(directory.group_of(event.manager, event.at) for event in marks.ratings),
    )
    _judge(summary, marks, customer, directory)
    if not summary.excluded and flags:
        summary.excluded = next((flag for flag in EXCLUDING if flag in flags), "")
        summary.conversation = summary.conversation and not summary.excluded
    return summary


def _judge(call: CallSummary, marks: _Milestones, customer: str, directory: Directory) -> None:
    """What depends on the limits and hours of the call's group."""
    settings = directory.group_settings(call.group)
    call.outcome = _outcome(marks, call.direction, call.wait_ms, settings.short_abandon_ms)
    if call.waiting_at is not None:
        call.in_hours = directory.calendar(call.group).in_hours(call.waiting_at)
    if call.direction == "internal" or customer.startswith("ext:"):
        call.excluded = "internal"
    elif call.direction and call.talk_ms is not None:
        call.conversation = call.talk_ms >= settings.conversation_min_ms


def _sums(legs: list[Leg]) -> tuple[int, int, int]:
    """Offers, offers that ended unanswered by their manager, and time on hold."""
    offers = missed = held = 0
    for leg in legs:
        held += leg.hold_ms
        if leg.offered_at is not None:
            offers += 1
            missed += leg.end_reason in _UNANSWERED
    return offers, missed, held


def _span(start: int | None, end: int | None) -> int | None:
    """Time between two moments; 0 where clocks differ so that the end comes first."""
    return None if start is None or end is None else max(0, end - start)


def _outcome(marks: _Milestones, direction: str, wait_ms: int | None, short_ms: int) -> str:
    """The call's class. What has no end is `in_progress`; readers judge `unknown` by the clock."""
    if kinds.REQUESTED in marks.first:
        return REQUESTED
    if kinds.ANSWERED in marks.first:
        return "answered"
    if marks.ended is None:
        return "in_progress"
    if not direction:
        return "unknown"
    if direction != "in":
        return "no_answer"
    reason = marks.ended.word
    if reason == "ivr_end" and not (kinds.QUEUED in marks.first or kinds.OFFERED in marks.first):
        return "ivr_only"
    if reason in _BY_REASON:
        return reason
    return "short_abandon" if wait_ms is not None and wait_ms <= short_ms else "missed"


def _caller(marks: _Milestones) -> str:
    """Who dialled: as the start says, else whose phone rang first, else who talked first."""
    return marks.manager(kinds.STARTED) or marks.manager(kinds.OFFERED) or marks.manager(kinds.ANSWERED)


def _caller_group(start: CallEvent | None, caller: str, group: str, directory: Directory) -> str:
    """The dialling manager's group then; the call's, if nobody is known to have dialled."""
    return directory.group_of(caller, start.at) if caller and start else group


def _group(marks: _Milestones, start: CallEvent | None, caller: str, directory: Directory) -> str:
    """The group named first, else of the line, else of the first manager rung or dialling."""
    if marks.group:
        return marks.group
    if start is not None and start.detail:
        group = directory.group_of_line(start.detail)
        if group:
            return group
    first = marks.first.get(kinds.OFFERED) or marks.first.get(kinds.REQUESTED)
    manager = caller or (first.manager if first else "")
    at = start.at if start and caller else first.at if first else 0
    return directory.group_of(manager, at) if manager else UNASSIGNED
