"""Partitions are divided out whole; who waits for the broker to tell of them can be ended."""

import asyncio
import subprocess
import sys
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import UnknownTopicOrPartitionError

from streams.assignment import WholeAssignor, divide_out_whole_topics


class Cluster:
    """What a client knows of topics."""

    def __init__(self, **partitions: int) -> None:
        self._partitions = partitions

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        count = self._partitions.get(topic)
        return None if count is None else set(range(count))


def divided_out(cluster: Cluster) -> dict[str, int]:
    """How many partitions of two topics each of two members gets."""
    members = {name: WholeAssignor.metadata({"calls", "stages"}) for name in ("one", "two")}
    given = WholeAssignor.assign(cluster, members)
    return {name: sum(len(numbers) for _, numbers in each.assignment) for name, each in given.items()}


def test_all_partitions_of_all_topics_are_divided_out() -> None:
    assert divided_out(Cluster(calls=4, stages=2)) == {"one": 3, "two": 3}


@pytest.mark.parametrize("known", [{}, {"calls": 4}, {"calls": 4, "stages": 0}])
def test_nothing_is_divided_out_while_a_topic_is_not_known(known: dict[str, int]) -> None:
    with pytest.raises(UnknownTopicOrPartitionError, match=r"no partitions of .*stages.*`salespulse topics`"):
        divided_out(Cluster(**known))


async def test_who_waits_for_the_topics_can_be_ended(topics: str, monkeypatch: pytest.MonkeyPatch) -> None:
    divide_out_whole_topics()
    asked, often = 0, asyncio.Event()
    assign = WholeAssignor.assign

    def know_nothing(_: Any, members: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 2:
            often.set()
        return assign(ClusterMetadata(), members)

    monkeypatch.setattr(WholeAssignor, "assign", know_nothing)
    consumer = AIOKafkaConsumer(bootstrap_servers=topics, group_id=f"waits-{uuid4().hex}")
    await consumer.start()
    consumer.subscribe(["pbx.calls"])
    async with asyncio.timeout(20):
        await often.wait()
        await consumer.stop()
    assert not consumer.assignment()


@pytest.mark.parametrize("module", ["streams.engine.transport", "streams.sinks.feed"])
def test_whoever_reads_by_a_group_waits_for_the_topics(module: str) -> None:
    """In a process of its own: here another module may have seen to it."""
    asked = f"import {module}, aiokafka.consumer.consumer as of; print(of.GroupCoordinator.__module__)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "streams.assignment"
