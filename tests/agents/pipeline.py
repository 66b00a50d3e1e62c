"""The three stages on one wire, and what they come to."""

import json
import random
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from streams.agents.configurations import Configurations
from streams.agents.intake import IntakeStage
from streams.agents.journeys import JourneysStage
from streams.agents.windows import WindowsStage
from streams.config import Config
from streams.customers import CustomerKeys
from streams.directory import Directory
from streams.engine import decode_state
from streams.intake import Intake
from streams.records import PaneState, TablesRecord
from streams.records_tables import TABLES
from streams.topics import InternalTopics
from tests.agents.wire import Runner, Wire

INTERNAL = InternalTopics(1)
PARTITIONS = 3
DAY = 86_400_000

_TABLES = msgspec.msgpack.Decoder(TablesRecord)
_PANE = msgspec.msgpack.Decoder(PaneState)


class OneConfiguration(Configurations):
    """Knows the configuration of the test, whatever version is asked for."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def directory(self, version: str) -> Directory:
        return self._directory


class Pipeline:
    """Intake, journeys and windows; `crash` cuts a checkpoint off after some of its steps."""

    def __init__(self, config: Config, partitions: int = PARTITIONS) -> None:
        self.wire = Wire(partitions)
        directory = config.directory
        self.intake = IntakeStage(
            intake=Intake(directory, CustomerKeys(b"a secret for tests")),
            config=config,
            internal=INTERNAL,
            partitions=partitions,
        )
        self.journeys = JourneysStage(
            configurations=OneConfiguration(directory), internal=INTERNAL, partitions=partitions
        )
        self.windows = WindowsStage(internal=INTERNAL, midnight=lambda _: lambda at: at // DAY * DAY)
        self.runners = [Runner(self.wire, s) for s in (self.intake, self.journeys, self.windows)]

    def put(self, events: Iterable[Mapping[str, Any]], rnd: random.Random) -> None:
        """Writes events to random partitions of their topic, as they come."""
        for event in events:
            topic = "pbx.calls" if event["type"].split(".")[0] in CALL_TYPES else "crm.stages"
            partition = rnd.randrange(self.wire.partitions)
            self.wire.append(topic, partition, None, json.dumps(event).encode())

    def run(self) -> None:
        """Until nothing is left to do."""
        while any(runner.behind() for runner in self.runners):
            for runner in self.runners:
                runner.fold(200)
                runner.checkpoint()

    def run_badly(self, rnd: random.Random, crash: float = 0.4) -> int:
        """The same with small bites and crashes at random steps; how many crashes."""
        crashes = 0
        while any(runner.behind() for runner in self.runners):
            runner = rnd.choice(self.runners)
            for _ in range(rnd.randrange(1, 4)):
                runner.fold(rnd.choice((1, 3, 20, 100)))
            if rnd.random() >= crash:
                runner.checkpoint()
                continue
            runner.checkpoint(rnd.choice((0, 1, 2, 5, 20, 100, 1000)))
            runner.restart()
            crashes += 1
        return crashes

    def run_in_turns(self, rnd: random.Random) -> int:
        """The same while partitions of journeys and windows come and go; how many went.

        Timers look at what is held whenever they like, as those of live values do.
        """
        gone: list[tuple[Runner, int]] = []
        went = 0
        while gone or any(runner.behind() for runner in self.runners):
            runner = rnd.choice(self.runners)
            if rnd.random() < 0.5:
                runner.fold(rnd.choice((1, 3, 20, 100)))
            if rnd.random() < 0.5:
                runner.checkpoint()
            if rnd.random() < 0.5:
                self.windows.all_held()
            if gone and rnd.random() < 0.6:
                owner, partition = gone.pop(rnd.randrange(len(gone)))
                owner.take(partition)
            place = (rnd.choice(self.runners[1:]), rnd.randrange(self.wire.partitions))
            if place not in gone and rnd.random() < 0.4:
                place[0].give(place[1])
                gone.append(place)
                went += 1
        for runner in self.runners:
            runner.checkpoint()
        self.run()
        return went

    # -- what it comes to

    def tables(self) -> dict[str, dict[tuple[Any, ...], list[Any]]]:
        """Rows by table and key as ClickHouse would keep them: the highest version, unless gone."""
        newest: dict[tuple[str, tuple[Any, ...]], Any] = {}
        for record in self.wire.all(INTERNAL.records):
            assert record.value is not None
            for row in _TABLES.decode(record.value).rows:
                key = (row.table, tuple(row.values[: len(TABLES[row.table].key)]))
                if key not in newest or row.version >= newest[key].version:
                    newest[key] = row
        found: dict[str, dict[tuple[Any, ...], list[Any]]] = {table: {} for table in TABLES}
        for (table, key), row in newest.items():
            if not row.gone:
                found[table][key] = row.values
        return found

    def panes(self) -> dict[tuple[str, int], PaneState]:
        """Panes by subject and minute: the highest version; without marks, and none that are empty."""
        newest: dict[bytes, tuple[int, bytes]] = {}
        for record in self.wire.all(INTERNAL.panes):
            assert record.key is not None
            if record.value is None:
                continue
            version, state = decode_state(record.value)
            if state is None or record.key[:1] in b"!@":
                continue
            if record.key not in newest or version >= newest[record.key][0]:
                newest[record.key] = (version, state)
        found = {}
        for key, (_, state) in newest.items():
            pane = _PANE.decode(state)
            pane.seen = {}
            subject, minute = key.decode().rsplit("|", 1)
            if pane != PaneState():
                found[subject, int(minute)] = pane
        return found

    def on_ledger(self, ledger: str) -> dict[tuple[int, bytes], bytes]:
        """What compaction leaves of it: the last record of each key, unless that is none."""
        last = {(r.partition, r.key or b""): r.value for r in self.wire.all(ledger)}
        return {key: value for key, value in last.items() if value is not None}

    def conflicts(self, ledger: str) -> list[tuple[bytes, int]]:
        """Keys and versions that were written with different bytes; the third law forbids it."""
        seen: dict[tuple[int, bytes, int], bytes | None] = {}
        found = []
        for record in self.wire.all(ledger):
            assert record.key is not None
            if record.value is None:
                continue
            version, state = decode_state(record.value)
            if seen.setdefault((record.partition, record.key, version), state) != state:
                found.append((record.key, version))
        return found


CALL_TYPES = frozenset({"call", "callback", "agent"})


def panes_of_facts(facts: Iterable[list[Any]]) -> dict[tuple[str, int], dict[str, int]]:
    """How many facts of each name lie in each subject's minute, counted from stored facts."""
    found: dict[tuple[str, int], dict[str, int]] = {}
    for entity, name, manager, group, whole, at, *_ in facts:
        assert entity
        subjects = [f"m:{manager}"] * bool(manager) + [f"g:{group}"] * bool(group)
        for subject in subjects + ["a:all"] * bool(whole):
            counts = found.setdefault((subject, at // 60_000), {})
            counts[name] = counts.get(name, 0) + 1
    return found
