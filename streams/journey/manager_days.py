"""A manager's day: which of the offers that he missed rang while he was on another call or paused.

Customers' journeys tell it of his parts in calls (`busy`), his own status events come to it from the log.
Both are kept as sets, newer versions for older, so that the order in which they come and how often makes no
difference. What spans days is told to each day that it touches, so that any two spans that overlap meet
in one of them. It emits no facts: what it finds it tells the customer's journey, which counts the offer.

Statuses: `paused` and `offline` hold until his next status, for 3 days at most. `on_call` does so for 4 h
at most, and says of an offer only what began before it: else it may be this very call that rings.
"""

from bisect import insort
from collections.abc import Iterable
from sys import intern

from streams.journey import kinds
from streams.journey.busy import UNENDED_MS
from streams.journey.changes import Changes, Forward, Verdict
from streams.journey.journey import DAY_MS, Journey
from streams.journey.keys import STATUS_DAYS, manager_and_day
from streams.journey.names import CODES, NAMES
from streams.journey.state import CallKey, Part, Status
from streams.records import Event, EventRow, HistoryRecord, Span, Tell

_AWAY = frozenset({"paused", "offline"})
_EXCUSED = NAMES[CODES["span_offer_excused"]]


def take_statuses(journey: Journey, rows: Iterable[EventRow]) -> Changes:
    """Take in status events of the manager; of one id the first counts."""
    _reach(journey)
    if not _add_statuses(journey, rows):
        return Changes()
    return _judged(journey, set(journey.parts), [])


def take_tells(journey: Journey, told: Iterable[Tell]) -> Changes:
    """Take in what customers' journeys tell."""
    _reach(journey)
    own: set[CallKey] = set()
    moved: list[Span] = []
    for tell in told:
        key = (intern(tell.source), tell.call_id)
        part = journey.parts.get(key)
        if part is None:
            part = journey.parts[key] = Part(*key, tell.version, tell.customer)
        elif part.version > tell.version:
            continue
        if part.busy != tell.busy:
            moved += part.busy
            moved += tell.busy
        if part.customer != tell.customer:
            part.customer, part.excused = tell.customer, ()
        part.version, part.busy, part.missed = tell.version, tell.busy, tell.missed
        own.add(key)
    return _judged(journey, own, moved)


def restore(journey: Journey, history: HistoryRecord) -> Changes:
    """Add what is stored of the day to what came since it was asked for, and judge all of it.

    `facts` are the missed offers, `keys` holds under `parts` when he was on which call of which customer.
    """
    stored: dict[str, Part] = {}
    for source, call_id, customer, start, end in history.keys.get("parts", []):
        part = stored.setdefault(f"{source}/{call_id}", Part(source, call_id, 0, customer))
        if start is not None:
            part.busy += ((start, end),)
    for fact in history.facts:
        rung = stored.get(fact.key.entity)
        if rung is None:
            continue  # not stored as a part any more: it will be told anew
        ring = (fact.key.at, fact.value)
        rung.missed += (ring,)
        if fact.key.name == _EXCUSED:
            rung.excused += (ring,)
    for part in stored.values():
        known = journey.parts.setdefault((part.source, part.call_id), part)
        if known is not part and known.customer == part.customer:
            known.excused = part.excused
    _add_statuses(journey, history.rows)
    journey.awaited = journey.forgotten_until = 0
    return _judged(journey, set(journey.parts), [])


def verdict_of(verdict: Verdict, version: int) -> Forward:
    """A verdict as it travels to the customer's journey."""
    event = Event(
        source=verdict.source,
        event_id=f"judged:{verdict.call_id}:{verdict.manager}:{verdict.day}",
        type=kinds.JUDGED,
        at=verdict.day * DAY_MS,
        customer=verdict.customer,
        manager=verdict.manager,
        data={
            "call_id": verdict.call_id, "day": verdict.day, "version": version, "rings": verdict.rings
        },
    )  # fmt: skip
    return Forward(verdict.customer, "", EventRow(0, 0, 0, 0, event))


def _reach(journey: Journey) -> None:
    """It is kept for a while after its day."""
    journey.last_at = (manager_and_day(journey.customer)[1] + 1) * DAY_MS


def _add_statuses(journey: Journey, rows: Iterable[EventRow]) -> bool:
    """Whether any was new."""
    before = len(journey.statuses)
    for row in rows:
        event = row.event
        source, id = intern(event.source), event.event_id
        if (source, id) not in journey.seen:
            journey.seen.add((source, id))
            insort(journey.statuses, Status(event.at, id, source, intern(event.data["status"])))
    return len(journey.statuses) > before


def _judged(journey: Journey, own: set[CallKey], moved: list[Span]) -> Changes:
    """Judge the offers of these calls, and those that rang in the spans that moved; tell what is new."""
    changes = Changes()
    if journey.awaited:
        return changes  # with only a part of the day known nobody can judge
    manager, day = manager_and_day(journey.customer)
    for key, part in journey.parts.items():
        if not (part.missed or part.excused):
            continue
        if key in own or any(_meet(ring, span) for ring in part.missed for span in moved):
            excused = (*(ring for ring in part.missed if _is_busy(journey, key, ring)),)
            if excused != part.excused:
                part.excused = excused
                changes.verdicts.append(Verdict(part.customer, *key, manager, day, [*excused]))
    return changes


def _meet(ring: Span, span: Span) -> bool:
    """Whether a span lies in a ring, which is a millisecond long at least."""
    return span[0] < max(ring[1], ring[0] + 1) and ring[0] < span[1]


def _is_busy(journey: Journey, call: CallKey, ring: Span) -> bool:
    """Whether he was on another call, or paused, at any time of a ring."""
    for key, part in journey.parts.items():
        if key != call and any(_meet(ring, span) for span in part.busy):
            return True
    following = [status.at for status in journey.statuses[1:]]
    for status, until in zip(journey.statuses, [*following, None], strict=False):
        if status.word in _AWAY:
            longest = status.at + STATUS_DAYS * DAY_MS
        elif status.word == "on_call" and status.at < ring[0]:
            longest = status.at + UNENDED_MS
        else:
            continue
        end = longest if until is None else min(until, longest)
        if status.at < end and _meet(ring, (status.at, end)):
            return True
    return False
