"""Every configuration that events were stamped with, by version.

Intake stamps events with the version of the configuration that resolved them, and folds use the
stamped one: a change counts from then on, and a replay gives what it gave the first time. So each
version is kept on a small compacted topic that every worker reads in full.
"""

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)

from streams.config import Config
from streams.directory import Directory

_TIMEOUT = 10.0
_TRIES = 50
_NOT_YET = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)


class UnknownConfigurationError(Exception):
    """An event is stamped with a configuration that is on no record of the topic."""


class Configurations:
    """The configurations on the topic; reads it again when a version is asked for that is new."""

    def __init__(self, brokers: str, topic: str) -> None:
        self._brokers = brokers
        self._topic = topic
        self._known: dict[str, Directory] = {}

    def announce(self, config: Config) -> None:
        """Puts this worker's own configuration on the topic, before any event is stamped with it.

        Raises `RuntimeError` when the broker did not take it.
        """
        self.read()
        if config.version in self._known:
            return
        producer = Producer({"bootstrap.servers": self._brokers, "acks": "all"})
        producer.produce(self._topic, key=config.version, value=config.pack())
        if producer.flush(_TIMEOUT):
            raise RuntimeError(f"the broker did not take the configuration on {self._topic}")
        self._known[config.version] = config.directory

    def directory(self, version: str) -> Directory:
        """The directory of a version; raises `UnknownConfigurationError`."""
        found = self._known.get(version)
        if found is None:
            self.read()
            found = self._known.get(version)
        if found is None:
            raise UnknownConfigurationError(
                f"events are stamped with configuration {version}, which is not on topic"
                f" {self._topic}: was the topic deleted? Put the configuration folder of that time"
                " in place, start a worker once, then go back to the present one"
            )
        return found

    def read(self) -> None:
        """Reads the whole topic, which holds a few records at most."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._brokers,
                "group.id": "salespulse.configurations",
                "enable.auto.commit": False,
            }
        )
        try:
            self._read(consumer)
        finally:
            consumer.close()

    def _read(self, consumer: Consumer) -> None:
        partition = TopicPartition(self._topic, 0, OFFSET_BEGINNING)
        low, high = _ends(consumer, partition)
        if low == high:
            return
        consumer.assign([partition])
        while True:
            for message in consumer.consume(100, timeout=0.5):
                value = message.value()
                if message.error() is None and value is not None:
                    config = Config.unpack(value)
                    self._known.setdefault(config.version, config.directory)
            (at,) = consumer.position([partition])
            if at.offset >= high:
                return


def _ends(consumer: Consumer, partition: TopicPartition) -> tuple[int, int]:
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
