"""Where reading goes on, and whether the log is still the one that we read before."""

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from faust.types import TP

from streams.engine.faults import EngineFault


async def starting_points(client: AIOKafkaConsumer, partitions: Iterable[TP]) -> dict[TP, int]:
    """The committed offset of each partition, or its first one where nothing was committed.

    Raises `EngineFault` where the log does not go on from there.
    """
    asked = [TopicPartition(*tp) for tp in partitions]
    if not asked:
        return {}
    begins = await client.beginning_offsets(asked)
    ends = await client.end_offsets(asked)
    committed = await asyncio.gather(*(client.committed(tp) for tp in asked))
    found = {}
    for tp, at in zip(asked, committed, strict=True):
        if at is not None:
            check_continuity(TP(*tp), at, begins[tp], ends[tp])
        found[TP(*tp)] = begins[tp] if at is None else at
    return found


def check_continuity(tp: TP, at: int, begin: int, end: int) -> None:
    """Raises `EngineFault` when a log of [begin, end) cannot be read on from `at`."""
    where = f"{tp.topic} partition {tp.partition}"
    if at < begin:
        raise EngineFault(
            f"{where}: records {at} to {begin - 1} were deleted before they were read; what they "
            f"held is missing. Raise the topic's retention, bring the lost time in again with "
            f"`salespulse import events`, and let the group go on from {begin} with "
            f"`kafka-consumer-groups --reset-offsets --topic {tp.topic}:{tp.partition} "
            f"--to-earliest --execute`."
        )
    if at > end:
        raise EngineFault(
            f"{where} ends at offset {end}, but was read up to {at} before: it was made anew or "
            f"lost data. {RENEWED}"
        )


def check_whole(tp: TP, begin: int) -> None:
    """Raises `EngineFault` when a ledger begins at `begin` and not at 0: compaction never moves that."""
    if begin > 0:
        raise EngineFault(
            f"{tp.topic} partition {tp.partition}: records below {begin} of this ledger were deleted, so "
            f"state is missing without which all that follows would be counted wrong. Only compaction may "
            f"clean it (cleanup.policy=compact; `salespulse topics` says whether it is set). {_REBUILD}"
        )


_REBUILD = (
    "Run `salespulse rebuild`: it begins the next epoch, with internal topics made from the stored events, "
    "and puts it in force."
)
#: What to do when offsets have started again.
RENEWED = f"Its offsets now mean other records, and new ones would be taken for old. {_REBUILD}"
