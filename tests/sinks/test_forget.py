"""A phone is gone from every table and from the topic of customers; what holds it still is told."""

import asyncio
import base64
import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, TopicPartition

from streams.agents.intake import IntakeStage
from streams.cli import main
from streams.clock import now_ms
from streams.config import load_config
from streams.customers import CustomerKeys
from streams.forget import run as forget_run
from streams.intake import Intake
from streams.records import CustomerRow, Event, EventRow, EventsRecord, pack
from streams.sinks.clickhouse import ClickHouse
from streams.sinks.clickhouse_service import ClickHouseService
from streams.sinks.connection import ROWS
from streams.sinks.decoding import Decoding
from streams.topics import CALLS, DEAD_LETTERS, EVENT_TOPICS, InternalTopics, partition_of
from tests.sinks.pipeline import Upstream
from tests.sinks.test_day_views import tuples
from tests.waiting import eventually

SECRET = "a secret of this installation"
KEYS = CustomerKeys(SECRET.encode())
#: Fictional, and in no other test: the broker is shared.
PHONE, OTHER = "+74957650001", "+74957650002"
NATIONAL = "4957650001"
KEY = KEYS.key(PHONE)


@pytest.fixture
def upstream(topics: str, migrated: str, store: Client, monkeypatch: pytest.MonkeyPatch) -> Upstream:
    """What the sink of a group of its own reads, and forgetting waits for."""
    # Other tests of the same broker put epochs in force.
    monkeypatch.setattr(forget_run, "in_force", lambda settings: InternalTopics(settings.epoch))
    upstream = Upstream(topics, migrated)
    monkeypatch.setattr(forget_run, "SINK_GROUP", upstream.group)
    return upstream


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> str:
    """Group of a worker that has read nothing yet."""
    group = f"worker-{uuid.uuid4()}"
    monkeypatch.setattr(forget_run, "WORKER_GROUP", group)
    return group


@contextmanager
def sink(upstream: Upstream) -> Iterator[None]:
    """The sink at work, in a thread of its own."""
    settings = upstream.settings
    stop = asyncio.Event()
    running = ClickHouseService(
        settings.kafka,
        ClickHouse(settings.clickhouse),
        Decoding(upstream.internal),
        group=upstream.group,
        instance="one",
        reread_ms=0,
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(running.run(stop)))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()
        assert not thread.is_alive()


def intake_has_read_all(brokers: str, group: str) -> None:
    """Commits, as the worker does, the ends of the raw topics."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": group, "enable.auto.commit": False})
    ends = []
    for topic in EVENT_TOPICS:
        for partition in consumer.list_topics(topic, timeout=10).topics[topic].partitions:
            _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
            ends.append(TopicPartition(topic, partition, end))
    consumer.commit(offsets=ends, asynchronous=False)
    consumer.close()


def forget(upstream: Upstream, *words: str) -> Result:
    settings = upstream.settings
    environment = {
        "SALESPULSE_KAFKA": settings.kafka,
        "SALESPULSE_CLICKHOUSE": settings.clickhouse,
        "SALESPULSE_EPOCH": str(settings.epoch),
        "SALESPULSE_SECRET": SECRET,
    }
    return CliRunner().invoke(main, ["forget", "--wait", "30", *words], env=environment)


def customer(upstream: Upstream, phone: str) -> None:
    row: CustomerRow = KEYS.row(phone)
    partition = partition_of(row.customer, upstream.settings.partitions)
    upstream.send(upstream.internal.customers, pack(row), row.customer.encode(), partition)


def event(upstream: Upstream, id: str, key: str, data: dict[str, Any], extra: dict[str, Any]) -> None:
    told = Event("crm", id, "lead.created", now_ms(), key, "", "sales", data, extra)
    row = EventRow(0, 0, int(id), now_ms(), told)
    upstream.send(upstream.internal.events, pack(EventsRecord("cfg", [row])))


def letter(upstream: Upstream, payload: bytes, **more: str) -> None:
    origin = f"here/{uuid.uuid4()}"
    of = {"origin": origin, "reason": "not_json", "received_at": now_ms(), "payload": payload.decode()} | more
    upstream.send(DEAD_LETTERS, msgspec.json.encode(of), origin.encode())


def holding(store: Client, digits: str) -> list[str]:
    """Tables with a row, of whatever version, in which the digits stand; read without the code under test."""
    tables = tuples(
        store,
        f"SELECT name FROM system.tables WHERE database = '{ROWS}' AND engine LIKE '%MergeTree'",
    )
    return [
        table
        for (table,) in tables
        if any(
            digits in re.sub(r"[^0-9a-z]", "", _plain(line))
            for (line,) in tuples(store, f"SELECT toJSONString(tuple(*)) FROM {ROWS}.{table}")
        )
    ]


def _plain(line: str) -> str:
    """The row, with what is in base64 added in the clear."""
    found = re.findall(r'"([A-Za-z0-9+/]{16,})={0,2}"', line.replace("\\/", "/"))
    # The names of records of other tests of this broker can look like base64, of no possible length.
    decoded = [base64.b64decode(each + "==").decode("latin-1") for each in found if len(each) % 4 != 1]
    return " ".join([line, *decoded])


def fill(upstream: Upstream) -> None:
    """The phone wherever it can be, and others beside it."""
    customer(upstream, PHONE)
    customer(upstream, OTHER)
    event(upstream, "1", KEY, {"lead_id": "1"}, {"name": "Ivan", "mail": "ivan@example.org"})
    event(
        upstream,
        "2",
        KEYS.key(OTHER),
        {"lead_id": "2", "channel": "8 (495) 765-00-01", "amount": 12},
        {"note": "asked for +7 495 765-00-01", "phone": int(PHONE[1:]), "kept": "yes"},
    )
    event(upstream, "3", KEYS.key(OTHER), {"lead_id": "3"}, {"kept": "too"})
    letter(upstream, b"caller=8(495)765-00-01")
    letter(upstream, base64.b64encode(b"\xff 74957650001"), encoding="base64")
    letter(upstream, b"caller=" + OTHER.encode())
    upstream.flush()


@pytest.mark.timeout(300)
def test_it_is_gone_from_every_table_and_the_rest_stays(
    upstream: Upstream, worker: str, store: Client
) -> None:
    soon = "old_parts_lifetime = 1, cleanup_delay_period = 1, max_cleanup_delay_period = 1"
    for table in ("customers", "dead_letters", "events"):
        store.command(f"ALTER TABLE {ROWS}.{table} MODIFY SETTING {soon}")
    fill(upstream)
    intake_has_read_all(upstream.settings.kafka, worker)
    with sink(upstream):
        eventually(lambda: tuples(store, f"SELECT count() FROM {ROWS}.events") == [(3,)])
        eventually(lambda: tuples(store, f"SELECT count() > 2 FROM {ROWS}.dead_letters") == [(1,)])
        eventually(lambda: tuples(store, "SELECT count() FROM sales.customers") == [(2,)])
        assert holding(store, NATIONAL) == ["customers", "dead_letters", "events"]
        result = forget(upstream, "8 495 765 00 01")
        assert result.exit_code == 0, result.output
        assert holding(store, NATIONAL) == []
        again = forget(upstream, PHONE)
    assert NATIONAL not in re.sub(r"\D", "", result.output), "it is shown masked"
    for line in (
        "+7 *** ***-**-01 is forgotten\n",
        "  customers: 1 rows removed;",
        "  dead letters: 2 removed\n",
        "  events: 1 of the customer lost their further fields\n",
        "  events: 1 of others lost the phone\n",
        "/0: 2 raw records hold it until 20",
        "  the customer's last event is minutes old",
    ):
        assert line in result.output, result.output
    assert "customers: 0 rows removed" in again.output
    assert tuples(store, "SELECT phone FROM sales.customers") == [(OTHER,)]
    own, other, third = tuples(
        store, f"SELECT customer, data, extra FROM {ROWS}.events FINAL ORDER BY event_id"
    )
    assert own == (KEY, '{"lead_id":"1"}', "")
    assert json.loads(other[1]) == {"lead_id": "2", "channel": KEY, "amount": 12}
    assert json.loads(other[2]) == {"note": f"asked for {KEY}", "phone": KEY, "kept": "yes"}
    assert third[1:] == ('{"lead_id":"3"}', '{"kept":"too"}')
    assert len(holding(store, OTHER[2:])) == 2
    old = (
        f"SELECT count() FROM system.parts WHERE database = '{ROWS}' AND NOT active "
        "AND table IN ('customers', 'dead_letters', 'events')"
    )
    eventually(lambda: tuples(store, old) == [(0,)], within=150, what="files of old parts are deleted")


def test_the_log_of_customers_ends_the_row(upstream: Upstream, worker: str, store: Client) -> None:
    customer(upstream, PHONE)
    upstream.flush()
    intake_has_read_all(upstream.settings.kafka, worker)
    with sink(upstream):
        assert forget(upstream, PHONE).exit_code == 0
        place = TopicPartition(
            upstream.internal.customers, partition_of(KEY, upstream.settings.partitions), 0
        )
        consumer = Consumer({"bootstrap.servers": upstream.settings.kafka, "group.id": "none"})
        consumer.assign([place])
        records = consumer.consume(2, timeout=10)
        consumer.close()
        assert [(record.key(), record.value() is None) for record in records] == [
            (KEY.encode(), False),
            (KEY.encode(), True),
        ]
        customer(upstream, PHONE)  # a new contact
        upstream.flush()
        eventually(lambda: tuples(store, "SELECT phone FROM sales.customers") == [(PHONE,)])


def test_raw_records_are_deleted_when_asked_and_later_ones_stay(
    upstream: Upstream, worker: str, store: Client
) -> None:
    mark = uuid.uuid4().hex
    for value in (f"{mark} before", f"{mark} {PHONE}", f"{mark} after"):
        upstream.send(CALLS, json.dumps(value).encode(), None, 1)
    upstream.flush()
    intake_has_read_all(upstream.settings.kafka, worker)
    with sink(upstream):
        told = forget(upstream, PHONE)
        assert f"{CALLS}/1: 1 raw records hold it until " in told.output
        done = forget(upstream, PHONE, "--raw")
    assert re.search(
        rf"{CALLS}/1: 1 raw records deleted, with \d+ others before the last of them", done.output
    )
    consumer = Consumer({"bootstrap.servers": upstream.settings.kafka, "group.id": "none"})
    begin, end = consumer.get_watermark_offsets(TopicPartition(CALLS, 1), timeout=10)
    consumer.assign([TopicPartition(CALLS, 1, begin)])
    values = [record.value() for record in consumer.consume(end - begin, timeout=10)]
    consumer.close()
    assert values == [json.dumps(f"{mark} after").encode()]


def test_who_is_not_known_is_told(upstream: Upstream, worker: str, store: Client) -> None:
    intake_has_read_all(upstream.settings.kafka, worker)
    with sink(upstream):
        result = forget(upstream, "+74957650009")
    assert result.exit_code == 1
    assert result.output == "+7 *** ***-**-09 is not known: it stands in no table and in no raw record\n"
    assert "expected a phone" in forget(upstream, "hello").output


def test_nothing_is_removed_while_worker_or_sink_are_behind(
    upstream: Upstream, worker: str, store: Client
) -> None:
    customer(upstream, PHONE)
    upstream.send(CALLS, b"{}", None, 0)
    upstream.flush()
    result = forget(upstream, "--wait", "1", PHONE)
    assert result.exit_code == 1
    # Other tests of the same broker fill other raw topics.
    assert re.search(rf"{worker} has not read all of [a-z., ]*{re.escape(CALLS)}", result.output)
    intake_has_read_all(upstream.settings.kafka, worker)
    result = forget(upstream, "--wait", "1", PHONE)
    assert f"{upstream.group} has not read all of" in result.output


def test_a_contact_after_ten_minutes_announces_the_phone_again() -> None:
    config = load_config("deploy/config")
    stage = IntakeStage(
        intake=Intake(config.directory, KEYS), config=config, internal=InternalTopics(1), partitions=1
    )
    stage.clear()

    def announced(minutes: float) -> bool:
        at = 1_800_300_000_000 + int(minutes * 60_000)
        call = {
            "event_id": str(minutes),
            "type": "call.ended",
            "source": "pbx",
            "customer": PHONE,
            "call_id": "1",
        }
        value = json.dumps(call | {"occurred_at": "2027-01-18T10:15:30Z"}).encode()
        stage.fold(SimpleNamespace(topic=CALLS, partition=0, offset=0, timestamp=at, key=None, value=value))
        waves = stage.collect().waves
        return any(output.topic == InternalTopics(1).customers for output in waves[0])

    assert [announced(minutes) for minutes in (0, 1, 9.9, 10, 11, 19, 20)] == [
        *(True, False, False),
        *(True, False, False, True),
    ]
