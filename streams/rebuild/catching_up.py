"""Brings the next epoch as far as the one in force."""

import time

from clickhouse_connect.driver.client import Client

from streams.rebuild.kafka import Group, Place, Writer
from streams.rebuild.plan import GROUPS, LOOK_S, TOLD_EVERY_S, Plan, RebuildRefused, Say, client_of
from streams.rebuild.resolving import as_then
from streams.rebuild.respreading import spread
from streams.rebuild.stored import StoredEvents
from streams.rebuild.tail import Tail
from streams.sinks.rebuilt_tables import same_columns
from streams.topics import EVENT_TOPICS, SINK_GROUP, WORKER_GROUP, InternalTopics
from streams.whole_log import read_whole

#: A round of catching up that took no longer than this is the last. What comes during it is read again
#: from the public topics by the workers of the new epoch.
_SHORT_S = 10.0
#: With more events than the pipeline can fold no round is ever short: the last takes what it takes.
_MOST_ROUNDS = 20


class CatchingUp:
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

    def work(self) -> dict[Place, int]:
        """Positions in the public topics up to which the next epoch holds everything."""
        with client_of(self._plan.settings) as client, self._worker:
            try:
                return self._work(client)
            finally:
                self._tail.close()
                self._reach.close()

    def _work(self, client: Client) -> dict[Place, int]:
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
                if time.monotonic() - told > TOLD_EVERY_S:
                    told = time.monotonic()
                    self._say(f"waits for the sink, which has {left:,} records of events to store")
                time.sleep(LOOK_S)

    def _feed(self, stored: StoredEvents, total: int) -> None:
        told, fed = time.monotonic(), 0
        for stretch in stored.stretches():
            for partition, record in spread(stretch, self._partitions, self._plan.restamp):
                self._writer.put(self._plan.next.events, partition, record)
            fed += len(stretch)
            if time.monotonic() - told > TOLD_EVERY_S:
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
        worker, sink, corrections = (Group(brokers, topics.group(name)) for name in GROUPS)
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
            if time.monotonic() - told > TOLD_EVERY_S:
                told = time.monotonic()
                say(f"{left:,} records are not folded or stored yet")
            time.sleep(LOOK_S)

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
