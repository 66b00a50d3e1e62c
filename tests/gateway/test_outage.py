"""The gateway when Kafka goes and comes back, and as a process that is told to stop."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from confluent_kafka.admin import AdminClient, NewTopic

from streams.gateway.app import Gateway
from streams.gateway.outbox import Outbox
from streams.local.broker import Broker
from streams.local.processes import free_port
from streams.topics import CALLS, DEAD_LETTERS, STAGES
from tests.fixtures_topics import Make, Written
from tests.gateway.test_gateway import TOKEN, Client, post
from tests.waiting import eventually


def _make_topics(brokers: str) -> None:
    admin = AdminClient({"bootstrap.servers": brokers})
    for future in admin.create_topics(
        [NewTopic(topic, 1) for topic in (CALLS, STAGES, DEAD_LETTERS)]
    ).values():
        future.result()


def _ids(brokers: str) -> set[str]:
    """Ids of the events on the topic, the last of which is `after`."""
    written = Written(brokers, from_start=True)

    def ids() -> set[str]:
        return {json.loads(message.value() or b"")["event_id"] for message in written.on(CALLS)}

    try:
        eventually(lambda: "after" in ids(), within=10, what="the last event")
        return ids()
    finally:
        written.close()


async def _status(client: Client, event: dict[str, object]) -> int:
    return (await post(client, event)).status


async def test_a_killed_broker_is_told_and_its_return_found(tmp_path: Path, event: Make) -> None:
    broker = Broker(tmp_path)
    await asyncio.to_thread(broker.start)
    try:
        await asyncio.to_thread(_make_topics, broker.bootstrap)
        outbox = Outbox(broker.bootstrap, answer_s=1)
        async with TestClient(TestServer(Gateway(TOKEN, outbox).app())) as client:
            async with asyncio.timeout(60):
                while await _status(client, event("before")) != 202:  # leaders are still being chosen
                    pass
            broker.kill()
            assert await _status(client, event("while away")) == 503
            assert (await client.get("/ready")).status == 503
            await asyncio.to_thread(broker.start)
            async with asyncio.timeout(60):
                while await _status(client, event("after")) != 202:
                    pass
            assert (await client.get("/ready")).status == 200
        assert {"before", "after"} <= _ids(broker.bootstrap) <= {"before", "while away", "after"}
    finally:
        broker.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_role_says_when_it_is_ready_and_ends_when_told(
    topics: str, written: Written, tmp_path: Path, event: Make, number: signal.Signals
) -> None:
    port = free_port()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(60)
        environment = {
            **os.environ,
            "SALESPULSE_KAFKA": topics,
            "SALESPULSE_TOKEN": TOKEN,
            "SALESPULSE_HTTP_PORT": str(port),
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
        }
        role = subprocess.Popen([sys.executable, "-m", "streams.cli", "gateway"], env=environment)
        try:
            assert told.recv(100) == b"READY=1"
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/events",
                json.dumps(event()).encode(),
                {"Authorization": f"Bearer {TOKEN}"},
            )
            with urllib.request.urlopen(request) as answer:
                assert answer.status == 202
            role.send_signal(number)
            eventually(lambda: role.poll() is not None, within=15, what="end of the role")
            assert role.returncode == 0
        finally:
            role.kill()
            role.wait()
    assert written.values(CALLS, 1) == [event()]
