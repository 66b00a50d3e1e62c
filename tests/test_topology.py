"""Topics against a real broker. Each test has an epoch of its own; public topics are shared."""

from collections.abc import Iterator

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from streams.settings import Settings
from streams.topics import InternalTopics
from streams.topology import KafkaAway, declared_topics, ensure_topics
from tests.waiting import eventually

_EPOCHS = iter(range(700, 800))


@pytest.fixture
def settings(kafka: str) -> Iterator[Settings]:
    settings = Settings(kafka=kafka, epoch=next(_EPOCHS), partitions=3)
    yield settings
    admin = AdminClient({"bootstrap.servers": kafka})
    names = [name for name in admin.list_topics(timeout=10).topics if name.endswith(f".e{settings.epoch}")]
    for future in (admin.delete_topics(names) if names else {}).values():
        future.result()


def test_every_topic_of_the_code_is_declared_and_no_other() -> None:
    internal = InternalTopics(9)
    named = [
        getattr(internal, name)
        for name in dir(InternalTopics)
        if isinstance(getattr(InternalTopics, name), property)
    ]
    expected = {*named, "pbx.calls", "crm.stages", "dead-letters", "alerts"}
    assert {topic.name for topic in declared_topics(Settings(epoch=9))} == expected


def test_public_topics_come_first_and_keep_raw_data_as_long_as_the_setting_says() -> None:
    topics = {topic.name: topic for topic in declared_topics(Settings(raw_days=3))}
    assert list(topics)[:4] == ["alerts", "crm.stages", "dead-letters", "pbx.calls"]
    assert topics["pbx.calls"].config["retention.ms"] == "259200000"
    assert topics["pbx.calls"].config["message.timestamp.type"] == "LogAppendTime"
    assert topics["salespulse.events.e1"].config["retention.ms"] == "604800000"
    assert topics["salespulse.now.e1"].config["retention.ms"] == "3600000"
    assert topics["salespulse.config.e1"].partitions == 1


def test_a_second_run_changes_nothing(settings: Settings) -> None:
    first = ensure_topics(settings)
    assert InternalTopics(settings.epoch).events in first.made
    second = ensure_topics(settings)
    assert (second.made, second.corrected, _own(second.faults)) == ([], [], [])
    assert second.fine >= len(declared_topics(settings)) - 1


def test_another_number_of_partitions_is_told_with_both_ways_out(settings: Settings) -> None:
    ensure_topics(settings)
    found = ensure_topics(Settings(kafka=settings.kafka, epoch=settings.epoch, partitions=5))
    name = f"salespulse.events.e{settings.epoch}"
    told = [fault for fault in found.faults if fault.startswith(name)]
    way_out = "so set it to 3, or begin anew with SALESPULSE_EPOCH one higher"
    assert told == [f"{name} has 3 partitions, SALESPULSE_PARTITIONS wants 5: keys would move, {way_out}"]
    # Public topics may have any number; the configuration has one partition whatever is set.
    assert not [
        fault for fault in found.faults if fault.startswith(("pbx", "crm", "dead", "salespulse.config"))
    ]


def test_a_wrong_setting_is_told_then_corrected(settings: Settings) -> None:
    name = InternalTopics(settings.epoch).panes
    admin = AdminClient({"bootstrap.servers": settings.kafka})
    admin.create_topics([NewTopic(name, 3, config={"cleanup.policy": "delete"})])[name].result()
    ensure_topics(settings)
    fault = f"{name} has cleanup.policy=delete, should have compact: run `salespulse topics --correct`"
    assert fault in ensure_topics(settings).faults
    assert f"{name} cleanup.policy delete -> compact" in ensure_topics(settings, correct=True).corrected
    resource = ConfigResource(ResourceType.TOPIC, name)

    def policy() -> str:
        told = admin.describe_configs([resource])[resource].result()
        return str(told["cleanup.policy"].value)

    eventually(lambda: policy() == "compact", what="the new policy")
    assert _own(ensure_topics(settings).faults) == []


def test_only_looking_makes_nothing(settings: Settings) -> None:
    found = ensure_topics(settings, make=False)
    assert f"{InternalTopics(settings.epoch).events} is missing: run `salespulse topics`" in found.faults
    there = AdminClient({"bootstrap.servers": settings.kafka}).list_topics(timeout=10).topics
    assert InternalTopics(settings.epoch).events not in there


def test_a_kafka_that_is_away_is_told_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.topology._ANSWER", 0.5)
    monkeypatch.setattr("streams.epochs._ANSWER_S", 0.5)
    with pytest.raises(KafkaAway, match=r"Kafka at 127\.0\.0\.1:1 does not answer"):
        ensure_topics(Settings(kafka="127.0.0.1:1"))


def _own(faults: list[str]) -> list[str]:
    """Without `alerts`, which another test of the session may have made with more partitions."""
    return [fault for fault in faults if not fault.startswith("alerts ")]
