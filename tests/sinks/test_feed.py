"""Partitions come and go while records are being read: none is passed over, none is committed unread."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import OffsetAndTimestamp, TopicPartition
from aiokafka.errors import CommitFailedError

from streams.sinks import feed as feed_module
from streams.sinks.feed import Feed, RecordsDeleted, Use

PLACE = TopicPartition("t", 0)
#: The fake log: offset n was written at n seconds.
LOG = range(100)


@dataclass
class Record:
    offset: int
    topic: str = "t"
    partition: int = 0

    @property
    def timestamp(self) -> int:
        return self.offset * 1_000


class Consumer:
    """One partition of a hundred records; forgets its place whenever the group changes, as aiokafka does."""

    def __init__(self, **_: Any) -> None:
        self.group_commit: int | None = None
        self.place: int | None = None
        self.mine: set[TopicPartition] = set()
        self.meanwhile: list[Callable[[], None]] = []
        self.refuse = False
        self.begin = 0

    def subscribe(self, _: list[str], listener: Feed) -> None:
        self.listener = listener

    async def start(self) -> None:
        self.rebalance()

    def rebalance(self) -> None:
        self.listener.on_partitions_revoked(self.mine)
        self.mine = {PLACE}
        self.place = self.group_commit or 0
        self.listener.on_partitions_assigned(self.mine)

    def assignment(self) -> set[TopicPartition]:
        return self.mine

    async def committed(self, _: TopicPartition) -> int | None:
        return self.group_commit

    async def commit(self, ends: dict[TopicPartition, int]) -> None:
        if self.refuse:
            raise CommitFailedError
        self.group_commit = ends[PLACE]

    async def beginning_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, self.begin)

    async def end_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, len(LOG))

    async def offsets_for_times(self, times: dict[TopicPartition, int]) -> dict[TopicPartition, Any]:
        ms = times[PLACE]
        return {PLACE: OffsetAndTimestamp(-(-ms // 1_000), ms) if ms <= 99_000 else None}

    def seek(self, place: TopicPartition, offset: int) -> None:
        assert place in self.mine
        self.place = offset

    def highwater(self, _: TopicPartition) -> int:
        return len(LOG)

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Record]]:
        if self.meanwhile:
            self.meanwhile.pop()()
        assert self.place is not None
        self.place = max(self.place, self.begin)
        found = [Record(offset) for offset in LOG[self.place : self.place + max_records]]
        self.place += len(found)
        return {PLACE: found} if found else {}


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> Consumer:
    fake = Consumer()
    monkeypatch.setattr(feed_module, "AIOKafkaConsumer", lambda **_: fake)
    return fake


async def offsets(feed: Feed, most: int = 10) -> list[int]:
    return [record.offset for record in await feed.poll(10, most)]


def test_records_that_come_with_a_change_of_the_group_are_read_again(consumer: Consumer) -> None:
    async def run() -> None:
        feed = Feed("", "g", ["t"])
        await feed.start()
        assert await offsets(feed, 3) == [0, 1, 2]
        await feed.commit({PLACE: 2})
        consumer.meanwhile.append(consumer.rebalance)
        assert await offsets(feed) == []
        assert await offsets(feed, 3) == [2, 3, 4]

    asyncio.run(run())


def test_the_same_before_anything_was_committed(consumer: Consumer) -> None:
    async def run() -> None:
        feed = Feed("", "g", ["t"])
        await feed.start()
        consumer.meanwhile.append(consumer.rebalance)
        assert await offsets(feed) == []
        assert await offsets(feed, 2) == [0, 1]

    asyncio.run(run())


def test_a_commit_never_goes_back_and_one_that_comes_too_late_is_no_fault(consumer: Consumer) -> None:
    async def run() -> None:
        feed = Feed("", "g", ["t"])
        await feed.start()
        await offsets(feed)
        await feed.commit({PLACE: 7})
        await feed.commit({PLACE: 5})
        assert (consumer.group_commit, feed.position("t", 0), feed.lag()) == (7, 7, {"t": 93})
        consumer.refuse = True
        await feed.commit({PLACE: 9})
        assert feed.position("t", 0) == 7
        consumer.refuse = False
        consumer.rebalance()
        await feed.commit({PLACE: 9})
        assert consumer.group_commit == 7, "not before the partition is begun anew"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("committed", "reread_s", "first"), [(50, 20, 29), (50, 80, 0), (50, 0, 50), (0, 20, 0)]
)
def test_a_start_reads_so_much_time_before_the_commit_again(
    consumer: Consumer, committed: int, reread_s: int, first: int
) -> None:
    async def run() -> None:
        consumer.group_commit = committed
        feed = Feed("", "g", ["t"], reread_ms=reread_s * 1_000)
        await feed.start()
        found = await offsets(feed) or await offsets(feed)
        assert found[0] == first
        assert feed.position("t", 0) == committed

    asyncio.run(run())


def test_a_log_that_was_made_anew_is_read_from_its_start(consumer: Consumer) -> None:
    async def run() -> None:
        consumer.group_commit = 5_000
        feed = Feed("", "g", ["t"], reread_ms=1_000)
        await feed.start()
        assert (await offsets(feed))[0] == 0
        await feed.commit({PLACE: 4})
        assert consumer.group_commit == 4

    asyncio.run(run())


@pytest.mark.parametrize(("now_s", "first"), [(90, 80), (200, 100)])
def test_a_group_that_never_was_can_begin_shortly_before_now(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch, now_s: int, first: int
) -> None:
    monkeypatch.setattr(feed_module, "now_ms", lambda: now_s * 1_000)

    async def run() -> None:
        feed = Feed("", "g", ["t"], first_ms=10_000)
        await feed.start()
        found = await offsets(feed)
        assert found[:1] == list(LOG[first : first + 1])
        assert consumer.group_commit == first

    asyncio.run(run())


def test_records_deleted_before_a_start_are_told(consumer: Consumer) -> None:
    async def run() -> None:
        consumer.group_commit, consumer.begin = 20, 30
        feed = Feed("", "g", ["t"], needed=["t"])
        await feed.start()
        with pytest.raises(RecordsDeleted, match=r"t partition 0: records 20 to 29 were deleted"):
            await offsets(feed)

    asyncio.run(run())


def test_records_deleted_before_a_group_had_any_position_are_told(consumer: Consumer) -> None:
    async def run() -> None:
        consumer.begin = 30
        feed = Feed("", "g", ["t"], needed=["t"], use=Use("answered", "none is", "ask again"))
        await feed.start()
        told = r"t partition 0: records 0 to 29 were deleted before they were answered; none is\. .*, ask again\."
        with pytest.raises(RecordsDeleted, match=told):
            await offsets(feed)

    asyncio.run(run())


def test_records_deleted_while_it_runs_are_told(consumer: Consumer) -> None:
    async def run() -> None:
        feed = Feed("", "g", ["t"], needed=["t"])
        await feed.start()
        assert await offsets(feed, 3) == [0, 1, 2]
        consumer.place = 5  # a hole that compaction left
        assert await offsets(feed, 2) == [5, 6]
        consumer.begin = 9
        with pytest.raises(RecordsDeleted, match=r"records 7 to 8 were deleted"):
            await offsets(feed)

    asyncio.run(run())


def test_what_was_read_may_be_deleted_and_so_may_what_nobody_needs(consumer: Consumer) -> None:
    async def run() -> None:
        consumer.group_commit, consumer.begin = 30, 30
        feed = Feed("", "g", ["t"], reread_ms=20_000, needed=["t"])
        await feed.start()
        assert (await offsets(feed) or await offsets(feed))[0] == 30
        consumer.group_commit = 20
        feed = Feed("", "g", ["t"])
        await feed.start()
        assert (await offsets(feed))[0] == 30

    asyncio.run(run())
