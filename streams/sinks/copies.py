"""Rows that stand in a second table too, where they are few and looked up by something else.

Who asks for the KPI of a day's records, for who is at work now or for a customer's flags need not read
years of measurements or events. Copies are written with the row itself and carry its version, so they
follow from the log alone, like it, and a rebuild makes them anew with the tables that they are of.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from streams.kpis.sql_records import DAY_FACTS
from streams.sinks.batch import Row

#: Statuses older than this when they are written are nobody's state now; the table keeps no more of them.
_STATUS_MS = 3 * 24 * 3_600_000
_STATUS_DAYS = "INTERVAL 3 DAY"

#: Places of values in the rows of the two tables; version and gone end each row.
_NAME, _VALUE, _CUSTOMER = 1, 6, 8
_EVENT_TYPE, _EVENT_AT, _EVENT_CUSTOMER, _EVENT_MANAGER, _EVENT_DATA = 2, 3, 4, 5, 7


@dataclass(frozen=True, slots=True)
class Copy:
    """A table whose rows are copies."""

    of: str  #: the table that has them all
    select: str  #: its columns that the copy has, in order, and which rows, with `{database}` to fill in


_NAMES = ", ".join(f"'{name}'" for name in sorted(DAY_FACTS))

#: By table.
COPIES: dict[str, Copy] = {
    "day_facts": Copy(
        "measurements",
        "SELECT entity, name, manager, `group`, whole, at, value, customer, version, gone "
        f"FROM {{database}}.measurements WHERE name IN ({_NAMES})",
    ),
    "agent_statuses": Copy(
        "events",
        "SELECT source, event_id, at, manager, JSONExtractString(data, 'status') AS status, version, gone "
        f"FROM {{database}}.events WHERE type = 'agent.status' AND at > now64(3, 'UTC') - {_STATUS_DAYS}",
    ),
    "customer_flags": Copy(
        "events",
        "SELECT source, event_id, customer, JSONExtractString(data, 'flag') AS flag, version, gone "
        "FROM {database}.events WHERE type = 'customer.flagged'",
    ),
}
#: The tables that have copies.
COPIED = frozenset(copy.of for copy in COPIES.values())


def copies(table: str, row: Row, written_at: int) -> Iterator[tuple[str, Row]]:
    """Tables in which a row of `table` stands too, and as what; `written_at`: when, in ms."""
    if table == "measurements":
        if row[_NAME] in DAY_FACTS:
            yield "day_facts", [*row[: _VALUE + 1], row[_CUSTOMER], *row[-2:]]
    elif table == "events":
        if row[_EVENT_TYPE] == "agent.status" and row[_EVENT_AT] > written_at - _STATUS_MS:
            who = [row[_EVENT_AT], row[_EVENT_MANAGER]]
            yield "agent_statuses", [*row[:2], *who, _said(row, "status"), *row[-2:]]
        elif row[_EVENT_TYPE] == "customer.flagged":
            yield "customer_flags", [*row[:2], row[_EVENT_CUSTOMER], _said(row, "flag"), *row[-2:]]


def _said(row: Row, field: str) -> str:
    return str(_JSON.decode(row[_EVENT_DATA] or "{}").get(field, ""))


_JSON = msgspec.json.Decoder(dict[str, object])
