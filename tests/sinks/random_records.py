"""Random leads, deals, tasks and calls as the base tables hold them, and storing them."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.client import Client

from tests.sinks.stored import put, put_named

DIRECTORY = """
time_zone: UTC
groups:
  sales: {name: Sales, time_zone: Asia/Tokyo, hours: {mon-fri: "09:00-18:00"}}
  support: {name: Support, time_zone: America/New_York}
managers:
  anna: {name: Anna, group: sales}
  boris: {name: Boris, group: support}
"""
ZONES = {
    "m:anna": "Asia/Tokyo",
    "g:sales": "Asia/Tokyo",
    "m:boris": "America/New_York",
    "g:support": "America/New_York",
    "a:all": "UTC",
}
PEOPLE = {"anna": "sales", "boris": "support", "": "support"}
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
#: Days of the random records; all are over.
BEGIN = datetime(2026, 1, 10, tzinfo=UTC)
END = datetime(2026, 2, 10, tzinfo=UTC)

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Records:
    """What is stored."""

    leads: Rows
    deals: Rows
    stays: Rows
    tasks: Rows
    calls: Rows
    meetings: list[tuple[str, str, datetime]]  #: name, customer, at
    wins: list[tuple[str, str, str, datetime]]  #: deal, customer, manager, at


def moment(chance: random.Random, first: datetime = BEGIN, last: datetime = END) -> datetime:
    return first + timedelta(minutes=chance.randrange(int((last - first).total_seconds()) // 60))


def maybe(chance: random.Random, value: Any) -> Any:
    return value if chance.random() < 0.5 else None


def some_records(seed: int) -> Records:
    chance = random.Random(seed)
    customers = [f"c{number}" for number in range(25)]
    found = Records([], [], [], [], [], [], [])
    for number in range(40):
        who = chance.choice(list(PEOPLE))
        at = moment(chance)
        found.leads.append(
            {"source": "crm", "lead_id": f"l{number}", "customer": chance.choice(customers), "manager": who,
             "group": PEOPLE[who], "created_at": at, "disqualified_at": maybe(chance, at + moment_after(chance))}
        )  # fmt: skip
    for number in range(30):
        deal(chance, found, f"d{number}", chance.choice(customers))
    for number in range(40):
        who = chance.choice(list(PEOPLE))
        at = moment(chance)
        found.tasks.append(
            {"source": "crm", "task_id": f"t{number}", "customer": chance.choice(customers), "manager": who,
             "group": PEOPLE[who], "created_at": at, "due_at": at + moment_after(chance),
             "done_at": maybe(chance, at + moment_after(chance)), "owners": owners(chance, who, at)}
        )  # fmt: skip
    for number in range(60):
        who = chance.choice(list(PEOPLE))
        customer = chance.choice([*customers, *(f"n{number}" for number in range(20)), "anonymous:1"])
        at = moment(chance)
        found.calls.append(
            {"source": "pbx", "call_id": f"k{number}", "customer": customer, "manager": who,
             "group": PEOPLE[who], "direction": chance.choice(["in", "in", "out"]), "started_at": at,
             "ended_at": at + HOUR, "excluded_reason": chance.choice(["", "", "", "spam"]), "outcome": "missed",
             "wait_ms": 3_600_000}
        )  # fmt: skip
    for number in range(30):
        name = chance.choice(["meeting_scheduled", "meeting_scheduled", "meeting_held", "meeting_missed"])
        # No two at one moment: which of them came first would be anyone's guess.
        found.meetings.append((name, chance.choice(customers), moment(chance) + timedelta(seconds=number)))
    return found


def moment_after(chance: random.Random) -> timedelta:
    return timedelta(minutes=chance.randrange(1, 60 * 24 * 8))


def owners(chance: random.Random, last: str, at: datetime, left: datetime | None = None) -> list[Any]:
    """Who had something from when on, one after another up to `last`; now and then rows of before say nothing."""
    if chance.random() < 0.3:
        return []
    begins = sorted({at, *(moment(chance, at, left or at + 8 * DAY) for _ in range(chance.randrange(3)))})
    people = [chance.choice(list(PEOPLE)) for _ in begins[1:]] + [last]
    return [(ms(begin), who, PEOPLE[who]) for begin, who in zip(begins, people, strict=True)]


def ahead(chance: random.Random, at: datetime) -> list[Any]:
    """When a meeting lay ahead; the last may still."""
    edges = sorted(moment(chance, at, at + 8 * DAY) for _ in range(chance.choice([0, 0, 1, 2, 3])))
    ends = [ms(edge) for edge in edges]
    return list(zip(ends[::2], [*ends[1::2], 0], strict=False))


def deal(chance: random.Random, found: Records, id_: str, customer: str) -> None:
    """A deal of one to four stays."""
    who = chance.choice(list(PEOPLE))
    at = first = moment(chance)
    kinds = ["open"] + [chance.choice(["open", "won", "lost"]) for _ in range(chance.randrange(4))]
    for number, kind in enumerate(kinds):
        left = at + moment_after(chance) if number + 1 < len(kinds) else None
        found.stays.append(
            {"source": "crm", "event_id": f"{id_}-{number}", "deal_id": id_, "stage_kind": kind, "entered_at": at,
             "left_at": left, "due_at": maybe(chance, at + DAY) if kind == "open" else None, "manager": who,
             "group": PEOPLE[who], "customer": customer, "owners": owners(chance, who, at, left),
             "meeting_ahead": ahead(chance, at)}
        )  # fmt: skip
        if kind == "won" and kinds[number - 1] != "won":
            found.wins.append((id_, customer, who, at))
        entered, at = at, left or at
    found.deals.append(
        {"source": "crm", "deal_id": id_, "stage_kind": kinds[-1], "customer": customer, "manager": who,
         "group": PEOPLE[who], "created_at": first, "closed_at": entered if kinds[-1] != "open" else None,
         "lead_id": f"l{chance.randrange(40)}" if chance.random() < 0.3 else "",
         "proposed_at": maybe(chance, first + moment_after(chance))}
    )  # fmt: skip


def store_all(store: Client, url: str, records: Records) -> None:
    tables = {
        "leads": records.leads,
        "deals": records.deals,
        "stage_stays": records.stays,
        "tasks": records.tasks,
    }
    for table, rows in tables.items():
        columns = list(rows[0])
        store.insert(
            table,
            [[*row.values(), 1] for row in rows],
            column_names=[*columns, "version"],
            database="sales_rows",
        )
    put_named(
        url,
        "calls",
        *(
            {**row, "started_at": ms(row["started_at"]), "ended_at": ms(row["ended_at"])}
            for row in records.calls
        ),
    )
    for number, (name, customer, at) in enumerate(records.meetings):
        put_customer_fact(url, f"crm/e{number}", name, "", "", at, customer)
    for id_, _, who, at in records.wins:
        put_customer_fact(url, f"crm/{id_}", "deal_win", who, PEOPLE[who], at, f"deal:crm:{id_}")


def put_customer_fact(
    url: str, entity: str, name: str, manager: str, group: str, at: datetime, customer: str
) -> None:
    put(url, "measurements", [entity, name, manager, group, True, ms(at), 1, "", customer, 1, 0])


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
