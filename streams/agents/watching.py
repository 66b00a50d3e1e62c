"""What the windows stage does by the clock: live values, and alerts once it knows all that happened."""

import logging
from collections.abc import Callable, Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from confluent_kafka import KafkaException

from streams.agents.alerting import Alerting, read_transitions
from streams.agents.now import LiveValues
from streams.agents.upstream import Upstream
from streams.agents.windows import WindowsStage
from streams.engine import Connection, Output, partitions_of
from streams.records import NowRecord, pack

_LOG = logging.getLogger(__name__)

#: s between looks at what changed, and between judgements of rules.
_VALUES_EVERY = 0.25
_JUDGED_EVERY = 1.0

#: While the workers are not caught up, live values are those of some seconds ago, so that nobody misses
#: any that is told no more often than this (ms): what they cost, the events waiting can use.
_VALUES_EVERY_BEHIND = 2_000
#: While the workers are further behind than this (ms) live values would be those of another time.
_TOO_FAR_BEHIND = 60_000


class Watching:
    """The timers of the windows stage."""

    def __init__(
        self,
        stage: WindowsStage,
        values: LiveValues,
        alerting: Alerting,
        upstream: "UpstreamWatch",
        connection: Connection,
        in_force: Callable[[], bool],
    ) -> None:
        """`in_force`: whether it is sure at the moment that no later epoch has taken over."""
        self._in_force = in_force
        self._stage = stage
        self._values = values
        self._alerting = alerting
        self._upstream = upstream
        self._connection = connection
        self._shown_at = 0

    def begin(self) -> None:
        """Sets the timers up; to be called before the app starts."""
        self._stage.every(_VALUES_EVERY, self._show)
        self._stage.every(_JUDGED_EVERY, self._judge)
        self._stage.when_loaded = self._restore

    async def _restore(self, partitions: frozenset[int]) -> None:
        # The clock is corrected by what the broker says of records that it takes: so it takes one, of no
        # values, before anything is judged by the clock.
        first = Output(self._stage.internal.now, None, None, pack(NowRecord([])))
        await self._stage.deliver([first])
        self._alerting.restore(await read_transitions(self._connection), partitions)

    async def _show(self) -> None:
        now = self._stage.now_ms()
        state = self._upstream.state
        due = state.caught_up(now) or now - self._shown_at >= _VALUES_EVERY_BEHIND
        if due and state.behind_ms(now) <= _TOO_FAR_BEHIND:
            self._shown_at = now
            await self._values.send(now)

    async def _judge(self) -> None:
        """Absence is judged only when all that happened is known; until then alerts stay as they are.

        After a rebuild the workers of the new epoch judge, and nobody else.
        """
        await self._upstream.look(self._stage.now_ms())
        now = self._stage.now_ms()
        # While the broker was asked, partitions may have come of which only a part is in memory yet.
        if self._stage.loaded and self._upstream.state.caught_up(now) and self._in_force():
            await self._alerting.judge(now)


class UpstreamWatch:
    """Asks the broker how far a group has come: once for all ends, once for all positions."""

    def __init__(
        self, connection: Connection, group: str, topics: Iterable[str], whose: str = "the workers"
    ) -> None:
        self.state = Upstream()
        self._connection = connection
        self._group = group
        self._whose = whose
        self._topics = sorted(topics)
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._places: list[TopicPartition] = []

    async def look(self, now: int) -> None:
        """Notes ends and positions at `now` (ms); without an answer nothing, so that all grows older."""
        try:
            consumer, admin = await self._connected()
            if not self._places:
                self._places = await partitions_of(self._connection, self._topics)
            ends = await consumer.end_offsets(self._places)
            committed = await admin.list_consumer_group_offsets(self._group, partitions=self._places)
        except (KafkaError, KafkaException, OSError) as fault:
            _LOG.warning("cannot see how far %s are: %s", self._whose, fault)
            return
        if len(committed) < len(self._places):
            # aiokafka gives what its coordinator refuses to tell as no positions at all.
            _LOG.warning("cannot see how far %s are: no positions of group %s", self._whose, self._group)
            return
        self.state.observe(
            now,
            {(place.topic, place.partition): end for place, end in ends.items()},
            {(place.topic, place.partition): max(0, each.offset) for place, each in committed.items()},
        )

    async def _connected(self) -> tuple[AIOKafkaConsumer, AIOKafkaAdminClient]:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(**self._connection.aiokafka(), enable_auto_commit=False)
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        if self._admin is None:
            admin = AIOKafkaAdminClient(**self._connection.aiokafka())
            try:
                await admin.start()
            except BaseException:
                await admin.close()
                raise
            self._admin = admin
        return self._consumer, self._admin

    async def close(self) -> None:
        """Lets go of the connections."""
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None
        if self._admin is not None:
            await self._admin.close()
            self._admin = None
