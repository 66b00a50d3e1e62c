"""How far the workers are, asked of a broker: one that is open, wants a password, or is away."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.agents.watching import UpstreamWatch
from streams.engine import Connection
from tests.secured_broker import SecuredBroker
from tests.waiting import eventually

_NAMES = itertools.count(1)


def topic_with_a_record(bootstrap: str) -> str:
    """A new topic of three partitions, the last of which has one record."""
    topic = f"upstream-{next(_NAMES)}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, 3)])[topic].result()
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    producer.produce(topic, b"one", partition=2)
    assert producer.flush(30) == 0
    return topic


def commit(bootstrap: str, topic: str) -> None:
    """Notes the record as read by the group of the topic's name."""
    readers = Consumer({"bootstrap.servers": bootstrap, "group.id": topic})

    def has_committed() -> bool:
        """A new broker needs a while until groups have a coordinator."""
        try:
            readers.commit(offsets=[TopicPartition(topic, 2, 1)], asynchronous=False)
        except KafkaException:
            return False
        return True

    eventually(has_committed, 30, what="a coordinator of the group")
    readers.close()


async def sees_when_all_is_read(connection: Connection, bootstrap: str) -> UpstreamWatch:
    topic = topic_with_a_record(bootstrap)
    watch = UpstreamWatch(connection, topic, [topic])
    await watch.look(1_000_000)
    assert not watch.state.caught_up(1_000_000)
    commit(bootstrap, topic)
    await watch.look(1_002_000)
    assert watch.state.caught_up(1_002_000)
    return watch


async def test_the_broker_is_asked_for_every_partition(kafka: str) -> None:
    await (await sees_when_all_is_read(Connection(kafka), kafka)).close()


async def test_a_group_whose_coordinator_tells_nothing_is_not_known_to_have_read_nothing(
    kafka: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    topic = topic_with_a_record(kafka)
    watch = UpstreamWatch(Connection(kafka), topic, [topic])

    async def refused(*_: object, **__: object) -> dict[object, object]:
        return {}  # what aiokafka makes of GROUP_AUTHORIZATION_FAILED or COORDINATOR_LOAD_IN_PROGRESS

    with monkeypatch.context() as changed:
        changed.setattr(AIOKafkaAdminClient, "list_consumer_group_offsets", refused)
        await watch.look(1_000_000)
    assert f"no positions of group {topic}" in caplog.text
    commit(kafka, topic)
    await watch.look(1_001_000)
    assert watch.state.caught_up(1_001_000)
    await watch.close()


async def test_what_could_not_be_started_is_let_go(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stopped = []

    async def stop(consumer: AIOKafkaConsumer) -> None:
        stopped.append(consumer)
        await stops(consumer)

    stops = AIOKafkaConsumer.stop
    monkeypatch.setattr(AIOKafkaConsumer, "stop", stop)
    watch = UpstreamWatch(Connection("127.0.0.1:1"), "group", ["topic"])
    for now in (1_000_000, 1_001_000):
        await watch.look(now)
        assert not watch.state.caught_up(now)
    assert caplog.text.count("cannot see how far the workers are") == 2
    assert len(stopped) == 2


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    broker = SecuredBroker(tmp_path_factory.mktemp("secured"))
    broker.start()
    try:
        eventually(lambda: added(broker), 30, what="the user")
        yield broker
    finally:
        broker.kill()


def added(broker: SecuredBroker) -> bool:
    try:
        broker.add_user()
    except KafkaException:
        return False
    return True


async def test_a_broker_that_asks_for_a_password_is_told_it(secured: SecuredBroker) -> None:
    for connection in (secured.over_tls(), secured.over_plain_text()):
        await (await sees_when_all_is_read(connection, secured.bootstrap)).close()


async def test_a_broker_that_refuses_us_ends_nobody(
    secured: SecuredBroker, caplog: pytest.LogCaptureFixture
) -> None:
    topic = topic_with_a_record(secured.bootstrap)
    commit(secured.bootstrap, topic)
    for known in (secured.over_tls(), secured.over_plain_text()):
        for wrong in (replace(known, password="another"), replace(known, username="")):
            watch = UpstreamWatch(wrong, topic, [topic])
            caplog.clear()
            await watch.look(1_000_000)
            assert "cannot see how far the workers are" in caplog.text
            assert not watch.state.caught_up(1_000_000)
            await watch.close()


async def test_while_the_broker_is_away_nobody_is_caught_up(secured: SecuredBroker) -> None:
    """Last, as it stops the broker."""
    watch = await sees_when_all_is_read(secured.over_tls(), secured.bootstrap)
    secured.kill()
    looking = asyncio.create_task(watch.look(1_003_000))
    assert watch.state.caught_up(1_007_000)
    assert not watch.state.caught_up(1_007_001)
    assert watch.state.behind_ms(1_062_000) == 60_000
    await asyncio.to_thread(secured.start)
    await looking
    eventually(lambda: added(secured), 30, what="the user")

    async def seen() -> bool:
        await watch.look(1_070_000)
        return watch.state.caught_up(1_070_000)

    for _ in range(30):
        if await seen():
            break
    assert watch.state.caught_up(1_070_000)
    await watch.close()
