"""What ClickHouse holds, in the form of the recount, and where the two do not agree."""

import json
from typing import Any

from tests.e2e.outside import Outside
from tests.recount import Counted

Json = dict[str, Any]

_SETTINGS = (
    "FORMAT JSONEachRow SETTINGS date_time_output_format = 'unix_timestamp', "
    "output_format_json_quote_64bit_integers = 0"
)
_TIMES = ("_at", "at", "since", "minute")


def rows(installation: Outside, query: str) -> list[Json]:
    """Rows of a query; times in ms since the epoch."""
    found = []
    for (line,) in installation.query(f"{query} {_SETTINGS}"):
        row = json.loads(line)
        for name, value in row.items():
            if name.endswith(_TIMES) and isinstance(value, str):
                row[name] = round(float(value) * 1000)
        found.append(row)
    return found


def differences(installation: Outside, counted: Counted) -> list[str]:
    """Where tables and recount do not agree, in words."""
    return [
        *_facts(installation, counted),
        *_copies(installation, counted),
        *_calls(installation, counted),
        *_legs(installation, counted),
        *_leads(installation, counted),
        *_table(installation, "deals", "deal_id", counted.deals),
        *_table(installation, "stage_stays", "event_id", counted.stays),
        *_table(installation, "tasks", "task_id", counted.tasks),
        *_minutes(installation, counted),
    ]


def _facts(installation: Outside, counted: Counted) -> list[str]:
    stored = {
        (r["entity"], r["name"], r["manager"], r["group"], bool(r["whole"]), r["at"]): r["value"]
        for r in rows(installation, "SELECT * FROM sales_rows.measurements FINAL")
    }
    return _unequal("fact", stored, counted.facts)


#: Facts that stand in a table of their own too.
_OF_RECORDS = (
    "missed_item missed_item_reached span_missed span_uncalled span_lead deal_win "
    "meeting_scheduled meeting_held meeting_missed"
).split()
#: Tables of events that stand there too, with the type of the events, the field that is shown, and which are
#: sure to: statuses are kept for three days, and what is older goes when parts are merged.
_OF_EVENTS = (
    ("customer_flags", "customer.flagged", "flag", "true"),
    ("agent_statuses", "agent.status", "status", "at > now() - INTERVAL 70 HOUR"),
)


def _copies(installation: Outside, counted: Counted) -> list[str]:
    """What stands in two tables is the same in both."""
    stored = {
        (r["entity"], r["name"], r["manager"], r["group"], bool(r["whole"]), r["at"]): r["value"]
        for r in rows(installation, "SELECT * FROM sales_rows.day_facts FINAL")
    }
    found = _unequal("fact of days", stored, {k: v for k, v in counted.facts.items() if k[1] in _OF_RECORDS})
    for table, kind, field, kept in _OF_EVENTS:
        who = "customer" if field == "flag" else "manager"
        columns = f"source, event_id, {who}"
        shown = rows(installation, f"SELECT {columns}, {field} FROM sales_rows.{table} FINAL WHERE {kept}")
        said = f"JSONExtractString(data, '{field}') AS {field}"
        whole = f"SELECT {columns}, {said} FROM sales_rows.events FINAL WHERE type = '{kind}' AND {kept}"
        one, other = (
            {(r["source"], r["event_id"]): (r[who], r[field]) for r in told}
            for told in (shown, rows(installation, whole))
        )
        found += _unequal(table, one, other)
    return found


def _calls(installation: Outside, counted: Counted) -> list[str]:
    stored = {
        (r["source"], r["call_id"]): r for r in rows(installation, "SELECT * FROM sales_rows.calls FINAL")
    }
    return _unequal_rows("call", stored, counted.calls)


def _legs(installation: Outside, counted: Counted) -> list[str]:
    stored = {
        (r["source"], r["call_id"], r["leg"]): r
        for r in rows(installation, "SELECT * FROM sales_rows.call_legs FINAL")
    }
    expected = {(*key, n): leg for key, legs in counted.legs.items() for n, leg in enumerate(legs, 1)}
    return _unequal_rows("leg", stored, expected)


def _leads(installation: Outside, counted: Counted) -> list[str]:
    stored = {
        (r["source"], r["lead_id"]): r for r in rows(installation, "SELECT * FROM sales_rows.leads FINAL")
    }
    return _unequal_rows("lead", stored, counted.leads)


def _table(installation: Outside, table: str, id: str, expected: dict[Any, Json]) -> list[str]:
    found = rows(installation, f"SELECT * FROM sales_rows.{table} FINAL")
    return _unequal_rows(table, {(row["source"], row[id]): row for row in found}, expected)


def _minutes(installation: Outside, counted: Counted) -> list[str]:
    """Counts and sums of every minute of every subject."""
    stored: dict[tuple[str, str, int], tuple[int, int]] = {}
    for row in rows(installation, "SELECT * FROM sales_rows.kpi_minutes FINAL"):
        for name, value in row.items():
            if name.endswith("_n") and (value or row.get(f"{name[:-2]}_sum")):
                sums = row.get(f"{name[:-2]}_sum", 0)
                stored[row["subject"], name[:-2], row["minute"] // 60_000] = (value, sums)
            if name.endswith("_set") and value:
                stored[row["subject"], name[:-4], row["minute"] // 60_000] = (sum(value.values()), 0)
    expected = {
        key: (n, total if f"{key[1]}_sum" in _COLUMNS else 0) for key, (n, total) in counted.minutes().items()
    }
    return _unequal("minute", stored, expected)


#: Measurements whose values are added up, by the plan of the contract's KPI: the others are counted.
_COLUMNS = frozenset(
    f"{name}_sum"
    for name in (
        "call_answered",
        "call_answered_hours",
        "talk",
        "ring",
        "callback",
        "response",
        "lead_response",
        "lead_response_cal",
        "lead_touches",
        "lead_attempts",
        "wait_answered_hours",
        "wait_answered_all",
        "wait_abandoned_hours",
        "wait_abandoned_all",
        "stage_dwell",
        "deal_won",
        "won_amount",
        "win_amount",
        "deal_cycle",
        "deal_lost_after",
        "proposal_amount",
        "csat",
        "qa",
    )
)


def _unequal(what: str, stored: dict[Any, Any], expected: dict[Any, Any]) -> list[str]:
    return [
        f"{what} {key}: stored {stored.get(key)}, recount {expected.get(key)}"
        for key in sorted(stored.keys() | expected.keys())
        if stored.get(key) != expected.get(key)
    ]


def _unequal_rows(what: str, stored: dict[Any, Json], expected: dict[Any, Json]) -> list[str]:
    found = [f"{what} {key}: stored, not counted" for key in sorted(stored.keys() - expected.keys())]
    found += [f"{what} {key}: counted, not stored" for key in sorted(expected.keys() - stored.keys())]
    for key in sorted(stored.keys() & expected.keys()):
        one, other = stored[key], expected[key]
        found += [
            f"{what} {key}.{name}: stored {one[name]!r}, recount {other[name]!r}"
            for name in sorted(one.keys() & other.keys())
            if (one[name] or None) != (other[name] or None)
        ]
    return found
