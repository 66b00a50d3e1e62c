"""Feeds canonical events to the fold as the journeys stage does, and keeps what it gives."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from streams.directory import Directory
from streams.journey import (
    Changes,
    Forward,
    Journey,
    apply,
    await_history,
    further_keys,
    keys_of,
    needs_history,
    replace,
)
from streams.records import Event, EventRow, FactKey, HistoryRecord, StoredFact, pack
from streams.records_tables import TABLES
from tests.random_calls import HOURS, LINES, MANAGERS
from tests.recount import Counted, Pipelines
from tests.recount.plain import OPEN, SPANS

Json = dict[str, Any]
#: The funnel of `tests.random_deals`: `extra` is a stage that nobody lists.
FUNNEL = """
rates: {USD: 90.5}
ignored_loss_reasons: [duplicate]
pipelines:
  main:
    stages:
      - {id: new, max_stay: 1h}
      - {id: offer, max_stay: 1d}
      - {id: talks}
      - {id: won, kind: won}
      - {id: lost, kind: lost}
  other: {stages: [{id: new, max_stay: 2h}, {id: won, kind: won}]}
"""
PIPELINES = Pipelines(
    {
        ("main", "new"): (0, 3_600_000),
        ("main", "offer"): (1, 86_400_000),
        ("main", "talks"): (2, None),
        ("main", "won"): (3, None),
        ("main", "lost"): (4, None),
        ("other", "new"): (0, 7_200_000),
        ("other", "won"): (1, None),
    },
    {"USD": Decimal("90.5")},
    ("duplicate",),
)
_TOP = {"event_id", "type", "occurred_at", "source", "customer", "manager", "group"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def directory_text() -> str:
    """The directory of `tests.random_calls` as YAML."""
    text = "groups:\n"
    for group in sorted(set(MANAGERS.values())):
        text += f"  {group}: {{name: {group}"
        spans = [
            f'{_DAYS[day]}: "{a // 60:02d}:{a % 60:02d}-{b // 60:02d}:{b % 60:02d}"'
            for day, (a, b) in HOURS.get(group, {}).items()
        ]
        text += f", hours: {{{', '.join(spans)}}}" if spans else ""
        text += "}\n"
    text += "managers:\n"
    for manager, group in MANAGERS.items():
        text += f"  {manager}: {{name: {manager}, group: {group}}}\n"
    text += "lines:\n"
    for line, group in LINES.items():
        text += f'  "{line}": {{group: {group}}}\n'
    return text


def ms(text: str) -> int:
    """RFC 3339 to ms since the epoch."""
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(milliseconds=1)


def row_of(event: Json, offset: int, partition: int = 0) -> EventRow:
    """An accepted event; names are taken as ids."""
    known = Event(
        source=event["source"],
        event_id=event["event_id"],
        type=event["type"],
        at=ms(event["occurred_at"]),
        customer=event.get("customer", ""),
        manager=event.get("manager", ""),
        group=event.get("group", ""),
        data={n: ms(v) if n in ("due_at", "callback_at") else v for n, v in event.items() if n not in _TOP},
    )
    return EventRow(0, partition, offset, known.at, known)


class Feed:
    """A stage without Kafka: folds events and adds up everything that is emitted."""

    def __init__(self, directory: Directory | None = None) -> None:
        files = {"directory.yaml": directory_text(), "funnel.yaml": FUNNEL}
        self.directory = directory or Directory.from_files(files)
        self.journeys: dict[str, Journey] = {}
        self.facts: dict[FactKey, int] = {}
        self.rows: dict[tuple[Any, ...], Json] = {}
        self.minutes: dict[tuple[str, str, int], tuple[int, int]] = {}
        self.offset = 0
        self.forwards: list[Forward] = []
        #: under which journey's key a fact is stored
        self.owners: dict[FactKey, str] = {}
        self.last = Changes()
        #: by customer, what a store would hold: events in the order of the log, and facts
        self.stored: dict[str, list[tuple[EventRow, str]]] = {}
        self.tags: dict[FactKey, str] = {}
        self.refolds = 0
        #: customers whose history is awaited
        self.waiting: set[str] = set()

    def directories(self, _version: str) -> Directory:
        return self.directory

    def log(self, events: Iterable[Json]) -> None:
        """Append events to the log and fold each."""
        for event in events:
            row = row_of(event, self.offset)
            for key in keys_of(row.event):
                self.take(key, [row])
            self.offset += 1
            self.deliver()

    def batch(self, events: list[Json]) -> None:
        """Append events to the log and fold them as one record."""
        by_key: dict[str, list[EventRow]] = {}
        for event in events:
            row = row_of(event, self.offset)
            for key in keys_of(row.event):
                by_key.setdefault(key, []).append(row)
            self.offset += 1
        for key, rows in by_key.items():
            self.take(key, rows)
        self.deliver()

    def deliver(self) -> None:
        """Hand over what journeys forward to each other, and answer who became another."""
        while self.forwards or self.linking():
            forwards, self.forwards = self.forwards, []
            for one in forwards:
                self.take(one.key, [one.row], one.config, forwarded=True)
            for journey in self.linking():
                self.answer_one(journey)

    def linking(self) -> list[Journey]:
        """Journeys that wait for their history because of who they turned out to be."""
        about = ("customer.linked", "customer.flagged")
        waiting = [self.journeys[customer] for customer in sorted(self.waiting)]
        return [j for j in waiting if any(w.row.event.type in about for w in j.waiting)]

    def take(
        self, customer: str, rows: list[EventRow], config: str = "v1", *, forwarded: bool = False
    ) -> Changes:
        """Fold rows under one key; what may belong to something forgotten awaits history."""
        if not forwarded:
            self.stored.setdefault(customer, []).extend((row, config) for row in rows)
        journey = self.journeys.setdefault(customer, Journey.new(customer))
        if not journey.awaited and needs_history(journey, rows):
            await_history(journey, rows[-1].offset + 1)
            self.waiting.add(customer)
        changes = apply(journey, rows, config, self.directories, forwarded=forwarded)
        self.emitted(changes)
        return changes

    def history(self, customer: str) -> HistoryRecord:
        """What a store would answer now."""
        one = self.handed_over_to(customer)
        stored = [pair for key in sorted(one) for pair in self.stored.get(key, [])]
        leads = {key for row, _ in stored for key in further_keys(row.event) if key.startswith("lead:")}
        if not customer.startswith("lead:"):
            stored += [p for key in sorted(leads) for p in self.stored[key] if not p[0].event.customer]
        first: dict[tuple[str, str], tuple[EventRow, str]] = {}
        for row, config in stored:
            first.setdefault((row.event.source, row.event.event_id), (row, config))
        rows = list(first.values())
        facts = [key for key, owner in self.owners.items() if owner == customer and key in self.facts]
        keys: dict[str, list[list[Any]]] = {name: [] for name in TABLES if name != "measurements"}
        for (table, *key), values in self.rows.items():
            if table in keys and values[TABLES[table].owner] == customer:
                keys[table].append(key)
        return HistoryRecord(
            customer,
            self.journeys[customer].awaited,
            [row for row, _ in rows],
            [config for _, config in rows],
            [StoredFact(key, self.facts[key], self.tags[key]) for key in facts],
            keys,
        )

    def handed_over_to(self, customer: str) -> set[str]:
        """The customer and all who have handed their events over to him."""
        links = self.table("customer_links")
        found = {customer}
        for _ in links:
            found |= {row["customer"] for row in links if row["root"] in found}
        return found

    def answer(self) -> None:
        """Answer every request for history."""
        for journey in list(self.journeys.values()):
            self.answer_one(journey)
        self.deliver()

    def answer_one(self, journey: Journey) -> None:
        """Answer a request for history, if there is one."""
        if journey.awaited:
            self.emitted(replace(journey, self.history(journey.customer), self.directories))
            self.refolds += 1
            self.waiting.discard(journey.customer)

    def forget(self, customer: str) -> None:
        """Let go of a customer, as the stage does after a while."""
        forgotten = self.journeys.pop(customer)
        self.journeys[customer] = Journey.new(customer)
        self.journeys[customer].forgotten_until = forgotten.last_at

    def emitted(self, changes: Changes) -> None:
        """Add up differences; each must fit what was emitted before."""
        self.last = changes
        self.forwards += changes.forwards
        for change in changes.facts:
            assert self.facts.get(change.key) == change.old, change
            assert change.old != change.new, change
            if change.new is None:
                del self.facts[change.key]
            else:
                self.facts[change.key] = change.new
                self.tags[change.key] = change.tag
            for subject in change.key.subjects() if change.key.name not in SPANS else ():
                self.add(subject, change.key, change.old, change.new)
        for row in changes.rows:
            table = TABLES[row.table]
            assert len(row.values) == len(table.columns), row
            key = (row.table, *row.values[: len(table.key)])
            if row.gone:
                self.rows.pop(key, None)
            else:
                self.rows[key] = dict(zip(table.columns, row.values, strict=True))
            if row.table == "measurements":
                entity, name, manager, group, whole, at = row.values[:6]
                self.owners[FactKey(entity, name, manager, group, whole, at)] = row.values[-1]

    def add(self, subject: str, key: FactKey, old: int | None, new: int | None) -> None:
        minute = (subject, key.name, key.at // 60_000)
        count, total = self.minutes.get(minute, (0, 0))
        count += (new is not None) - (old is not None)
        total += (new or 0) - (old or 0)
        self.minutes[minute] = (count, total)
        if not count and not total:
            del self.minutes[minute]

    def table(self, name: str) -> list[Json]:
        """Rows of a table as they stand, by key."""
        return [row for key, row in sorted(self.rows.items(), key=lambda i: i[0]) if key[0] == name]

    def named(self, name: str) -> list[tuple[str, str, bool, int, int]]:
        """Facts of a name: manager, group, whole, at, value."""
        return sorted(
            (k.manager, k.group, k.whole, k.at, value) for k, value in self.facts.items() if k.name == name
        )

    def states(self) -> dict[str, bytes]:
        """Encoded state of each customer."""
        return {customer: pack(journey.encode()) for customer, journey in self.journeys.items()}


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
