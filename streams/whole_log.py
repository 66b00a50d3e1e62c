"""Reads small topics of one partition as a whole: configurations, epochs."""

from collections.abc import Iterator

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

#: How long the broker may take to answer, s.
_TIMEOUT = 10.0
#: The library waits for so long unless it has as many records as it may hand over, s: at the end too.
_GATHERS = 0.05
_TRIES = 50
_NOT_YET = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)


def read_whole(brokers: str, topic: str) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of each record that is on the topic now, in order; of those that have a value.

    Raises confluent-kafka's errors, and `RuntimeError` when the topic is not there.
    """
    # Positions are never committed: the group is one in name only.
    consumer = Consumer(
        {"bootstrap.servers": brokers, "group.id": "salespulse.readers", "enable.auto.commit": False}
    )
    try:
        yield from _read(consumer, TopicPartition(topic, 0, OFFSET_BEGINNING))
    finally:
        consumer.close()


def _read(consumer: Consumer, partition: TopicPartition) -> Iterator[tuple[bytes, bytes]]:
    low, high = ends_of(consumer, partition)
    if low == high:
        return
    consumer.assign([partition])
    while True:
        for message in consumer.consume(100, timeout=_GATHERS):
            value = message.value()
            if message.error() is None and value is not None:
                yield message.key() or b"", value
        (at,) = consumer.position([partition])
        if at.offset >= high:
            return


def ends_of(consumer: Consumer, partition: TopicPartition) -> tuple[int, int]:
    """First and next offset; asks again while a topic just made has no leader yet."""
    for _ in range(_TRIES):
        try:
            low, high = consumer.get_watermark_offsets(partition, timeout=_TIMEOUT)
        except KafkaException as fault:
            if not fault.args[0].retriable() and fault.args[0].code() not in _NOT_YET:
                raise
            consumer.poll(0.2)
        else:
            return low, high
    raise RuntimeError(f"the broker has no leader for {partition.topic}: is the topic there?")
