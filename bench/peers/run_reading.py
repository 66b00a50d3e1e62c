"""The limit: aiokafka reads the topic and msgspec decodes it; nothing is counted or written."""

import asyncio

import msgspec
from aiokafka import AIOKafkaConsumer

from bench.peers.events import Call
from bench.peers.job import BOOTSTRAP, TOPIC, Progress


async def read() -> None:
    """Reads everything, then waits for the end."""
    decode = msgspec.json.Decoder(Call).decode
    progress = Progress()
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=BOOTSTRAP, auto_offset_reset="earliest")
    await consumer.start()
    while True:
        for records in (await consumer.getmany(timeout_ms=500, max_records=5000)).values():
            for record in records:
                decode(record.value)
            progress.add(len(records))


if __name__ == "__main__":
    asyncio.run(read())
