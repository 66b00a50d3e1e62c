"""Facts of missed items and of the calls made to end them. Declared in `streams.kpis.measurements`.

What becomes true by time alone is a fact at once, dated at its deadline, and is taken back when an
event comes first. The value of an open item is its deadline, in ms: from then on it is
given up though no event says so.
"""

from streams.journey.items import MissedItem
from streams.journey.names import CODES
from streams.journey.state import CallKey, Fact

_CALLBACK = CODES["callback"]
_CALLBACK_DUE = CODES["callback_due"]
_CALLBACK_IN_TIME = CODES["callback_in_time"]
_CALLBACK_MADE = CODES["callback_made"]
_CALLBACK_REACHED = CODES["callback_reached"]
_RESPONSE = CODES["response"]
_OPEN_MISSED = CODES["open_missed"]
_UNCALLED_MISSED = CODES["uncalled_missed"]
_ITEM = CODES["missed_item"]
_ITEM_REACHED = CODES["missed_item_reached"]
_LOST_CALLER = CODES["lost_caller"]
_SPAN = CODES["span_missed"]
_SPAN_UNCALLED = CODES["span_uncalled"]


def item_facts(items: list[MissedItem], customer: str) -> dict[CallKey, list[Fact]]:
    """The facts of a customer's items, by the call under whose name they go."""
    facts: dict[CallKey, list[Fact]] = {}
    for item in items:
        facts.setdefault(item.opener.key, []).extend(_facts(item, customer))
        for dial in item.attempts:
            manager, group = dial.caller, dial.caller_group
            own = facts.setdefault(dial.key, [])
            own.append(Fact(_CALLBACK_MADE, manager, group, True, dial.started_at or 0))
            if dial.conversation:
                own.append(Fact(_CALLBACK_REACHED, manager, group, True, dial.answered_at or 0))
    return facts


def _facts(item: MissedItem, customer: str) -> list[Fact]:
    group = item.opener.group
    facts = _outcome(item, group, customer)
    if item.is_open:
        tag = f"{group}|{customer}"
        facts.append(Fact(_OPEN_MISSED, "", group, True, item.since, item.deadline, tag))
        if not item.attempts:
            facts.append(Fact(_UNCALLED_MISSED, "", group, True, item.since, item.deadline, tag))
    first = item.first_try_at
    if item.first_try_ms is not None:
        at = item.deadline if first is None else first
        facts.append(Fact(_CALLBACK, "", group, True, at, item.first_try_ms))
    if first is not None:
        facts.append(Fact(_RESPONSE, "", group, True, first, first - item.since))
    if item.ended != "in" or item.until >= item.due_at:
        facts.append(Fact(_CALLBACK_DUE, "", group, True, item.due_at))
        if first is not None and first <= item.due_at:
            facts.append(Fact(_CALLBACK_IN_TIME, "", group, True, item.due_at))
    return facts


def _outcome(item: MissedItem, group: str, customer: str) -> list[Fact]:
    """How long the customer waited, and whether he was reached by the end of the next working day."""
    since, until = item.since, item.until
    facts = [Fact(_ITEM, "", group, True, since, item.reach_by)]
    if item.reached:
        facts.append(Fact(_ITEM_REACHED, "", group, True, since, item.reach_by))
    if item.lost:
        facts.append(Fact(_LOST_CALLER, "", group, True, item.reach_by, 1, customer))
    called = (item.attempts[0].started_at or until) if item.attempts else until
    for name, end in ((_SPAN, until), (_SPAN_UNCALLED, called)):
        if end > since:
            facts.append(Fact(name, "", group, True, since, end))
    return facts
