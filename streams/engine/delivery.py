"""Writing a batch: every function returns when the broker has acknowledged all of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from aiokafka.errors import MessageSizeTooLargeError
from faust.types.transports import ProducerT

from streams.engine.batch import MAX_RECORD_BYTES, Output, StateRecord
from streams.engine.faults import EngineFault
from streams.engine.ledger import encode_state

#: Called between two writes.
Between = Callable[[], Awaitable[None]]


async def _no_pause() -> None:
    return None


async def deliver(producer: ProducerT, wave: list[Output], between: Between = _no_pause) -> list[Any]:
    """Writes records; returns aiokafka's metadata of each."""
    sent: list[Awaitable[Any]] = []
    for number, output in enumerate(wave):
        topic, partition, key, value = output
        if number:
            await between()
        if value is not None and len(value) > MAX_RECORD_BYTES - 1024:
            raise _too_large(topic, partition, len(value))
        sent.append(await producer.send(topic, key, value, partition, None, None))
    try:
        return await asyncio.gather(*sent)
    except MessageSizeTooLargeError as error:
        largest = max(wave, key=lambda o: len(o.value or b""))
        size = len(largest.value or b"")
        raise _too_large(largest.topic, largest.partition, size) from error


async def write_state(
    producer: ProducerT,
    ledger: str,
    state: dict[int, list[StateRecord]],
    between: Between = _no_pause,
) -> list[Any]:
    """Writes ledger records, in order, by whole producer batches; returns metadata per batch."""
    values = {
        partition: [(row.key, None if row.buried else encode_state(row.version, row.state)) for row in rows]
        for partition, rows in state.items()
    }
    return await write_values(producer, ledger, values, between)


async def write_values(
    producer: ProducerT,
    ledger: str,
    values: Mapping[int, Sequence[tuple[bytes, bytes | None]]],
    between: Between = _no_pause,
) -> list[Any]:
    """Writes encoded ledger records; see `write_state`."""
    kafka = cast("Any", producer)._producer  # noqa: SLF001  Faust has no batches of records
    sent: list[Awaitable[Any]] = []
    for partition, rows in values.items():
        batch = kafka.create_batch()
        for key, value in rows:
            if value is not None and len(value) > MAX_RECORD_BYTES - 1024:
                raise _too_large(ledger, partition, len(value))
            if batch.append(key=key, value=value, timestamp=None) is None:
                sent.append(await kafka.send_batch(batch, ledger, partition=partition))
                await between()
                batch = kafka.create_batch()
                batch.append(key=key, value=value, timestamp=None)
        if rows:
            sent.append(await kafka.send_batch(batch, ledger, partition=partition))
            await between()
    try:
        return await asyncio.gather(*sent)
    except MessageSizeTooLargeError as error:
        biggest = max((len(v or b""), p) for p, rows in values.items() for _, v in rows)
        raise _too_large(ledger, biggest[1], biggest[0]) from error


def _too_large(topic: str, partition: int | None, size: int) -> EngineFault:
    return EngineFault(
        f"a record of {size} bytes for {topic} partition {partition} is larger than the worker "
        f"({MAX_RECORD_BYTES} bytes) or the topic's max.message.bytes allows. Raise the topic's "
        f"limit to {MAX_RECORD_BYTES}, or let the stage split what it collects."
    )
