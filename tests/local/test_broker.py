from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.local import jars
from streams.local.broker import Broker, answers
from streams.local.processes import port_taken


def test_a_killed_broker_has_kept_all_it_acknowledged(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    broker.start()
    try:
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})
        admin.create_topics([NewTopic("t", 1)])["t"].result()
        cluster = admin.list_topics(timeout=10).cluster_id
        _write(broker.bootstrap, 1000)
        broker.kill()
        assert not answers(broker.bootstrap, 0.2)
        broker.start()
        assert _end(broker.bootstrap) == 1000
        assert admin.list_topics(timeout=10).cluster_id == cluster, "the folder is formatted once"
        assert port_taken(broker.port)
    finally:
        broker.kill()


def _write(bootstrap: str, number: int) -> None:
    failed: list[object] = []
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    for n in range(number):
        producer.produce(
            "t", str(n).encode(), on_delivery=lambda fault, _: failed.append(fault) if fault else None
        )
    assert producer.flush(30) == 0
    assert failed == []


def _end(bootstrap: str) -> int:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "none"})
    try:
        _, end = consumer.get_watermark_offsets(TopicPartition("t", 0), timeout=20)
    finally:
        consumer.close()
    return int(end)


def test_without_java_it_is_told_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(jars.MissingTool, match=r"needs a JDK 17 or newer .*apt-get install openjdk"):
        jars.java()


def test_an_old_java_is_told_by_its_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(jars.MissingTool, match="is Java 11: the embedded Kafka needs 17 or newer"):
        jars.java()


def test_jars_are_fetched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither Maven nor the network is needed once they are there."""
    there = jars.ensure()
    assert list(there.glob("kafka_2.13-*.jar"))
    monkeypatch.setenv("PATH", "")
    assert jars.ensure() == there
