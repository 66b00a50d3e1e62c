"""Columns of the rows that travel to ClickHouse, in order; the key columns come first.

The tables themselves are in `schemas/clickhouse`; a test holds both against each other. Each table
of database `sales_rows` has `version` and `gone` besides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RowTable:
    """A table that the pipeline writes by replacing whole rows."""

    key: tuple[str, ...]
    rest: tuple[str, ...]
    #: the column that holds the key of the journey that writes the rows
    owner: str = "customer"
    #: the last columns of `rest` that were appended since there are rows in the log, with their empty values
    added: Mapping[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in the order in which rows carry their values."""
        return self.key + self.rest

    def whole(self, values: list[Any]) -> list[Any]:
        """The row's values, extended by those that it lacks because it was written before they were appended.

        Raises ValueError if it has more values, or lacks others.
        """
        lacking = len(self.key) + len(self.rest) - len(values)
        if lacking:
            if not 0 < lacking <= len(self.added):
                raise ValueError(f"{len(values)} values for {len(self.columns)} columns")
            values += list(self.added.values())[len(self.added) - lacking :]
        return values


#: Times are ms since the epoch or None; durations are ms (views show seconds); absent strings are "".
TABLES: dict[str, RowTable] = {
    "calls": RowTable(
        ("source", "call_id"),
        (
            "customer",
            "direction",
            "group",
            "manager",
            "line",
            "started_at",
            "answered_at",
            "ended_at",
            "wait_ms",
            "wait_total_ms",
            "talk_ms",
            "hold_ms",
            "outcome",
            "in_hours",
            "excluded_reason",
            "offers",
            "offers_missed",
            "ended_by",
            "end_reason",
            "transferred",
            "recording",
            "recovered_by",
            "recovered_at",
            "recovery_ms",
            "first_callback_at",
            "rating",
        ),
    ),
    "call_legs": RowTable(
        ("source", "call_id", "leg"),
        (
            "customer",
            "manager",
            "group",
            "offered_at",
            "answered_at",
            "left_at",
            "ring_ms",
            "talk_ms",
            "end_reason",
        ),
    ),
    "leads": RowTable(
        ("source", "lead_id"),
        (
            "customer",
            "channel",
            "manager",
            "group",
            "created_at",
            "first_attempt_at",
            "first_attempt_ms",
            "first_contact_at",
            "first_contact_ms",
            "attempts",
            "disqualified_at",
            "disqualify_reason",
            "disqualified_of",
        ),
        added={"disqualified_of": ""},
    ),
    "measurements": RowTable(
        ("entity", "name", "manager", "group", "whole", "at"), ("value", "tag", "customer")
    ),
    "open_items": RowTable(
        ("source", "kind", "item_id"),
        (
            "customer",
            "manager",
            "group",
            "line",
            "state",
            "misses",
            "attempts",
            "last_attempt_at",
            "taken_by",
            "since",
            "due_at",
            "expires_at",
            "owner",
        ),
        "owner",
    ),
    "deals": RowTable(
        ("source", "deal_id"),
        (
            "pipeline",
            "stage",
            "stage_kind",
            "customer",
            "manager",
            "group",
            "created_at",
            "closed_at",
            "stage_since",
            "due_at",
            "amount_minor",
            "currency",
            "loss_reason",
            "lead_id",
            "proposed_at",
            "owner",
        ),
        "owner",
    ),
    "stage_stays": RowTable(
        ("source", "event_id"),
        (
            "deal_id",
            "pipeline",
            "stage",
            "stage_kind",
            "entered_at",
            "left_at",
            "dwell_ms",
            "due_at",
            "manager",
            "group",
            "customer",
            "amount_minor",
            "currency",
            "loss_reason",
            "owner",
            "owners",
            "meeting_ahead",
        ),
        "owner",
        {"owners": [], "meeting_ahead": []},
    ),
    "customer_links": RowTable(("customer", "root"), ()),
    "tasks": RowTable(
        ("source", "task_id"),
        ("customer", "manager", "group", "created_at", "due_at", "done_at", "owner", "owners"),
        "owner",
        {"owners": []},
    ),
}
