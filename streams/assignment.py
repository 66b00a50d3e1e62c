"""Nothing is divided out in a group while the broker does not tell of all its topics.

A broker that has just begun tells of none for a moment. aiokafka passes over such topics and divides out
what is left, maybe nothing. A member that comes back under its stable name before this is noticed gets the
same again, for ever: the group gives back what was divided out last, and nobody looks at the topics anew.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from aiokafka.cluster import ClusterMetadata
from aiokafka.consumer import consumer as of_consumers
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import UnknownTopicOrPartitionError

_LOG = logging.getLogger(__name__)

#: The broker is asked again so soon, then after twice the time, and so on, s.
_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0


class WholeAssignor(RoundRobinPartitionAssignor):  # type: ignore[misc]
    """Divides out all partitions of all topics or none."""

    @classmethod
    def assign(cls, cluster: ClusterMetadata, members: Mapping[str, Any]) -> Any:
        """What each member gets. Raises `UnknownTopicOrPartitionError` when a topic has no partitions."""
        wanted = {topic for member in members.values() for topic in member.subscription}
        missing = sorted(topic for topic in wanted if not cluster.partitions_for_topic(topic))
        if missing:
            raise UnknownTopicOrPartitionError(
                f"the broker tells of no partitions of {', '.join(missing)}. One that has just begun will "
                f"soon; if this stays, `salespulse topics` creates what is missing."
            )
        return super().assign(cluster, members)


class _Coordinator(GroupCoordinator):  # type: ignore[misc]
    """aiokafka's, which asks the broker again instead."""

    def __init__(self, *parts: Any, **settings: Any) -> None:
        super().__init__(*parts, **{**settings, "assignors": (WholeAssignor,)})

    async def _perform_assignment(self, response: Any) -> Any:
        pause = _PAUSE_S
        while True:
            try:
                return await super()._perform_assignment(response)
            except UnknownTopicOrPartitionError as fault:
                if self._closing.done():
                    raise
                _LOG.warning("group %s waits: %s", self.group_id, fault)
            self._client.force_metadata_update()  # waited for before the next try
            await asyncio.wait([self._closing], timeout=pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)


def divide_out_whole_topics() -> None:
    """Has all consumers of this process do so, Faust's too. There is no setting for it."""
    of_consumers.GroupCoordinator = _Coordinator
