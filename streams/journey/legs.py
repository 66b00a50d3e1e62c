"""Managers' parts of a call: who was rung, who talked, and for how long.

An offer and the answer that follows it are one leg. Meanings: contract, section 3.
"""

from bisect import bisect_right
from collections.abc import Iterable

import msgspec

from streams.journey import kinds
from streams.journey.places import Directory
from streams.journey.state import CallEvent, Judgement

NO_ANSWER = "no_answer"
DECLINED = "declined"
#: An offer's end that gives no reason; shown as an empty string.
NO_REASON = "-"


class Leg(msgspec.Struct, gc=False):
    """A manager's part of a call. Times and lengths are ms; None where there is none yet."""

    manager: str
    group: str  #: of the manager when the part began
    offered_at: int | None
    answered_at: int | None = None
    left_at: int | None = None
    ring_ms: int | None = None
    talk_ms: int | None = None
    hold_ms: int = 0
    end_reason: str = ""
    alone: bool = False  #: an offer, and at no time of it did another manager's phone ring
    missed: bool = False  #: an offer that he let ring long enough, or declined
    excused: bool = False  #: missed while he was on another call or paused

    @property
    def began_at(self) -> int:
        """When it was offered; answered, if it was never offered."""
        return self.offered_at if self.offered_at is not None else self.answered_at or 0


class _Hold:
    """Hold that is running, by manager."""

    __slots__ = ("since",)

    def __init__(self) -> None:
        self.since: dict[str, int] = {}

    def close(self, leg: Leg, at: int) -> None:
        """End what is running at this leg's manager."""
        since = self.since.pop(leg.manager, None)
        if since is not None and at > since:
            leg.hold_ms += at - since


def legs_of(events: list[CallEvent], end: int | None, directory: Directory) -> list[Leg]:
    """The legs of a call whose events are in their order and which ended at `end`."""
    legs: list[Leg] = []
    talking: dict[str, Leg] = {}
    hold = _Hold()
    for event in events:
        kind = event.kind
        if kind == kinds.OFFERED:
            group = directory.group_of(event.manager, event.at)
            legs.append(Leg(event.manager, group, event.at))
        elif kind == kinds.OFFER_ENDED:
            _end_offer(legs, event)
        elif kind == kinds.ANSWERED:
            if event.manager not in talking:
                talking[event.manager] = _answer(legs, event, directory)
        elif event.manager in talking and kinds.HELD <= kind <= kinds.TRANSFERRED:
            _change_talk(talking, hold, event, end)
    for leg in talking.values():
        _finish_talk(leg, hold, end)
    if legs:
        _finish_offers(legs, end, directory)
    return legs


def _end_offer(legs: list[Leg], event: CallEvent) -> None:
    """End the latest offer to this manager that began before; else one that began just now."""
    found: Leg | None = None
    for leg in legs:
        if leg.manager != event.manager or leg.end_reason or leg.answered_at is not None:
            continue
        if leg.offered_at is not None and (found is None or leg.offered_at < event.at):
            found = leg
    if found is not None and found.offered_at is not None:
        found.left_at = event.at
        found.ring_ms = event.at - found.offered_at
        found.end_reason = event.word or NO_REASON


def _answer(legs: list[Leg], event: CallEvent, directory: Directory) -> Leg:
    """The leg that this answer belongs to: his latest offer that has not ended, else a new one."""
    for leg in reversed(legs):
        if leg.manager == event.manager and not leg.end_reason and leg.answered_at is None:
            leg.answered_at = event.at
            leg.ring_ms = event.at - (leg.offered_at or 0)
            return leg
    group = directory.group_of(event.manager, event.at)
    legs.append(Leg(event.manager, group, None, event.at))
    return legs[-1]


def _change_talk(talking: dict[str, Leg], hold: _Hold, event: CallEvent, end: int | None) -> None:
    """A hold, its end, or the giving away of the call by a manager who talks."""
    leg = talking[event.manager]
    if event.kind == kinds.HELD:
        hold.since.setdefault(event.manager, event.at)
        return
    at = event.at if end is None else min(event.at, end)
    if event.kind == kinds.RESUMED:
        hold.close(leg, at)
    else:
        leg.end_reason = "transferred"
        _leave(leg, hold, at)
        del talking[event.manager]


def _finish_talk(leg: Leg, hold: _Hold, end: int | None) -> None:
    """The end of the call ends the talk of who did not give it away."""
    if end is not None:
        leg.end_reason = "ended"
        _leave(leg, hold, end)


def _leave(leg: Leg, hold: _Hold, at: int) -> None:
    """Close a talk; an end before its answer (clocks differ) makes it 0 long."""
    answered = leg.answered_at or 0
    leg.left_at = max(at, answered)
    leg.talk_ms = leg.left_at - answered
    hold.close(leg, leg.left_at)


def _finish_offers(legs: list[Leg], end: int | None, directory: Directory) -> None:
    """Ends that nobody reported, which offers rang alone, and which were missed."""
    offers = [leg for leg in legs if leg.offered_at is not None]
    answers = sorted(leg.answered_at for leg in legs if leg.answered_at is not None)
    following: dict[str, int] = {}
    for leg in reversed(offers):
        offered = leg.offered_at or 0
        if leg.ring_ms is None:
            _stop_ringing(leg, offered, following.get(leg.manager), answers, end)
        following[leg.manager] = offered
        if leg.end_reason == NO_REASON:
            leg.end_reason = ""
        leg.missed = _was_missed(leg, directory) and not directory.absent(leg.manager, offered)
    mark_alone(offers)


def _was_missed(leg: Leg, directory: Directory) -> bool:
    """Whether an offer was let ring long enough, or declined."""
    if leg.end_reason != NO_ANSWER:
        return leg.end_reason == DECLINED
    return (leg.ring_ms or 0) >= directory.group_settings(leg.group).offer_min_ring_ms


def _stop_ringing(leg: Leg, offered: int, following: int | None, answers: list[int], end: int | None) -> None:
    """End an offer that has no end of its own.

    It rings until its manager is offered the call again, until somebody answers, or until the call
    ends, whichever is first.
    """
    later = bisect_right(answers, offered - 1)
    ends = [at for at in (following, end) if at is not None]
    if later < len(answers):
        ends.append(answers[later])
    if ends:
        leg.left_at = max(offered, min(ends))
        leg.ring_ms = leg.left_at - offered


def mark_alone(offers: list[Leg]) -> None:
    """Mark the offers, in the order of their beginning, that overlap no other manager's.

    An offer rings in [offered, ended), and at least for a millisecond: devices that decline at once
    are part of the round. One whose end is not known rings for ever.
    """
    last_end = other_end = -1.0
    last_manager = ""
    for leg in offers:
        start, stop = _rings(leg)
        rival = other_end if leg.manager == last_manager else last_end
        leg.alone = rival <= start
        if leg.manager == last_manager:
            last_end = max(last_end, stop)
        elif stop >= last_end:
            last_end, other_end, last_manager = stop, last_end, leg.manager
        else:
            other_end = max(other_end, stop)
    next_start = other_start = float("inf")
    next_manager = ""
    for leg in reversed(offers):
        start, stop = _rings(leg)
        rival = other_start if leg.manager == next_manager else next_start
        leg.alone = leg.alone and rival >= stop
        if leg.manager != next_manager:
            other_start, next_manager = next_start, leg.manager
        next_start = start


def excuse(legs: list[Leg], judged: Iterable[Judgement]) -> None:
    """Mark the missed offers that rang at a busy manager, as the managers' journeys say."""
    for judgement in judged:
        for leg in legs:
            if leg.missed and leg.manager == judgement.manager:
                leg.excused = leg.excused or (leg.offered_at, leg.left_at) in judgement.rings


def _rings(leg: Leg) -> tuple[int, float]:
    """When an offer rang."""
    start = leg.offered_at or 0
    return start, float("inf") if leg.ring_ms is None else start + max(leg.ring_ms, 1)
