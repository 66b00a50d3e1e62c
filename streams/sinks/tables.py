"""The base tables that the sink writes: their columns in insert order, and what identifies a row."""

from dataclasses import dataclass

from streams.records_tables import TABLES
from streams.sinks.generated import pane_column_names

#: Stand at the end of every row.
TRAILER = ("version", "gone")


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows of a table look in a batch: the first `key` values identify a row."""

    table: str
    key: int
    columns: tuple[str, ...]


def _layout(table: str, key: tuple[str, ...], rest: tuple[str, ...]) -> Layout:
    return Layout(table, len(key), key + rest + TRAILER)


_EVENTS = _layout(
    "events",
    ("source", "event_id"),
    (
        "type",
        "at",
        "customer",
        "manager",
        "group",
        "data",
        "extra",
        "raw_topic",
        "raw_partition",
        "raw_offset",
        "logged_at",
        "config",
        "place",
        "item",
        "also",
    ),
)
_CUSTOMERS = _layout("customers", ("customer",), ("phone", "phone_masked", "name", "kind", "flags"))
_KPI_MINUTES = _layout("kpi_minutes", ("subject", "minute"), pane_column_names())
_KPI_NOW = _layout("kpi_now", ("subject", "kpi", "window"), ("as_of", "value", "n"))
_ALERTS = _layout(
    "alerts",
    ("alert_id", "at", "state", "severity"),
    (
        "rule",
        "subject_kind",
        "subject",
        "kpi",
        "window",
        "value",
        "threshold",
        "n",
        "started_at",
        "summary",
        "runbook",
    ),
)
_DEAD_LETTERS = _layout(
    "dead_letters",
    ("origin",),
    (
        "topic",
        "partition",
        "offset",
        "received_at",
        "source",
        "reason",
        "detail",
        "payload",
        "encoding",
    ),
)

_DAY_FACTS = _layout(
    "day_facts", ("entity", "name", "manager", "group", "whole", "at"), ("value", "customer")
)
_AGENT_STATUSES = _layout("agent_statuses", ("source", "event_id"), ("at", "manager", "status"))
_CUSTOMER_FLAGS = _layout("customer_flags", ("source", "event_id"), ("customer", "flag"))
_COPIES = (_DAY_FACTS, _AGENT_STATUSES, _CUSTOMER_FLAGS)

#: Tables of which every row follows from the stored events, these included: what a rebuild makes anew.
REBUILT: tuple[str, ...] = ("events", *TABLES, "kpi_minutes", *(layout.table for layout in _COPIES))

#: By name. Order of writing does not matter: every table converges by itself.
LAYOUTS: dict[str, Layout] = {
    layout.table: layout
    for layout in (
        _EVENTS,
        _CUSTOMERS,
        *(_layout(name, table.key, table.rest) for name, table in TABLES.items()),
        _KPI_MINUTES,
        *_COPIES,
        _KPI_NOW,
        _ALERTS,
        _DEAD_LETTERS,
    )
}
