"""Table rows of what a journey derives; columns as in `streams.records_tables`."""

from typing import Any

import msgspec

from streams.journey.calls import CallSummary
from streams.journey.items import MissedItem
from streams.journey.lead_facts import due_at
from streams.journey.leads import Lead
from streams.journey.legs import Leg
from streams.journey.places import Directory
from streams.journey.recovery import Recovery
from streams.records import FactChange
from streams.records_tables import TABLES

#: Columns whose absence is an empty string; all others are absent as None.
_TEXT = frozenset(
    {
        "customer", "direction", "group", "manager", "line", "outcome", "excluded_reason",
        "ended_by", "end_reason", "recording", "recovered_by", "tag", "state", "taken_by",
        "channel", "disqualify_reason", "disqualified_of", "deal_id", "pipeline", "stage", "stage_kind",
        "currency", "loss_reason", "lead_id", "owner", "root",
    }
)  # fmt: skip
#: Columns whose absence is an empty list.
_LISTS = frozenset({"owners", "meeting_ahead"})
_ZERO = frozenset(
    {"offers", "offers_missed", "transferred", "value", "misses", "attempts", "since", "entered_at"}
)


class RowChange(msgspec.Struct, frozen=True, gc=False):
    """A `records.TableRow` that has no version yet."""

    table: str
    gone: bool
    values: list[Any]


def gone_row(table: str, key: list[Any]) -> RowChange:
    """Takes back the row with this key, whatever it holds."""
    rest = (_absent(column) for column in TABLES[table].rest)
    return RowChange(table, True, [*key, *rest])


def _absent(column: str) -> Any:
    """What stands in a column of a row that is no more."""
    if column in _TEXT:
        return ""
    if column in _LISTS:
        return []
    return 0 if column in _ZERO else None


def call_row(call: CallSummary, recovery: Recovery, customer: str) -> RowChange:
    """Row of table `calls`."""
    return RowChange(
        "calls",
        False,
        [
            call.source,
            call.call_id,
            customer,
            call.direction,
            call.group,
            call.manager,
            call.line,
            call.started_at,
            call.answered_at,
            call.ended_at,
            call.wait_ms,
            call.wait_total_ms,
            call.talk_ms,
            call.hold_ms,
            call.outcome,
            call.in_hours,
            call.excluded,
            call.offers,
            call.offers_missed,
            call.end.detail if call.end else "",
            call.end.word if call.end else "",
            call.transferred,
            call.end.recording if call.end else "",
            recovery.by,
            recovery.at,
            recovery.after_ms,
            recovery.first_callback_at,
            None if call.rating < 0 else call.rating / 1000,
        ],
    )


def leg_row(call: CallSummary, number: int, leg: Leg, customer: str) -> RowChange:
    """Row of table `call_legs`; legs are numbered from 1 in order of time."""
    return RowChange(
        "call_legs",
        False,
        [
            call.source,
            call.call_id,
            number,
            customer,
            leg.manager,
            leg.group,
            leg.offered_at,
            leg.answered_at,
            leg.left_at,
            leg.ring_ms,
            leg.talk_ms,
            leg.end_reason,
        ],
    )


def item_kind(item: MissedItem) -> str:
    """What opened an item."""
    return "callback" if item.opener.requested else "missed_call"


def item_row(item: MissedItem, customer: str) -> RowChange:
    """Row of table `open_items`."""
    last = item.attempts[-1].started_at if item.attempts else None
    return RowChange(
        "open_items",
        False,
        [
            item.opener.source,
            item_kind(item),
            item.opener.entity,
            customer,
            "",
            item.opener.group,
            item.opener.line,
            item.state,
            sum(not miss.requested for miss in item.misses),
            len(item.attempts),
            last,
            item.taken_by,
            item.since,
            item.due_at,
            item.deadline,
            customer,
        ],
    )


def lead_row(lead: Lead, customer: str) -> RowChange:
    """Row of table `leads`."""
    return RowChange(
        "leads",
        False,
        [
            lead.source,
            lead.lead_id,
            customer,
            lead.channel,
            lead.manager,
            lead.group,
            lead.created_at,
            lead.first_attempt_at,
            lead.after_ms(lead.first_attempt_at),
            lead.first_contact_at,
            lead.after_ms(lead.first_contact_at),
            lead.attempts,
            lead.disqualified_at,
            lead.disqualify_reason,
            lead.disqualified_of,
        ],
    )


def lead_item_row(lead: Lead, customer: str, directory: Directory) -> RowChange:
    """Row of table `open_items` of a lead that nobody has tried to reach."""
    return RowChange(
        "open_items",
        False,
        [
            lead.source,
            "lead",
            lead.entity,
            customer,
            lead.manager,
            lead.group,
            "",
            "taken" if lead.taken_by else "new",
            0,
            0,
            None,
            lead.taken_by,
            lead.created_at,
            due_at(lead, directory),
            lead.expires_at,
            customer,
        ],
    )


def measurement_row(change: FactChange, customer: str) -> RowChange:
    """Row of table `measurements`: the new value, or the end of the fact."""
    key = change.key
    gone = change.new is None
    value = change.old if gone else change.new
    return RowChange(
        "measurements",
        gone,
        [
            key.entity,
            key.name,
            key.manager,
            key.group,
            key.whole,
            key.at,
            value,
            change.tag,
            customer,
        ],
    )
