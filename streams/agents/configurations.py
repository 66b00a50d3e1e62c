"""Every configuration that events were stamped with, by version.

Intake stamps events with the version of the configuration that resolved them, and folds use the
stamped one: a change counts from then on, and a replay gives what it gave the first time. So each
version is kept on a small compacted topic that every worker reads in full.
"""

from confluent_kafka import Producer

from streams.config import Config
from streams.directory import Directory
from streams.whole_log import read_whole

_TIMEOUT = 10.0


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
        for _, value in read_whole(self._brokers, self._topic):
            config = Config.unpack(value)
            self._known.setdefault(config.version, config.directory)
