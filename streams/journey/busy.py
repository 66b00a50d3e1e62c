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

#: By key of a manager's journey: when he was on the call, and what he let ring.
Parts = dict[str, tuple[list[Span], list[Span]]]


def parts_of(call: CallSummary | None) -> Parts:
    """What is to be told of a call.

    He is on it from his answer, or from its start if he dialled, until he leaves it. Missed offers are
    those that may count: of a call that is in KPI, and that rang at him alone.
    """
    parts: Parts = {}
    if call is None:
        return parts
    dialled = call.direction == "out" and bool(call.caller) and call.started_at is not None
    for leg in call.legs:
        if leg.answered_at is not None:
            start = leg.answered_at
            if dialled and leg.manager == call.caller:
                start, dialled = min(start, call.started_at or start), False
            _add(parts, leg.manager, 0, (start, _end(start, leg.left_at)))
        elif leg.missed and leg.alone and call.inbound:
            offered = leg.offered_at or 0
            _add(parts, leg.manager, 1, (offered, leg.left_at or offered))
    if dialled:  # and he never got through
        start = call.started_at or 0
        _add(parts, call.caller, 0, (start, _end(start, call.ended_at)))
    return parts


def _end(start: int, known: int | None) -> int:
    return start + UNENDED_MS if known is None else known


def _add(parts: Parts, manager: str, which: int, span: Span) -> None:
    start, end = span
    if which == 0 and start >= end:
        return  # a call of no length keeps nobody from anything
    for day in days_of(start, end):
        parts.setdefault(day_key(manager, day), ([], []))[which].append(span)


def tells(before: CallSummary | None, now: CallSummary | None, customer: str) -> list[Tell]:
    """What the journeys of managers are to be told when a call changed."""
    old, new = parts_of(before), parts_of(now)
    call = now or before
    if old == new or call is None:
        return []
    return [
        Tell(key, call.source, call.call_id, customer, *new.get(key, ([], [])))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]
