"""Missed calls and what became of them: reached again, by whom, and the first try.

Meanings: contract, section 3 (`recovered`, `first_callback_at`, conversation). A recovery more than
90 days after the missed call is none, so that state may be forgotten then.
"""

from bisect import bisect_left, bisect_right

import msgspec

from streams.journey import kinds
from streams.journey.calls import CallSummary
from streams.journey.state import CallKey, Note

LOOK_AHEAD_MS = 90 * 86_400_000


class Recovery(msgspec.Struct, frozen=True, gc=False):
    """What became of a missed call. Times and lengths are ms; None where there is none."""

    by: str = ""  #: `in`, `out`, `other`, or empty
    at: int | None = None
    after_ms: int | None = None
    first_callback_at: int | None = None


NOT_MISSED = Recovery()


class Timeline:
    """A customer's calls and contacts in order of time, for searching."""

    def __init__(self, calls: list[CallSummary], notes: list[Note]) -> None:
        self.missed = sorted((call for call in calls if call.missed), key=_ended)
        self.dials = sorted((call for call in calls if call.outbound), key=_started)
        self.dialled = [_started(call)[0] for call in self.dials]
        self.talks = sorted((call for call in calls if call.conversation), key=_answered)
        self.talked = [_answered(call)[0] for call in self.talks]
        #: for each conversation, the latest end up to and including it
        self.talked_until: list[int] = []
        for call in self.talks:
            before = self.talked_until[-1] if self.talked_until else 0
            self.talked_until.append(max(before, call.ended_at or 0))
        self.contacts = [note.at for note in notes if note.kind == kinds.CONTACTED]

    def recovery(self, ended_at: int) -> tuple[str, int] | None:
        """By what, and when, a call missed at this moment was recovered."""
        following = bisect_right(self.talked, ended_at)
        if following and self.talked_until[following - 1] > ended_at:
            running = next(c for c in self.talks if (c.ended_at or 0) > ended_at)
            return running.direction, ended_at
        found: tuple[str, int] | None = None
        first = bisect_left(self.talked, ended_at)
        if first < len(self.talks):
            found = self.talks[first].direction, self.talked[first]
        contact = bisect_left(self.contacts, ended_at)
        if contact < len(self.contacts) and (found is None or self.contacts[contact] < found[1]):
            found = "other", self.contacts[contact]
        return found if found and found[1] <= ended_at + LOOK_AHEAD_MS else None

    def dials_between(self, since: int, until: int) -> list[CallSummary]:
        """Outbound calls that began in [since, until]."""
        return self.dials[bisect_left(self.dialled, since) : bisect_right(self.dialled, until)]


def _ended(call: CallSummary) -> tuple[int, str, str]:
    return call.ended_at or 0, call.source, call.call_id


def _started(call: CallSummary) -> tuple[int, str, str]:
    return call.started_at or 0, call.source, call.call_id


def _answered(call: CallSummary) -> tuple[int, str, str]:
    return call.answered_at or 0, call.source, call.call_id


def recoveries(timeline: Timeline) -> dict[CallKey, Recovery]:
    """What became of each missed call of a customer."""
    return {c.key: _recovery(c.ended_at or 0, timeline) for c in timeline.missed}


def _recovery(ended_at: int, timeline: Timeline) -> Recovery:
    found = timeline.recovery(ended_at)
    until = found[1] if found else ended_at + LOOK_AHEAD_MS
    first = bisect_left(timeline.dialled, ended_at)
    callback: int | None = None
    if first < len(timeline.dialled) and timeline.dialled[first] <= until:
        callback = timeline.dialled[first]
    if found is None:
        return Recovery(first_callback_at=callback)
    return Recovery(found[0], found[1], found[1] - ended_at, callback)
