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
    facts: list[Fact] = []
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
