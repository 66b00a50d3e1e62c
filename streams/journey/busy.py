"""What a customer's journey tells those of managers: when each was on a call, and what he let ring.

Whether a missed offer is a miss of the manager depends on his calls with other customers, of which this
customer's journey knows nothing. So it tells the manager's journeys of each day (`manager_days`), and they
say which of his missed offers rang while he was busy.
"""

from streams.journey.calls import CallSummary
from streams.journey.keys import day_key, days_of
from streams.records import Span, Tell

#: A call without an end is taken to go on for so long at most (contract: then it is `unknown`).
UNENDED_MS = 4 * 3_600_000

#: A manager, whether he let it ring instead of being on the call, and when.
_Span = tuple[str, bool, Span]


def _spans_of(call: CallSummary | None) -> list[_Span]:
    """What is to be told of a call.

    A manager is on it from his answer, or from its start if he dialled, until he leaves it. Missed offers
    are those that may count: of a call that is in KPI, and that rang at him alone.
    """
    found: list[_Span] = []
    if call is None:
        return found
    dialled = call.direction == "out" and bool(call.caller) and call.started_at is not None
    for leg in call.legs:
        if leg.answered_at is not None:
            start = leg.answered_at
            if dialled and leg.manager == call.caller:
                start, dialled = min(start, call.started_at or start), False
            found.append((leg.manager, False, (start, _end(start, leg.left_at))))
        elif leg.missed and leg.alone and call.inbound:
            offered = leg.offered_at or 0
            found.append((leg.manager, True, (offered, leg.left_at or offered)))
    if dialled:  # and he never got through
        start = call.started_at or 0
        found.append((call.caller, False, (start, _end(start, call.ended_at))))
    return found


def _end(start: int, known: int | None) -> int:
    return start + UNENDED_MS if known is None else known


#: By key of a manager's journey: when he was on the call, and what he let ring.
_Parts = dict[str, tuple[list[Span], list[Span]]]


def _parts_of(spans: list[_Span]) -> _Parts:
    """The same by the journeys that are to know it."""
    parts: _Parts = {}
    for manager, rung, (start, end) in spans:
        if rung or start < end:  # a call of no length keeps nobody from anything
            for day in days_of(start, end):
                parts.setdefault(day_key(manager, day), ([], []))[rung].append((start, end))
    return parts


def tells(before: CallSummary | None, now: CallSummary | None, customer: str) -> list[Tell]:
    """What the journeys of managers are to be told when a call changed."""
    then, spans = _spans_of(before), _spans_of(now)
    call = now or before
    if then == spans or call is None:
        return []
    old, new = _parts_of(then), _parts_of(spans)
    found = []
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            busy, missed = new.get(key, ((), ()))
            found.append(Tell(key, call.source, call.call_id, customer, tuple(busy), tuple(missed)))
    return found
