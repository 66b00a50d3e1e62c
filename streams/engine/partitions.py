"""How many partitions topics have; aiokafka tells it only of topics that a consumer has been given."""

from aiokafka.structs import TopicPartition
from confluent_kafka.admin import AdminClient

from streams.background import in_background
from streams.engine.connection import Connection
from streams.engine.faults import EngineFault

_ANSWER_S = 30.0


async def partitions_of(connection: Connection, topics: list[str]) -> list[TopicPartition]:
    """All partitions of these topics. Raises `EngineFault` when there is no such topic."""
    return await in_background(lambda: _ask(connection, topics))


def _ask(connection: Connection, topics: list[str]) -> list[TopicPartition]:
    admin = AdminClient({**connection.confluent(), "log_level": 0})
    known = admin.list_topics(timeout=_ANSWER_S).topics
    missing = [topic for topic in topics if topic not in known or not known[topic].partitions]
    if missing:
        raise EngineFault(f"no topic {', '.join(missing)}: run `salespulse topics`")
    return [TopicPartition(topic, number) for topic in topics for number in sorted(known[topic].partitions)]
