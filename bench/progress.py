"""How far consumer groups have come, asked with two requests at a time so that it disturbs little."""

from collections.abc import Sequence

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from bench.parts import wait_for
from streams.topics import ALERTS, CALLS, DEAD_LETTERS, STAGES, InternalTopics

WORKER, SINK, CORRECTIONS = "salespulse", "salespulse.sink", "salespulse.corrections"
GROUPS = (WORKER, SINK, CORRECTIONS)
#: Answers of a broker that there is no such group; on a new broker, that there never was any.
_ABSENT = (KafkaError.GROUP_ID_NOT_FOUND, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError._TIMED_OUT)  # noqa: SLF001


def read_by(group: str, epoch: int) -> tuple[str, ...]:
    """Topics that a group reads; without the live values, which never end."""
    topics = InternalTopics(epoch)
    if group == WORKER:
        return (CALLS, STAGES, topics.events, topics.measurements)
    if group == SINK:
        stored = (topics.events, topics.customers, topics.records, topics.panes)
        return (*stored, DEAD_LETTERS, ALERTS)
    return (topics.history, topics.recompute)


class Progress:
    """Looks at the groups of one broker."""

    def __init__(self, bootstrap: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        self._partitions: dict[str, list[int]] = {}

    def done(self, group: str, topics: Sequence[str]) -> int:
        """Records of the topics that the group has committed."""
        return sum(self._committed(group, topics).values())

    def left(self, group: str, topics: Sequence[str]) -> int:
        """Records of the topics that the group has not committed yet."""
        committed = self._committed(group, topics)
        return sum(end - committed.get(place, 0) for place, end in self._ends(topics).items())

    def through(self, epoch: int, *groups: str) -> bool:
        """Whether these groups have read all that they read; those upstream are to be named first.

        What is done upstream is written before it is looked for downstream.
        """
        return all(self.left(group, [topic]) == 0 for group in groups for topic in read_by(group, epoch))

    def written(self, topics: Sequence[str]) -> int:
        """Records of the topics."""
        return sum(self._ends(topics).values())

    def forget(self, groups: Sequence[str] = GROUPS) -> None:
        """Deletes the groups, so that they begin at the start of their topics; waits for their members."""
        for group in groups:
            wait_for(lambda group=group: self._deleted(group), f"group {group} is empty", 30, 0.2)  # type: ignore[misc]

    def pass_over(self, group: str, topics: Sequence[str]) -> None:
        """Lets a group without members begin at the end of the topics."""
        ends = [TopicPartition(*place, end) for place, end in self._ends(topics).items()]
        asked = ConsumerGroupTopicPartitions(group, ends)
        self._admin.alter_consumer_group_offsets([asked])[group].result()

    def _deleted(self, group: str) -> bool:
        try:
            self._admin.delete_consumer_groups([group], request_timeout=5)[group].result()
        except KafkaException as fault:
            return fault.args[0].code() in _ABSENT
        return True

    def _places(self, topic: str) -> list[int]:
        found = self._partitions.get(topic)
        if found is None:
            found = list(self._admin.list_topics(topic, timeout=10).topics[topic].partitions)
            self._partitions[topic] = found
        return found

    def _ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        asked = {TopicPartition(topic, number): latest for topic in topics for number in self._places(topic)}
        told = self._admin.list_offsets(asked)
        return {(place.topic, place.partition): each.result().offset for place, each in told.items()}

    def _committed(self, group: str, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        told = self._admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result()
        return {
            (place.topic, place.partition): place.offset
            for place in told.topic_partitions
            if place.topic in topics and place.offset > 0
        }
