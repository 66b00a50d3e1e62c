"""Faust's Kafka consumer, changed to deliver chunks and to commit only what a stage calls done.

Proven with faust-streaming 0.15.3, mode-streaming 0.7.1, aiokafka 0.14.0 and Kafka 4.1. It leans
on inner methods of these; read the notes below again before raising a version.

- One Faust message carries a whole chunk of one partition, as a `Chunk`: Faust's work per message
  then costs nothing per record.
- Faust's own acknowledgements never move a commit: `ack` does nothing, and `done` is the only way
  forward. So none of Faust's paths (a skipped stale event, an error in an agent, `take`, the
  arithmetic of gaps) can commit what has not been processed.
- A chunk says from which offset on it was read. Offsets may have holes (markers of transactions),
  chunks may be lost on the way to the agent; this tells one from the other.
- A backlog is handed on in the order in which it was written, where a stage asks for that: see
  `streams.engine.turns`. What is not next is held here; a seek forgets it. Nothing is fetched for a
  stage while one after it is behind.
- Seeks that a stage asks for are done between two fetches, so that nothing fetched before a seek
  can be taken for something fetched after it.
- Faust waits 1500 ms per fetch, and one fetch is in flight per broker: a partition that is drained
  waits for the others' long poll. Here it is 20 ms. After a small fetch there is a short pause,
  else a trickle costs a fetch per event.
"""
# ruff: noqa: SLF001  what Faust and aiokafka keep to themselves is the subject of this file

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata
from aiokafka.structs import TopicPartition as KafkaPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message
from mode.utils.futures import notify

from streams.assignment import divide_out_whole_topics
from streams.engine.turns import Turns

divide_out_whole_topics()

if TYPE_CHECKING:
    from streams.engine.application import EngineApp

#: A fetch with fewer records than this is followed by the app's pause.
SMALL_FETCH = 200

#: Chunk size of a topic that no stage has declared, in records.
DEFAULT_CHUNK = 1000

#: How often it is looked then whether others may go on, s.
LOOK_AGAIN = 0.1

#: How long an acknowledgement of a commit may take before it counts as refused, in seconds.
CONFIRM_TIMEOUT = 5.0


class Chunk(NamedTuple):
    """Consecutive records of one partition."""

    #: Everything from here to the first record has been looked at: there is no other record.
    start: int
    records: list[Any]


class Reach(NamedTuple):
    """How far the consumer has read a partition."""

    position: int  #: next offset to fetch
    end: int  #: end of what may be read, when the broker last answered


class BatchConsumer(driver.Consumer):
    """See the module's docstring."""

    app: "EngineApp"
    _thread: "BatchThread"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        #: next offset after what was delivered; absent when not known for certain
        self._delivered: dict[TP, int] = {}
        self._wanted: dict[TP, int] = {}
        self._seeks = 0
        self._one_seeks = asyncio.Lock()
        super().__init__(*args, **kwargs)
        #: of each stage that reads in order
        self._turns = [Turns(topics) for topics in self.app.in_order]

    def _new_consumer_thread(self) -> "BatchThread":
        return BatchThread(self, loop=self.loop, beacon=self.beacon)

    # -- delivery

    async def getmany(  # Faust's signature
        self,
        timeout: float,  # noqa: ASYNC109
    ) -> AsyncIterator[tuple[TP, Message]]:
        """Fetches, and yields one message per chunk."""
        await self._seek_wanted()
        place = self._place
        records, _ = await self._wait_next_records(timeout)
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            await self.perform_seek()
            return
        if place != self._place:
            self._delivered.clear()
        place = self._place
        for tp, due in self._in_turn(records):
            size = self.app.chunk_records.get(tp.topic, DEFAULT_CHUNK)
            for first in range(0, len(due), size):
                if not self.flow_active or place != self._place:
                    self._forget_turns()
                    self._delivered.clear()  # what was not handed on shows as a gap
                    return
                message = self._chunk_message(tp, due[first : first + size])
                if not self.app.loses_chunk(tp):
                    yield tp, message
        if sum(map(len, records.values())) < SMALL_FETCH and self.app.pace:
            await asyncio.sleep(self.app.pace)

    async def _getmany(
        self,
        active_partitions: set[TP] | None,
        timeout: float,  # noqa: ASYNC109  Faust's signature
    ) -> Any:
        """Fetches from partitions of which nothing is held, and which do not rest."""
        resting = self.app.resting()
        if not resting and not any(self._turns):
            return await super()._getmany(active_partitions, timeout)
        active = active_partitions or ()
        wanted = {tp for tp in active if tp.topic not in resting and self._held_first(tp) is None}
        if wanted:
            return await super()._getmany(wanted, min(timeout, LOOK_AGAIN))
        await asyncio.sleep(LOOK_AGAIN)
        return {}

    def _in_turn(self, records: Mapping[TP, list[Any]]) -> Iterator[tuple[TP, list[Any]]]:
        """What is to be handed on now, of what was just fetched and of what is held."""
        ordered = {topic: turns for turns in self._turns for topic in turns.topics}
        for tp, fetched in records.items():
            if tp.topic in ordered:
                ordered[tp.topic].hold(tp, fetched)
            else:
                yield tp, fetched
        for turns in filter(None, self._turns):
            if self.app.resting().isdisjoint(turns.topics):
                yield from turns.due(self._unread(turns), monotonic())
            else:
                turns.rest()

    def _unread(self, turns: Turns) -> list[TP]:
        """Partitions that have more to read than was fetched, or have not been asked yet."""
        return [tp for tp in self.assignment() if tp.topic in turns.topics and not self._is_read(tp)]

    def _is_read(self, tp: TP) -> bool:
        reach = self._thread.reach(tp)
        return reach is not None and reach.position >= reach.end

    def _held_first(self, tp: TP) -> int | None:
        """Offset of the first record of a partition that is held until its turn."""
        return next((turns.first(tp) for turns in self._turns if tp in turns), None)

    def _forget_turns(self) -> None:
        for turns in self._turns:
            turns.clear()

    def _chunk_message(self, tp: TP, records: list[Any]) -> Message:
        first, last = records[0].offset, records[-1].offset
        message = self._to_message(tp, records[-1])
        message.value = cast("Any", Chunk(min(first, self._delivered.get(tp, first)), records))
        self._delivered[tp] = last + 1
        # Faust drops what lies below its read offset, silently, and sees gaps in jumps above it.
        self._read_offset[tp] = last
        return message

    # -- positions

    def read_again(self, tp: TP, offset: int) -> None:
        """Asks for `tp` to be read from `offset` on, before the next fetch."""
        self._wanted[tp] = offset

    async def _seek_wanted(self) -> None:
        wanted, self._wanted = self._wanted, {}
        wanted = {tp: offset for tp, offset in wanted.items() if tp in self.assignment()}
        if not wanted or not self.flow_active:
            return
        place = self._place
        try:
            await self._thread.seek_wait(wanted)
        except IllegalStateError:
            return  # no longer ours: the new generation starts from its own offsets
        if place != self._place:
            return  # it sought what was ours before
        self._delivered.update(wanted)
        for tp in wanted:
            for turns in self._turns:
                turns.drop(tp)

    @property
    def _place(self) -> tuple[int, int]:
        """Another one whenever it is read on from elsewhere than where it was."""
        return self._seeks, self.app.consumer_generation_id

    async def perform_seek(self) -> None:
        """Seeks every assigned partition to its committed offset.

        Faust does so from two tasks: after a fetch that found the group changing, and when it has changed.
        One that began before the group changed has asked for the partitions of then, and the offsets may
        have been committed further meanwhile: what it was told says nothing of where is read on from.
        """
        async with self._one_seeks:
            self._seeks += 1
            place = self._place
            self._forget_turns()
            self._delivered = {}
            await super().perform_seek()
            if place == self._place:
                self._delivered = {tp: at for tp, at in self._read_offset.items() if at is not None}

    def delivered(self, tp: TP) -> int | None:
        """Next offset after what was handed on, if it is known."""
        return self._delivered.get(tp)

    def reach(self, tp: TP) -> Reach | None:
        """How far `tp` was read; None before the first answer and while it is not assigned.

        What is held until its turn counts as not read.
        """
        reach, held = self._thread.reach(tp), self._held_first(tp)
        return reach if reach is None or held is None else reach._replace(position=held)

    @property
    def member(self) -> str:
        """Our name in the consumer group; a new one whenever the group had thrown us out."""
        return self._thread.member

    # -- commits

    def ack(self, message: Message) -> bool:
        """Nothing: only `done` moves a commit."""
        message.acked = True
        self._unacked_messages.discard(message)
        return False

    def done(self, generation: int, upto: Mapping[TP, int]) -> None:
        """Everything below these offsets is delivered and in the ledger; commit it in time."""
        if generation == self.app.consumer_generation_id:
            self._acked.update(cast("Any", upto))

    def _new_offset(self, tp: TP) -> int | None:
        return cast("int | None", self._acked.pop(tp, None))

    async def _add_gap(self, _tp: TP, _from: int, _to: int) -> None:
        return None

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        committing = asyncio.ensure_future(super()._commit(offsets))
        await self.app.fail_point("commit", "mid-commit")
        return await committing

    async def confirm(self, generation: int, offsets: Mapping[TP, int]) -> bool:
        """Whether the broker acknowledges, now, a commit of these offsets by this generation."""
        while self._commit_fut is not None:
            await self.maybe_wait_for_commit_to_finish()
        self._commit_fut = asyncio.Future()
        try:
            return await self._thread.confirm(generation, offsets)
        finally:
            fut, self._commit_fut = self._commit_fut, None
            notify(fut)


class BatchThread(driver.AIOKafkaConsumerThread):
    """The thread in which aiokafka's consumer lives."""

    app: "EngineApp"

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = self.app.fetch_wait_ms
        # Producers of public topics may use transactions; what they took back is no event.
        consumer._isolation_level = "read_committed"
        return consumer

    @property
    def member(self) -> str:
        return str(self._ensure_consumer()._coordinator.member_id)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        return cast("Mapping[TP, int]", await self.call_thread(self._seek_to_committed))

    async def _seek_to_committed(self) -> Mapping[KafkaPartition, int | None]:
        """Seeks what is ours in the end: some of what was asked for may go while the broker answers."""
        consumer = self._ensure_consumer()
        while assigned := consumer.assignment():
            try:
                return cast(
                    "Mapping[KafkaPartition, int | None]", await consumer.seek_to_committed(*assigned)
                )
            except IllegalStateError:
                continue
        return {}

    def reach(self, tp: TP) -> Reach | None:
        subscription = self._ensure_consumer()._subscription.subscription
        assignment = subscription.assignment if subscription else None
        if assignment is None or tp not in assignment.tps:
            return None
        state = assignment.state_value(KafkaPartition(*tp))
        end = state.lso if state.lso is not None and state.lso >= 0 else state.highwater
        if not state.has_valid_position or end is None:
            return None
        return Reach(state.position, end)

    async def confirm(self, generation: int, offsets: Mapping[TP, int]) -> bool:
        return bool(await self.call_thread(self._confirm, generation, offsets))

    async def _confirm(self, generation: int, offsets: Mapping[TP, int]) -> bool:
        consumer = self._ensure_consumer()
        if consumer._coordinator.generation != generation:
            return False
        told = {KafkaPartition(*tp): OffsetAndMetadata(at, "") for tp, at in offsets.items()}
        try:
            await asyncio.wait_for(consumer.commit(told), CONFIRM_TIMEOUT)
        except (CommitFailedError, IllegalStateError, TimeoutError):
            return False
        except KafkaError as error:
            self.log.warning("commit was not acknowledged: %r", error)
            return False
        # Retries inside may have gone out under a later generation; this one then knows.
        now = monotonic()
        self.tp_last_committed_at.update(dict.fromkeys(offsets, now))
        return bool(consumer._coordinator.generation == generation)


class BatchTransport(driver.Transport):
    """Faust's transport with the batching consumer."""

    Consumer = BatchConsumer
