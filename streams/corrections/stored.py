"""How far the sinks have stored a topic, whichever sink process did it."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition

_EVERY = 0.1


class Stored:
    """Waits for the committed offsets of the sink's consumer group."""

    def __init__(self, brokers: str, group: str) -> None:
        self._brokers, self._group = brokers, group
        self._consumer: AIOKafkaConsumer = None

    async def start(self) -> None:
        """Connects; the consumer only asks for offsets and joins nothing."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._brokers, group_id=self._group, enable_auto_commit=False
        )
        await self._consumer.start()

    async def stop(self) -> None:
        """Disconnects."""
        if self._consumer is not None:
            await self._consumer.stop()

    async def ends(self, topic: str, partitions: list[int]) -> dict[TopicPartition, int]:
        """Where the partitions end now."""
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(
            [TopicPartition(topic, partition) for partition in partitions]
        )
        return ends

    async def wait(self, wanted: dict[TopicPartition, int]) -> None:
        """Returns when every partition is stored up to its wanted offset.

        Waits as long as it takes: while ClickHouse is away nothing can be corrected.
        """
        open_ = {place: offset for place, offset in wanted.items() if offset > 0}
        while open_:
            for place in list(open_):
                committed = await self._consumer.committed(place)
                if committed is not None and committed >= open_[place]:
                    del open_[place]
            if open_:
                await asyncio.sleep(_EVERY)
