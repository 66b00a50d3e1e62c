"""Facts of one call that need no other call. Declared in `streams.kpis.measurements`."""

from collections.abc import Callable, Iterable

from streams.journey.calls import CallSummary
from streams.journey.legs import Leg
from streams.journey.names import CODES
from streams.journey.state import Fact

#: Talk of at least a minute is a quality call (contract, `quality_calls`).
QUALITY_MS = 60_000
#: An answered dial that lasted less was hung up early (contract, `early_hangup_share`).
EARLY_HANGUP_MS = 10_000
#: After this long a call without an end is `unknown`, and nobody waits in it any more.
UNKNOWN_AFTER_MS = 4 * 3_600_000

_CALL_IN = CODES["call_in"]
_ANSWERED = CODES["call_answered"]
_ANSWERED_HOURS = CODES["call_answered_hours"]
_ANSWERED_BY = CODES["call_answered_by"]
_MISSED = CODES["call_missed"]
_MISSED_HOURS = CODES["call_missed_hours"]
_MISSED_CALLER = CODES["missed_caller"]
_SHORT = CODES["short_abandon"]
_HANDLED = CODES["handled"]
_TALK = CODES["talk"]
_QUALITY = CODES["quality"]
_OFFER = CODES["offer"]
#: At any hour, and in working hours.
_OFFER_MISSED = (CODES["offer_missed"], CODES["offer_missed_hours"])
_OFFER_ANSWERED = (CODES["offer_answered"], CODES["offer_answered_hours"])
_OFFER_SHARED = CODES["offer_missed_shared"]
#: Own offers that he let ring: his misses, and those that rang while he was busy elsewhere.
_OFFER_SPANS = (CODES["span_offer_missed"], CODES["span_offer_excused"])
_RING = CODES["ring"]
_DIAL = CODES["dial"]
#: At any hour, and in working hours.
_DIAL_HOURS = CODES["dial_hours"]
_DIAL_ANSWERED = (CODES["dial_answered"], CODES["dial_answered_hours"])
_DIAL_CONVERSATION = CODES["dial_conversation"]
_DIAL_EARLY = (CODES["dial_early_hangup"], CODES["dial_early_hangup_hours"])
_RESPONSE = CODES["response"]
_WAITING = CODES["waiting"]
#: At any hour, and in working hours.
_WAIT_ANSWERED = (CODES["wait_answered_all"], CODES["wait_answered_hours"])
_WAIT_ABANDONED = (CODES["wait_abandoned_all"], CODES["wait_abandoned_hours"])
_VOICEMAIL = (CODES["voicemail_all"], CODES["voicemail_hours"])
_RATINGS = {"customer": CODES["csat"], "reviewer": CODES["qa"]}
_ACTION = CODES["crm_action"]


def call_facts(call: CallSummary, customer: str) -> list[Fact]:
    """The facts of a call; but for its ratings none while its start is not known, or if it is excluded."""
    facts: list[Fact] = _ratings(call) if call.ratings else []
    if not call.counts:
        return facts
    if call.direction == "in":
        _inbound(call, customer, facts)
        if call.legs:
            _offers(call, facts)
    else:
        _dial(call, facts)
    if call.answered_at is not None:
        _talks(call, facts)
    return facts


def _inbound(call: CallSummary, customer: str, facts: list[Fact]) -> None:
    """How the caller fared: facts of the entry group and of the whole centre."""
    group, answered, ended = call.group, call.answered_at, call.ended_at
    facts.append(Fact(_CALL_IN, "", group, True, call.started_at or 0))
    if answered is not None:
        wait = call.wait_ms or 0
        facts.append(Fact(_ANSWERED, "", group, True, answered, wait))
        facts.append(Fact(_RESPONSE, "", group, True, answered, wait))
        facts.append(Fact(_ANSWERED_BY, call.manager, "", False, answered))
        if call.in_hours:
            facts.append(Fact(_ANSWERED_HOURS, "", group, True, answered, wait))
        _level(_WAIT_ANSWERED, call, answered, wait, facts)
    elif ended is None:
        since = call.waiting_at or 0
        tag = f"{group}|{call.entity}"
        facts.append(Fact(_WAITING, "", group, True, since, since + UNKNOWN_AFTER_MS, tag))
    elif call.outcome == "short_abandon":
        facts.append(Fact(_SHORT, "", group, True, ended))
        _level(_WAIT_ABANDONED, call, ended, call.wait_ms or 0, facts)
    elif call.outcome in ("missed", "voicemail"):
        facts.append(Fact(_MISSED, "", group, True, ended))
        if call.in_hours:
            facts.append(Fact(_MISSED_HOURS, "", group, True, ended))
        if not customer.startswith("anonymous:"):
            facts.append(Fact(_MISSED_CALLER, "", group, True, ended, 1, customer))
        if call.outcome == "voicemail":
            _level(_VOICEMAIL, call, ended, 1, facts)
        else:
            _level(_WAIT_ABANDONED, call, ended, call.wait_ms or 0, facts)


def _level(names: tuple[int, int], call: CallSummary, at: int, value: int, facts: list[Fact]) -> None:
    """What service level is reckoned from, for calls of all hours and for those of working hours."""
    counted = names if call.in_hours else names[:1]
    facts.extend(Fact(name, "", call.group, True, at, value) for name in counted)


def _dial(call: CallSummary, facts: list[Fact]) -> None:
    """An outbound call: facts of who dialled, at its start."""
    at = call.started_at or 0
    manager, group = call.caller, call.caller_group

    def add(*names: int) -> None:
        facts.extend(Fact(name, manager, group, True, at) for name in names)

    hours = 2 if call.in_hours else 1
    add(*(_DIAL, _DIAL_HOURS)[:hours])
    if call.answered_at is not None:
        add(*_DIAL_ANSWERED[:hours])
        if call.conversation:
            add(_DIAL_CONVERSATION)
        if call.talk_ms is not None and call.talk_ms < EARLY_HANGUP_MS:
            add(*_DIAL_EARLY[:hours])


def _ratings(call: CallSummary) -> list[Fact]:
    """What customers and reviewers gave the managers of a call; of one moment the best."""
    best: dict[tuple[int, str, str, int], int] = {}
    for event, group in zip(call.ratings, call.rating_groups, strict=True):
        given = (_RATINGS[event.word], event.manager, group, event.at)
        best[given] = max(event.rating, best.get(given, 0))
    return [Fact(name, who, group, True, at, rating) for (name, who, group, at), rating in best.items()]


class _PerSubject:
    """Adds a fact for each manager, each group and the whole centre, the first time only.

    One row per subject: a call in which two managers talked is one call of their group.
    """

    __slots__ = ("facts", "groups", "managers", "name")

    def __init__(self, name: int, facts: list[Fact]) -> None:
        self.name = name
        self.facts = facts
        self.managers: set[str] = set()
        self.groups: set[str] = set()

    def add(self, leg: Leg, at: int) -> None:
        """Something of this kind happened in this leg."""
        if leg.manager in self.managers:
            return
        if not self.managers:
            self.facts.append(Fact(self.name, "", "", True, at))
        self.managers.add(leg.manager)
        self.facts.append(Fact(self.name, leg.manager, "", False, at))
        if leg.group not in self.groups:
            self.groups.add(leg.group)
            self.facts.append(Fact(self.name, "", leg.group, False, at))


def _talks(call: CallSummary, facts: list[Fact]) -> None:
    """Who talked, and for how long."""
    legs = [leg for leg in call.legs if leg.answered_at is not None]
    if len(legs) > 1:
        legs.sort(key=_answered)
    handled = _PerSubject(_HANDLED, facts)
    long = False
    for leg in legs:
        handled.add(leg, _answered(leg))
        if leg.talk_ms is not None and leg.left_at is not None:
            facts.append(Fact(_TALK, leg.manager, leg.group, True, leg.left_at, leg.talk_ms))
            long = long or leg.talk_ms > 0
    if long:
        _quality(legs, facts)


def _answered(leg: Leg) -> int:
    return leg.answered_at or 0


def _quality(legs: list[Leg], facts: list[Fact]) -> None:
    """Subjects that talked a minute or more in this call, at the end of their last leg."""
    talk: dict[tuple[str, str, bool], int] = {}
    last: dict[tuple[str, str, bool], int] = {}
    for leg in legs:
        if leg.talk_ms is None or leg.left_at is None:
            continue
        for subject in ((leg.manager, "", False), ("", leg.group, False), ("", "", True)):
            talk[subject] = talk.get(subject, 0) + leg.talk_ms
            last[subject] = max(last.get(subject, 0), leg.left_at)
    for subject, length in talk.items():
        if length >= QUALITY_MS:
            facts.append(Fact(_QUALITY, *subject, last[subject]))


def _offers(call: CallSummary, facts: list[Fact]) -> None:
    """Whose phone rang, and who let it ring.

    What rang at several managers at once is nobody's own offer. If nobody answered the call, such a
    round that was missed is the entry group's. Who was on another call or paused misses nothing.
    """
    answered: list[Leg] = []
    rung: list[Leg] = []
    offered = _PerSubject(_OFFER, facts)
    shared = False
    for leg in call.legs:
        if leg.offered_at is None:
            continue
        if leg.answered_at is not None:
            ring = leg.ring_ms or 0
            facts.append(Fact(_RING, leg.manager, leg.group, True, leg.answered_at, ring))
        if not leg.alone:
            shared = shared or leg.missed
            continue
        offered.add(leg, leg.offered_at)
        if leg.answered_at is not None:
            answered.append(leg)
        if leg.missed:
            rung.append(leg)
    hours = 2 if call.in_hours else 1
    for name in _OFFER_ANSWERED[:hours]:
        _first_of_each(name, answered, _answered, facts)
    if rung:
        _misses(rung, _OFFER_MISSED[:hours], facts)
    if shared and call.answered_at is None and call.ended_at is not None:
        facts.append(Fact(_OFFER_SHARED, "", call.group, True, call.ended_at))


def _misses(rung: list[Leg], names: Iterable[int], facts: list[Fact]) -> None:
    """Whose own offers were missed, and when each rang; of several of one moment the longest."""
    each: dict[tuple[str, int], Leg] = {}
    for leg in sorted(rung, key=_left):
        each[leg.manager, leg.offered_at or 0] = leg
    for (manager, offered_at), leg in each.items():
        facts.append(Fact(_OFFER_SPANS[leg.excused], manager, "", False, offered_at, _left(leg)))
    for name in names:
        _first_of_each(name, [leg for leg in rung if not leg.excused], _left, facts)


def _first_of_each(name: int, legs: list[Leg], when: Callable[[Leg], int], facts: list[Fact]) -> None:
    """A fact for each subject at the first of its legs by this time."""
    if legs:
        each = _PerSubject(name, facts)
        for leg in sorted(legs, key=when):
            each.add(leg, when(leg))


def _left(leg: Leg) -> int:
    return leg.left_at or 0
