"""Which epoch is in force: the first one by the settings, each further one by a rebuild.

The fact is a record on the topic `salespulse.epochs`. Whoever has read it works with the topics, groups
and tables of that epoch; who was started before it sees it within a second, ends, and begins again in
it. A record is either there or not, so there is no moment at which two epochs are half in force.
"""

import logging
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.settings import Settings
from streams.topics import EPOCHS, InternalTopics
from streams.whole_log import read_whole

_LOG = logging.getLogger(__name__)
_ANSWER_S = 10.0
#: How often a role looks whether its epoch is still the one in force, and for how long a look holds, s.
LOOK_EVERY_S = 0.5
_HOLDS_S = 5.0


class EpochOver(Exception):
    """A later epoch is in force than the one that this process works in; it has to begin again."""


def in_force(settings: Settings) -> InternalTopics:
    """Topics and groups of the epoch in force. Raises confluent-kafka's errors while Kafka is away."""
    admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})
    if EPOCHS not in admin.list_topics(timeout=_ANSWER_S).topics:
        return InternalTopics(settings.epoch)
    last = max((int(key) for key, _ in read_whole(settings.kafka, EPOCHS)), default=0)
    if last >= settings.epoch:
        return InternalTopics(last, rebuilt=True)
    return InternalTopics(settings.epoch)


def put_in_force(settings: Settings, epoch: int) -> None:
    """Says that this epoch is in force from now on; returns when the broker has it.

    Raises `RuntimeError` when the broker does not say so: then it may be in force or not.
    """
    producer = Producer({"bootstrap.servers": settings.kafka, "acks": "all", "enable.idempotence": True})
    producer.produce(EPOCHS, key=str(epoch), value=str(int(time.time() * 1000)))
    if producer.flush(_ANSWER_S):
        raise RuntimeError(f"the broker did not say whether it took epoch {epoch} on {EPOCHS}")


class EpochWatch:
    """Looks whether a process still works in the epoch in force."""

    def __init__(self, settings: Settings, epoch: int) -> None:
        self._settings = settings
        self._epoch = epoch
        self._place = TopicPartition(EPOCHS, 0)
        self._consumer: Consumer | None = None
        self._end = -1
        self._looked_at = float("-inf")

    @property
    def sure(self) -> bool:
        """Whether a look was taken just now: after a freeze or without a broker nothing is sure."""
        return time.monotonic() - self._looked_at < _HOLDS_S

    def look(self) -> None:
        """Raises `EpochOver` when a later epoch is in force. Without an answer of Kafka nothing is known."""
        began = time.monotonic()
        try:
            end = self._ask()
            if end != self._end:
                present = in_force(self._settings).epoch
                if present > self._epoch:
                    raise EpochOver(
                        f"epoch {present} is in force since a rebuild: this process worked in epoch "
                        f"{self._epoch}, and begins again in the present one"
                    )
                self._end = end
        except KafkaException as fault:
            _LOG.warning("cannot see which epoch is in force: %s", fault)
        else:
            self._looked_at = began

    def _ask(self) -> int:
        if self._consumer is None:
            self._consumer = Consumer(
                {
                    "bootstrap.servers": self._settings.kafka,
                    "group.id": "salespulse.readers",
                    "enable.auto.commit": False,
                    "log_level": 0,
                }
            )
        _, end = self._consumer.get_watermark_offsets(self._place, timeout=_ANSWER_S)
        return int(end)
