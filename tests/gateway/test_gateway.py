"""The gateway's routes, against the real broker."""

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from streams.gateway.app import MAX_BODY, Gateway
from streams.gateway.outbox import Outbox
from streams.local.processes import free_port
from streams.topics import CALLS, DEAD_LETTERS, STAGES
from tests.fixtures_topics import PHONE, Make, Written

TOKEN = "a token of this test"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
Client = TestClient[Any, Any]


@pytest.fixture
async def client(topics: str) -> AsyncIterator[Client]:
    async with TestClient(TestServer(Gateway(TOKEN, Outbox(topics)).app())) as client:
        yield client


async def post(client: Client, body: Any, **headers: str) -> ClientResponse:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post("/events", data=io.BytesIO(data), headers={**BEARER, **headers})


def ndjson(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


async def test_accepted_means_that_kafka_has_it(client: Client, written: Written, event: Make) -> None:
    answer = await post(client, event())
    assert (answer.status, await answer.json()) == (202, {"accepted": 1})
    assert written.values(CALLS, 1) == [event()]
    assert [message.key() for message in written.on(CALLS)] == [PHONE.encode()]


@pytest.mark.parametrize("form", ["array", "lines", "lines by content type", "lines, packed"])
async def test_the_forms_of_a_body(client: Client, written: Written, event: Make, form: str) -> None:
    events = [event("e1"), event("e2"), event("e3", type="lead.created", lead_id="7")]
    lines = ndjson(*events)
    bodies = {
        "array": (json.dumps(events, indent=2).encode(), {}),
        "lines": (lines, {}),
        "lines by content type": (lines, {"Content-Type": "application/x-ndjson"}),
        "lines, packed": (gzip.compress(lines), {"Content-Encoding": "gzip"}),
    }
    body, headers = bodies[form]
    answer = await post(client, body, **headers)
    assert (answer.status, await answer.json()) == (202, {"accepted": 3})
    assert sorted(value["event_id"] for value in written.values(CALLS, 2)) == ["e1", "e2"]
    assert written.values(STAGES, 1) == [events[2]]


async def test_bad_events_are_named_and_the_good_ones_taken(
    client: Client, written: Written, event: Make, source: str
) -> None:
    bad = event("e2", occurred_at="2100-01-01T00:00:00Z")
    answer = await post(client, [event("e1"), bad, event("e3"), 7])
    assert answer.status == 400
    told = await answer.json()
    assert told["accepted"] == 2
    assert [(each["index"], each["reason"]) for each in told["rejected"]] == [
        (1, "implausible_time"),
        (3, "not_an_object"),
    ]
    assert told["rejected"][0]["detail"].startswith("occurred_at: 2100-01-01T00:00:00Z is ")
    assert {value["event_id"] for value in written.values(CALLS, 2)} == {"e1", "e3"}
    letters = {letter["reason"]: letter for letter in written.values(DEAD_LETTERS, 2)}
    assert json.loads(letters["implausible_time"]["payload"]) == bad
    assert letters["implausible_time"]["origin"].startswith(f"gateway/{source}/")
    assert letters["not_an_object"]["origin"].startswith("gateway/unknown/")


async def test_an_event_of_2_mb_is_refused_and_its_beginning_kept(
    client: Client, written: Written, event: Make
) -> None:
    answer = await post(client, event(note="x" * 2_000_000))
    assert answer.status == 400
    assert (await answer.json())["rejected"][0]["reason"] == "too_large"
    (letter,) = written.values(DEAD_LETTERS, 1)
    assert len(letter["payload"]) == 65_536
    assert letter["size"] > 2_000_000


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"{", b"null", b"[{]"])
async def test_a_body_that_is_no_event_at_all(client: Client, written: Written, body: bytes) -> None:
    answer = await post(client, body)
    assert answer.status == 400
    assert len(written.values(DEAD_LETTERS, 1)) == 1


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xff"]
)
async def test_without_the_token_nothing_is_taken(client: Client, event: Make, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await client.post("/events", json=event(), headers=headers)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer" in (await answer.json())["error"]


async def test_a_gateway_without_token_takes_nothing_and_says_why(topics: str, event: Make) -> None:
    async with TestClient(TestServer(Gateway("", Outbox(topics)).app())) as client:
        answer = await client.post("/events", json=event(), headers={"Authorization": "Bearer "})
        assert answer.status == 401
        assert "SALESPULSE_TOKEN is not set" in (await answer.json())["error"]


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_that_is_too_large(client: Client, chunked: bool) -> None:
    body = b" " * (MAX_BODY + 1)

    async def slowly() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1 << 20):
            yield body[start : start + (1 << 20)]

    answer = await client.post("/events", data=slowly() if chunked else io.BytesIO(body), headers=BEARER)
    assert answer.status == 413
    assert "error" in await answer.json()


async def test_a_small_body_that_unpacks_to_a_large_one(client: Client) -> None:
    answer = await post(client, gzip.compress(b" " * (MAX_BODY + 1)), **{"Content-Encoding": "gzip"})
    assert answer.status == 413


async def test_too_many_events_in_one_request(client: Client) -> None:
    answer = await post(client, b"{}\n" * 10_001, **{"Content-Type": "application/x-ndjson"})
    assert answer.status == 413
    assert "at most 10000 events" in (await answer.json())["error"]


async def test_unknown_routes_and_methods_answer_in_json(client: Client) -> None:
    assert (await client.get("/nowhere")).status == 404
    answer = await client.get("/events")
    assert answer.status == 405
    assert "error" in await answer.json()


async def test_health_ready_and_metrics(client: Client, event: Make) -> None:
    assert (await client.get("/health")).status == 200
    assert (await post(client, event())).status == 202
    await post(client, [event("e2"), {}])
    ready = await client.get("/ready")
    assert (ready.status, await ready.json()) == (200, {"ready": True, "parts": {"kafka": "ready"}})
    text = await (await client.get("/metrics")).text()
    assert 'salespulse_gateway_events_total{result="accepted"} 2.0' in text
    assert 'salespulse_gateway_events_total{result="missing_field"} 1.0' in text
    assert 'salespulse_gateway_requests_total{route="/events",status="202"} 1.0' in text
    assert "salespulse_gateway_held_bytes 0.0" in text


async def test_ready_knows_the_parts_that_up_started(topics: str, tmp_path: Path) -> None:
    file = tmp_path / "parts.json"
    file.write_text('{"worker": "starting", "sink": "ready"}')
    outbox = Outbox(topics)
    async with TestClient(TestServer(Gateway(TOKEN, outbox, file).app())) as client:
        await asyncio.wait_for(outbox.reached.wait(), 10)
        answer = await client.get("/ready")
        parts = {"worker": "starting", "sink": "ready", "kafka": "ready"}
        assert (answer.status, await answer.json()) == (503, {"ready": False, "parts": parts})
        file.write_text('{"worker": "ready", "sink": "ready"}')
        assert (await client.get("/ready")).status == 200
        file.unlink()
        assert (await client.get("/ready")).status == 503


async def test_while_kafka_is_away_senders_are_told_to_try_again(event: Make) -> None:
    outbox = Outbox(f"127.0.0.1:{free_port()}", answer_s=0.3)
    async with TestClient(TestServer(Gateway(TOKEN, outbox).app())) as client:
        answer = await post(client, event())
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
        assert "did not answer" in (await answer.json())["error"]
        assert (await client.get("/health")).status == 200
        assert (await client.get("/ready")).status == 503
