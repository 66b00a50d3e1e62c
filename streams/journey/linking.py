"""Customers that are one, and events that are handed on from one journey to another.

Links make customers one for good. A journey that learns of a lesser key than its own takes back what
it had emitted, hands its events over to the least that it knows, its parent, and passes on whatever
comes later: always to that parent, who may have a parent by then, so that no event is ever with two.
It tells the others that they are the parent's too. Keys only ever get less, so this comes to an end
with all events under the least key, in whatever order the links come.

The journey of a lead knows its customers, so that a removal that names none reaches them.
"""

from streams.journey.changes import Changes, Forward
from streams.journey.journey import Derived, Journey
from streams.journey.keys import LEAD
from streams.journey.rows import RowChange, gone_row, measurement_row
from streams.journey.state import Waiting
from streams.records import Event, EventRow, FactChange, HistoryRecord

#: Source of the links that the pipeline tells itself.
OWN_SOURCE = "salespulse"


def keeps_nothing(journey: Journey) -> bool:
    """Whether events are only passed on: by a lead's journey, and by who was handed over."""
    return journey.customer.startswith(LEAD) or journey.handed_over


def pass_on(journey: Journey, held: list[Waiting]) -> Changes:
    """Hand events on to whom they concern, and take in what they say of links."""
    linked, unnamed = journey.linked, journey.unnamed
    touched = journey.begin()
    for waiting in held:
        if journey.customer.startswith(LEAD) or waiting.row.event.type == "customer.linked":
            journey.add(waiting.row, waiting.config, touched)
        journey.last_at = max(journey.last_at, waiting.row.event.at)
    if journey.customer.startswith(LEAD):
        return Changes(forwards=_removals(journey, linked, unnamed))
    changes = Changes(forwards=_handed(journey, held))
    if journey.linked != linked:
        changes.forwards += _news_of_parent(journey, held[-1])
    return changes


def _handed(journey: Journey, held: list[Waiting]) -> list[Forward]:
    """Events for the parent."""
    return [Forward(journey.parent, one.config, one.row, journey.rank + 1) for one in held]


def _removals(journey: Journey, linked: frozenset[str], unnamed: list[Waiting]) -> list[Forward]:
    """Removals for customers, each once: of the removal or the customer one is new."""
    return [
        Forward(customer, removal.config, removal.row)
        for customer in sorted(journey.linked)
        for removal in journey.unnamed
        if customer not in linked or removal not in unnamed
    ]


def _news_of_parent(journey: Journey, reason: Waiting) -> list[Forward]:
    """Tells everybody who is one with this customer that the parent is so too; the parent gets the events."""
    row = reason.row
    return [
        Forward(
            other,
            reason.config,
            EventRow(
                row.topic,
                row.partition,
                row.offset,
                row.logged_at,
                Event(
                    source=OWN_SOURCE,
                    event_id=f"link:{journey.parent}:{other}",
                    type="customer.linked",
                    at=row.event.at,
                    customer=journey.parent,
                    data={"same_as": [other]},
                ),
            ),
        )
        for other in sorted(journey.linked - {journey.parent})
    ]


def hand_over(journey: Journey, history: HistoryRecord, held: list[Waiting]) -> Changes:
    """Take back all that is stored of a customer who is known under another key, and pass his events on.

    The journey keeps its links alone. `history` is all that is stored of him, `held` what came since.
    """
    gone = [FactChange(fact.key, fact.value, None, fact.tag) for fact in history.facts]
    rows = [measurement_row(change, journey.customer) for change in gone]
    rows += [gone_row(table, list(key)) for table in sorted(history.keys) for key in history.keys[table]]
    journey.parent = journey.root
    stored = [Waiting(config, row) for row, config in zip(history.rows, history.configs, strict=True)]
    forwards = _handed(journey, [*stored, *held])
    forwards += _news_of_parent(journey, (*stored, *held)[-1])
    for states in (journey.calls, journey.leads, journey.entities):
        states.clear()
    journey.notes = []
    journey.seen = set()
    journey.open_until = journey.forgotten_until = 0
    journey.derived = Derived()
    return Changes(gone, [*rows, link_row(journey)], forwards)


def link_row(journey: Journey) -> RowChange:
    """Row of table `customer_links`."""
    return RowChange("customer_links", False, [journey.customer, journey.parent])
