"""Feeds canonical events to the fold as the journeys stage does, and keeps what it gives."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from streams.directory import Directory
from streams.journey import (
    Changes,
    Forward,
    Journey,
    apply,
    await_history,
    further_keys,
    is_manager_day,
    keys_of,
    needs_history,
    replace,
    take_tells,
    verdict_of,
)
from streams.journey.state import CallState, JourneyState, Judgement
from streams.records import Event, EventRow, FactKey, HistoryRecord, StoredFact, Tell, pack, ranked
from streams.records_tables import TABLES
from tests.journey.stored_days import history_of_day
from tests.random_calls import HOURS, LINES, MANAGERS
from tests.recount import Pipelines
from tests.recount.plain import SPANS

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
        self.tells: list[Tell] = []
        #: stands for the offset of a record, by which versions grow
        self.version = 0
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
        while self.forwards or self.tells or self.linking():
            tells, self.tells = self.tells, []
            self.hear(tells)
            forwards, self.forwards = self.forwards, []
            for one in forwards:
                self.take(one.key, [one.row], one.config, forwarded=True)
            for journey in self.linking():
                self.answer_one(journey)

    def hear(self, tells: list[Tell]) -> None:
        """Fold what journeys of managers are told."""
        for tell in tells:
            journey = self.journeys.setdefault(tell.key, Journey.new(tell.key))
            self.ask(journey, [])
            last = self.last
            self.emitted(take_tells(journey, [tell]))
            self.last = last

    def ask(self, journey: Journey, rows: list[EventRow]) -> None:
        """Ask for history, if something forgotten may be needed."""
        if not journey.awaited and needs_history(journey, rows):
            await_history(journey, self.offset + 1)
            self.waiting.add(journey.customer)

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
        self.ask(journey, rows)
        changes = apply(journey, rows, config, self.directories, forwarded=forwarded)
        self.emitted(changes, journey.rank)
        return changes

    def history(self, customer: str) -> HistoryRecord:
        """What a store would answer now."""
        if is_manager_day(customer):
            return self.history_of_day(customer)
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

    def history_of_day(self, key: str) -> HistoryRecord:
        """The same of a manager's day."""
        rows = [row for row, _ in self.stored.get(key, [])]
        asked = self.journeys[key].awaited
        return history_of_day(key, asked, rows, self.facts, self.table("calls"), self.table("call_legs"))

    def handed_over_to(self, customer: str) -> set[str]:
        """The customer and all who have handed their events over to him."""
        links = self.table("customer_links")
        found = {customer}
        for _ in links:
            found |= {row["customer"] for row in links if row["root"] in found}
        return found

    def answer(self) -> None:
        """Answer every request for history, and those that the answers lead to."""
        awaiting = True
        while awaiting:
            for journey in list(self.journeys.values()):
                self.answer_one(journey)
            self.deliver()
            awaiting = any(journey.awaited for journey in self.journeys.values())

    def answer_one(self, journey: Journey) -> None:
        """Answer a request for history, if there is one."""
        if journey.awaited:
            changes = replace(journey, self.history(journey.customer), self.directories)
            self.emitted(changes, journey.rank)
            self.refolds += 1
            self.waiting.discard(journey.customer)

    def forget(self, customer: str) -> None:
        """Let go of a customer, as the stage does after a while."""
        forgotten = self.journeys.pop(customer)
        self.journeys[customer] = Journey.new(customer)
        self.journeys[customer].forgotten_until = max(forgotten.last_at, forgotten.forgotten_until)

    def emitted(self, changes: Changes, rank: int = 0) -> None:
        """Add up differences; each must fit what was emitted before."""
        self.last = changes
        self.version += 1
        self.forwards += changes.forwards
        self.forwards += [verdict_of(verdict, self.version) for verdict in changes.verdicts]
        for tell in changes.tells:
            tell.version = ranked(self.version, rank)
        self.tells += changes.tells
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
        """Encoded state of each customer, but for versions, which are of the log and not of the events."""
        return {customer: pack(_unversioned(journey.encode())) for customer, journey in self.journeys.items()}


def _unversioned(state: JourneyState) -> JourneyState:
    def judged(call: CallState) -> tuple[Judgement, ...]:
        return tuple(Judgement(one.manager, one.day, 0, one.rings) for one in call.judged if one.rings)

    calls = [msgspec.structs.replace(call, judged=judged(call)) for call in state.calls]
    parts = [msgspec.structs.replace(part, version=0) for part in state.parts if part.busy or part.missed]
    return msgspec.structs.replace(state, calls=calls, parts=parts)
