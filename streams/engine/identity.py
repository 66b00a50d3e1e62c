"""A topic that is deleted and made anew under its old name is another topic.

Its offsets begin again, so records of the new one would be taken for ones known long since, while
Kafka has dropped the group's commits along with the old one. What remains is the topic's id: the
first worker of an epoch writes it down, each later one compares.
"""

import asyncio
from typing import Any

from aiokafka.structs import TopicPartition
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from faust.types.transports import ProducerT

from streams.background import in_background
from streams.engine.batch import Output
from streams.engine.connection import Connection
from streams.engine.delivery import deliver
from streams.engine.faults import EngineFault
from streams.engine.ledger import read_log, reader
from streams.engine.offsets import RENEWED

#: What to do when a topic is missing.
CREATE = "`salespulse topics` creates what is missing; if it was there before, see what deleted it."

#: How long the broker may take to describe topics, s.
DESCRIBE_TIMEOUT = 30.0


async def check_identities(
    connection: Connection, producer: ProducerT, register: str, topics: set[tuple[int, str]]
) -> None:
    """Raises `EngineFault` for an (epoch, topic) whose id is not the one in `register`.

    `register` is a compacted topic of one partition. Ids not yet in it are written to it.
    """
    now, known = await asyncio.gather(
        in_background(lambda: _describe(connection, sorted({name for _, name in topics}))),
        _recorded(connection, register),
    )
    new = []
    for epoch, name in sorted(topics):
        key = f"{epoch}/{name}".encode()
        if key not in known:
            new.append(Output(register, 0, key, now[name].encode()))
        elif known[key] != now[name].encode():
            raise EngineFault(
                f"{name} was deleted and made anew since this epoch began (its id was "
                f"{known[key].decode()}, now {now[name]}). {RENEWED}"
            )
    await deliver(producer, new)


def _describe(connection: Connection, topics: list[str]) -> dict[str, str]:
    admin = AdminClient(connection.confluent())
    told = admin.describe_topics(TopicCollection(topics), request_timeout=DESCRIBE_TIMEOUT)
    return {name: _id(name, future) for name, future in told.items()}


def _id(name: str, described: Any) -> str:
    try:
        return str(described.result().topic_id)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise EngineFault(f"there is no topic {name}. {CREATE}") from error
        raise


async def _recorded(connection: Connection, register: str) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}

    def add(_: TopicPartition, key: bytes | None, value: bytes | None) -> None:
        if key is not None and value is not None:
            found.setdefault(key, value)  # of two workers that were first, the first one

    async with reader(connection) as client:
        await read_log(client, {TopicPartition(register, 0): 0}, add)
    return found
