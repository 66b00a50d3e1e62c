"""The course of a rebuild, step by step; see `streams.rebuild`."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from clickhouse_connect.driver.client import Client
from confluent_kafka import KafkaException

from streams.alerts.rules import load_rules
from streams.config import Config, load_config
from streams.epochs import in_force, put_in_force
from streams.local.background import in_background
from streams.local.supervisor import Part, Supervisor
from streams.rebuild.kafka import Administration, Group, NotTaken, Place, Writer
from streams.rebuild.resolving import Restamp, as_of, as_then
from streams.rebuild.respreading import spread
from streams.rebuild.stored import StoredEvents
from streams.rebuild.tail import Tail
from streams.settings import Settings
from streams.sinks.connection import connect
from streams.sinks.rebuilt_tables import (
    drop_other_tables,
    make_tables,
    put_tables_in_force,
    same_columns,
)
from streams.topics import (
    ALERTS,
    CORRECTIONS_GROUP,
    DEAD_LETTERS,
    EVENT_TOPICS,
    SINK_GROUP,
    WORKER_GROUP,
    InternalTopics,
)
from streams.topology import ensure_topics
from streams.whole_log import read_whole

Say = Callable[[str], None]

_GROUPS = (WORKER_GROUP, SINK_GROUP, CORRECTIONS_GROUP)
#: Of a rebuild that was killed: its parts leave their groups when their sessions end, s.
_LEFTOVERS_S = 60.0
#: How long old roles may take to see that their epoch is over, and new ones to be at work, s.
_ROLES_S = 90.0
_LOOK_S = 0.2
_TOLD_EVERY_S = 5.0
#: A round of catching up that took no longer than this is the last. What comes during it is read again
#: from the public topics by the workers of the new epoch.
_SHORT_S = 10.0
#: With more events than the pipeline can fold no round is ever short: the last takes what it takes.
_MOST_ROUNDS = 20
_LONG_STATEMENT_S = 24 * 3600


class RebuildRefused(Exception):
    """It cannot be done as things are; nothing has been changed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A rebuild to be done."""

    settings: Settings
    present: InternalTopics
    next: InternalTopics
    config: Config
    restamp: Restamp


def rebuild(settings: Settings, *, then: bool, say: Say) -> None:
    """Makes everything anew and puts it in force. `then`: each event keeps the configuration of its time.

    Raises `RebuildRefused`, `NotTaken`, `PartFailed`, and errors of ClickHouse and Kafka: then what was in
    force still is, and it can be called again.
    """
    asyncio.run(_rebuild(settings, then=then, say=say))


async def _rebuild(settings: Settings, *, then: bool, say: Say) -> None:
    plan = await in_background(lambda: _prepared(settings, then=then, say=say))
    with _logs(settings) as logs:
        supervisor = Supervisor(_parts(plan), [], logs, say)
        try:
            await supervisor.start()
            done = asyncio.Event()
            working = asyncio.ensure_future(_until(done, in_background(lambda: _Catching(plan, say).up())))
            await supervisor.watch(done)
            positions = await working
        finally:
            await supervisor.stop()
    await in_background(lambda: _switch(plan, positions, say))
    await in_background(lambda: _clear_up(plan, say))


async def _until(done: asyncio.Event, work: Awaitable[dict[Place, int]]) -> dict[Place, int]:
    try:
        return await work
    finally:
        done.set()


@contextmanager
def _logs(settings: Settings) -> Iterator[Path]:
    """Where the parts write their logs: in the folder of `salespulse up`, if there is one."""
    if settings.data_dir.is_dir():
        yield settings.data_dir.absolute() / "logs"
    else:
        with tempfile.TemporaryDirectory(prefix="salespulse-rebuild-") as folder:
            yield Path(folder)


def _parts(plan: Plan) -> list[Part]:
    own = replace(
        plan.settings, epoch=plan.next.epoch, instance="", metrics_port=0, parts_file=None
    ).environment()
    return [
        Part(
            f"rebuild-{what}",
            [sys.executable, "-m", "streams.rebuild", what],
            environment=own,
            grace_s=10.0,
            essential=False,
        )
        for what in ("fold", "store")
    ]


@contextmanager
def _client(settings: Settings) -> Iterator[Client]:
    client = connect(settings.clickhouse, _LONG_STATEMENT_S)
    try:
        yield client
    finally:
        client.close()


# -- before


def _prepared(settings: Settings, *, then: bool, say: Say) -> Plan:
    """Topics and tables of the next epoch, empty, and nothing left of rebuilds that did not end."""
    config = load_config(settings.config)
    load_rules(config.rules_text, config.directory)
    present = in_force(settings)
    administration = Administration(settings.kafka)
    _check_partitions(administration, settings, present)
    with _client(settings) as client:
        if present.rebuilt:
            put_tables_in_force(client, present.epoch)  # where the last one was cut off
        last = _cleared_of_leftovers(administration, present)
        drop_other_tables(client)
        following = InternalTopics(last + 1, rebuilt=True)
        say(f"epoch {present.epoch} is in force, epoch {following.epoch} is made")
        ensure_topics(replace(settings, epoch=following.epoch))
        make_tables(client, following.epoch)
    known = dict(read_whole(settings.kafka, present.config))
    known.setdefault(config.version.encode(), config.pack())
    writer = Writer(settings.kafka)
    for key, value in known.items():
        writer.put(following.config, 0, value, key)
    writer.flush()
    return Plan(settings, present, following, config, as_then if then else as_of(config))


def _check_partitions(administration: Administration, settings: Settings, present: InternalTopics) -> None:
    """What is newly accepted is carried on partition by partition."""
    number = administration.partitions(present.events)
    if number != settings.partitions:
        raise RebuildRefused(
            f"{present.events} has {number} partitions, SALESPULSE_PARTITIONS wants {settings.partitions}: "
            "a rebuild keeps their number"
        )


def _cleared_of_leftovers(administration: Administration, present: InternalTopics) -> int:
    """Deletes the topics of all epochs but the one in force; the last epoch that there ever was.

    Raises `RebuildRefused` when somebody works with them.
    """
    topics = administration.topics()
    epochs = {int(name.rpartition(".e")[2]) for name in topics if _is_internal(name)} - {present.epoch}
    others = [InternalTopics(epoch, rebuilt=True) for epoch in sorted(epochs)]
    groups = [one.group(group) for one in others for group in _GROUPS]
    groups += _GROUPS if present.rebuilt else ()
    if not administration.wait_until_empty(groups, _LEFTOVERS_S):
        raise RebuildRefused(
            "another rebuild is at work, or a role of an epoch that is over: wait for it, or end it"
        )
    ended = tuple(f".e{epoch}" for epoch in epochs)
    administration.delete([name for name in topics if ended and name.endswith(ended)], groups)
    return max(epochs | {present.epoch})


def _is_internal(name: str) -> bool:
    return name.startswith("salespulse.") and name.rpartition(".e")[2].isdigit()


# -- catching up


class _Catching:
    """Feeds the next epoch until it has come as far as the one in force."""

    def __init__(self, plan: Plan, say: Say) -> None:
        self._plan, self._say = plan, say
        self._brokers = plan.settings.kafka
        self._partitions = plan.settings.partitions
        self._writer = Writer(self._brokers)
        topics = (plan.present, plan.next)
        self._tail = Tail(self._brokers, topics, plan.restamp, self._writer)
        self._worker = Group(self._brokers, plan.present.group(WORKER_GROUP))
        self._reach = _Reach(self._brokers, plan.next)

    def up(self) -> dict[Place, int]:
        """Positions in the public topics up to which the next epoch holds everything."""
        with _client(self._plan.settings) as client, self._worker:
            try:
                return self._up(client)
            finally:
                self._tail.close()
                self._reach.close()

    def _up(self, client: Client) -> dict[Place, int]:
        cut = _by_index(self._worker.positions(EVENT_TOPICS))
        self._tail.begin(cut)
        # What was accepted below the cut lies below the ends that come after it.
        self._wait_for_the_sink(self._worker.ends([self._plan.present.events]))
        stored = StoredEvents(client, self._plan.next.epoch)
        total = stored.copy(cut, _by_index(self._worker.ends(EVENT_TOPICS)))
        self._check_configs(stored)
        self._feed(stored, total)
        for number in range(1, _MOST_ROUNDS + 1):
            began = time.monotonic()
            positions = self._worker.positions(EVENT_TOPICS)
            # What was accepted below the positions lies below the ends that come after them.
            carried = self._tail.follow(self._worker.ends(self._tail.read))
            self._reach.wait(self._say)
            took = time.monotonic() - began
            self._say(f"caught up in {took:.1f} s with {carried} new records")
            if took <= _SHORT_S or number == _MOST_ROUNDS:
                break
        self._check_tables(client, stored)
        return positions

    def _wait_for_the_sink(self, ends: dict[Place, int]) -> None:
        told = time.monotonic()
        with Group(self._brokers, self._plan.present.group(SINK_GROUP)) as sink:
            while True:
                positions = sink.positions([self._plan.present.events])
                left = sum(max(0, end - positions.get(place, 0)) for place, end in ends.items())
                if not left:
                    return
                if time.monotonic() - told > _TOLD_EVERY_S:
                    told = time.monotonic()
                    self._say(f"waits for the sink, which has {left:,} records of events to store")
                time.sleep(_LOOK_S)

    def _feed(self, stored: StoredEvents, total: int) -> None:
        told, fed = time.monotonic(), 0
        for stretch in stored.stretches():
            for partition, record in spread(stretch, self._partitions, self._plan.restamp):
                self._writer.put(self._plan.next.events, partition, record)
            fed += len(stretch)
            if time.monotonic() - told > _TOLD_EVERY_S:
                told = time.monotonic()
                self._say(f"told again: {fed:,} of {total:,} stored events")
        self._writer.flush()
        self._say(f"told again: {fed:,} stored events")

    def _check_configs(self, stored: StoredEvents) -> None:
        if self._plan.restamp is not as_then:
            return
        known = {key.decode() for key, _ in read_whole(self._brokers, self._plan.next.config)}
        unknown = sorted(stored.configs() - known)
        if unknown:
            raise RebuildRefused(
                f"events are stamped with configurations that are on no record: {', '.join(unknown)}. "
                "Rebuild them under the present one: `salespulse rebuild --config today`"
            )

    def _check_tables(self, client: Client, stored: StoredEvents) -> None:
        """The last look before it counts."""
        if missing := stored.missing():
            raise RebuildRefused(f"{missing} stored events were not stored again: nothing was switched over")
        if not same_columns(client, self._plan.next.epoch):
            raise RebuildRefused(
                "a migration has changed the tables meanwhile: run `salespulse rebuild` again"
            )


def _by_index(places: dict[Place, int]) -> dict[tuple[int, int], int]:
    """Places of the public topics as rows of events name them."""
    return {(EVENT_TOPICS.index(topic), number): offset for (topic, number), offset in places.items()}


class _Reach:
    """How far the next epoch's parts have come."""

    def __init__(self, brokers: str, topics: InternalTopics) -> None:
        worker, sink, corrections = (Group(brokers, topics.group(name)) for name in _GROUPS)
        self._groups = (worker, sink, corrections)
        #: Upstream first: what is done there is written before it is looked for downstream.
        self._readings = (
            (worker, topics.events),
            (corrections, topics.history),
            (worker, topics.events),
            (worker, topics.measurements),
            (corrections, topics.recompute),
            (sink, topics.events),
            (sink, topics.records),
            (sink, topics.panes),
        )

    def wait(self, say: Say) -> None:
        """Returns when all is folded and stored that was written; nothing may be written meanwhile."""
        told = time.monotonic()
        before: dict[Place, int] | None = None
        while True:
            left, ends = self._look()
            if not left and ends == before:
                return
            before = None if left else ends
            if time.monotonic() - told > _TOLD_EVERY_S:
                told = time.monotonic()
                say(f"{left:,} records are not folded or stored yet")
            time.sleep(_LOOK_S)

    def close(self) -> None:
        """Lets go of the connections."""
        for group in self._groups:
            group.__exit__()

    def _look(self) -> tuple[int, dict[Place, int]]:
        left, ends = 0, {}
        for group, topic in self._readings:
            behind, here = group.behind(topic)
            left += behind
            ends.update(here)
        return left, ends


# -- the switch


def _switch(plan: Plan, positions: dict[Place, int], say: Say) -> None:
    """Puts the next epoch in force. Before `put_in_force` nothing has happened, after it all has."""
    settings, present, following = plan.settings, plan.present, plan.next
    groups = [following.group(group) for group in _GROUPS]
    if not Administration(settings.kafka).wait_until_empty(groups, _LEFTOVERS_S):
        raise RebuildRefused("parts of the rebuild have not left their groups: run it again")
    with Group(settings.kafka, following.group(WORKER_GROUP)) as worker:
        worker.commit(positions)
    with (
        Group(settings.kafka, present.group(SINK_GROUP)) as before,
        Group(settings.kafka, following.group(SINK_GROUP)) as after,
    ):
        after.commit(before.positions([ALERTS, DEAD_LETTERS]))
    now = in_force(settings)
    if now != present:
        raise RebuildRefused(
            f"epoch {now.epoch} has been put in force meanwhile: run it again if it is still needed"
        )
    put_in_force(settings, following.epoch)
    say(f"epoch {following.epoch} is in force")
    with _client(settings) as client:
        put_tables_in_force(client, following.epoch)


def _clear_up(plan: Plan, say: Say) -> None:
    """Waits for the roles, and deletes what is of the epoch before; what is left the next rebuild deletes."""
    administration = Administration(plan.settings.kafka)
    present, following = plan.present, plan.next
    if not administration.wait_until_joined(
        [following.group(g) for g in (WORKER_GROUP, SINK_GROUP)], _ROLES_S
    ):
        say("no worker or no sink is at work: start them (`salespulse worker`, `salespulse sink`)")
    old = [present.group(group) for group in _GROUPS]
    if not administration.wait_until_empty(old, _ROLES_S):
        say(f"a role still works in epoch {present.epoch}: start it again. The next rebuild clears up")
        return
    try:
        topics = [name for name in administration.topics() if name.endswith(f".e{present.epoch}")]
        administration.delete(topics, old)
        with _client(plan.settings) as client:
            drop_other_tables(client)
    except KafkaException as fault:
        say(f"not all of epoch {present.epoch} could be deleted, the next rebuild does it: {fault}")


__all__ = ["NotTaken", "RebuildRefused", "rebuild"]
