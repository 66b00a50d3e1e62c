"""Where the fold and the recount do not agree."""

from typing import Any

from tests.journey.feeding import Feed
from tests.recount import Counted
from tests.recount.plain import OPEN

Json = dict[str, Any]


def differences(feed: Feed, counted: Counted) -> list[str]:
    """Where the fold and the recount do not agree."""
    found: list[str] = []
    facts = {(k.entity, k.name, k.manager, k.group, k.whole, k.at): v for k, v in feed.facts.items()}
    found += [
        f"{fact}: fold {facts.get(fact)}, recount {counted.facts.get(fact)}"
        for fact in sorted(facts.keys() | counted.facts.keys())
        if facts.get(fact) != counted.facts.get(fact)
    ]
    calls = {(row["source"], row["call_id"]): row for row in feed.table("calls")}
    for key in sorted(calls.keys() | counted.calls.keys()):
        found += _unlike(f"call {key}", calls.get(key), counted.calls.get(key))
    legs = {(r["source"], r["call_id"], r["leg"]): r for r in feed.table("call_legs")}
    expected = {(*k, n): leg for k, of in counted.legs.items() for n, leg in enumerate(of, 1)}
    for leg in sorted(legs.keys() | expected.keys()):
        found += _unlike(f"leg {leg}", legs.get(leg), expected.get(leg))
    leads = {(row["source"], row["lead_id"]): row for row in feed.table("leads")}
    for key in sorted(leads.keys() | counted.leads.keys()):
        found += _unlike(f"lead {key}", leads.get(key), counted.leads.get(key))
    for table, name, counted_rows in (
        ("deals", "deal_id", counted.deals),
        ("stage_stays", "event_id", counted.stays),
        ("tasks", "task_id", counted.tasks),
    ):
        have = {(row["source"], row[name]): row for row in feed.table(table)}
        for key in sorted(have.keys() | counted_rows.keys()):
            found += _unlike(f"{table} {key}", have.get(key), counted_rows.get(key))
    items = {row["item_id"]: row for row in feed.table("open_items")}
    for item in sorted(items.keys() | counted.items.keys()):
        found += _unlike(f"item {item}", items.get(item), counted.items.get(item))
    if not found and feed.minutes != {
        key: value for key, value in counted.minutes().items() if value != (0, 0)
    } | {k: v for k, v in feed.minutes.items() if k[1] in OPEN}:
        found.append("minutes differ though facts do not")
    return found


def _unlike(what: str, row: Json | None, expected: Json | None) -> list[str]:
    if row is None or expected is None:
        return [f"{what}: fold {row}, recount {expected}"]
    names = row.keys() & expected.keys()
    return [
        f"{what}.{name}: fold {row[name]!r}, recount {expected[name]!r}"
        for name in sorted(names)
        if row[name] != expected[name]
    ]
