"""Alert transitions posted to a webhook: each at least once, in order, with a key to tell repetitions."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from streams.clock import now_ms
from streams.sinks import metrics
from streams.sinks import webhook as webhook_module
from streams.sinks.webhook import Transition, Webhook, idempotency_key
from tests.sinks.pipeline import Upstream
from tests.waiting import eventually

Posts = list[tuple[str, dict[str, Any]]]


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "_FIRST_PAUSE_S", 0.02)


@asynccontextmanager
async def receiver(answer: Callable[[int], int]) -> AsyncIterator[tuple[str, Posts]]:
    """A webhook that answers each post with a status; what it was sent, with the key of each."""
    posts: Posts = []

    async def take(request: web.Request) -> web.Response:
        posts.append((request.headers["Idempotency-Key"], json.loads(await request.read())))
        return web.Response(status=answer(len(posts) - 1))

    application = web.Application()
    application.router.add_post("/hook", take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", posts
    finally:
        await runner.cleanup()


async def deliver(upstream: Upstream, url: str, done: Callable[[], bool]) -> None:
    stop = asyncio.Event()
    webhook = Webhook(upstream.settings.kafka, url, group=f"hook-{upstream.group}", instance="one")
    task = asyncio.create_task(webhook.run(stop))
    await asyncio.to_thread(eventually, lambda: task.done() or done())
    stop.set()
    await asyncio.wait_for(task, 10)


def own(upstream: Upstream, posts: Posts) -> list[tuple[str, str]]:
    """State and severity of this test's transitions, as they came."""
    mine = f"id-{upstream.group}"
    return [(body["state"], body["severity"]) for _, body in posts if body["alert_id"] == mine]


def test_each_transition_is_posted_once_the_receiver_takes_it_and_in_order(
    kafka: str, clickhouse: str
) -> None:
    upstream = Upstream(kafka, clickhouse)
    now = now_ms()
    upstream.alert("firing", now)
    upstream.alert("firing", now + 1, severity="critical")
    upstream.alert("resolved", now + 2)

    async def run() -> Posts:
        async with receiver(lambda number: 503 if number < 3 else 200) as (url, posts):
            await deliver(upstream, url, lambda: ("resolved", "warning") in own(upstream, posts))
            return posts

    posts = asyncio.run(run())
    taken = own(upstream, posts[3:])
    assert taken[-3:] == [("firing", "warning"), ("firing", "critical"), ("resolved", "warning")]
    keys = {
        (body["state"], body["severity"]): key
        for key, body in posts
        if body["alert_id"] == f"id-{upstream.group}"
    }
    assert len(set(keys.values())) == 3
    assert keys["firing", "warning"] == idempotency_key(
        Transition(f"id-{upstream.group}", "firing", "warning")
    )
    assert posts[0] == posts[1]


def test_what_was_delivered_is_not_posted_again_after_a_restart_and_a_refusal_is_final(
    kafka: str, clickhouse: str
) -> None:
    upstream = Upstream(kafka, clickhouse)
    upstream.alert("firing")

    async def run() -> tuple[Posts, Posts]:
        async with receiver(lambda _: 422) as (url, refused):
            await deliver(upstream, url, lambda: bool(own(upstream, refused)))
        upstream.alert("resolved")
        async with receiver(lambda _: 204) as (url, taken):
            await deliver(upstream, url, lambda: bool(own(upstream, taken)))
            return refused, taken

    refused, taken = asyncio.run(run())
    assert own(upstream, refused) == [("firing", "warning")]
    assert own(upstream, taken) == [("resolved", "warning")]


def test_a_receiver_that_is_away_does_not_hold_up_the_end(kafka: str, clickhouse: str) -> None:
    upstream = Upstream(kafka, clickhouse)
    upstream.alert("firing")

    async def run() -> Posts:
        await deliver(upstream, "http://127.0.0.1:9/hook", lambda: attempts() > before)
        async with receiver(lambda _: 200) as (url, posts):
            await deliver(upstream, url, lambda: bool(own(upstream, posts)))
            return posts

    before = attempts()
    assert own(upstream, asyncio.run(run())) == [("firing", "warning")]


def attempts() -> float:
    return float(metrics.WEBHOOK_POSTS.labels("unreachable")._value.get())


def test_a_record_that_is_no_transition_is_passed_over(kafka: str, clickhouse: str) -> None:
    upstream = Upstream(kafka, clickhouse)
    upstream.send("alerts", b"not json", b"missed-share|group|sales")
    upstream.alert("firing")

    async def run() -> Posts:
        async with receiver(lambda _: 200) as (url, posts):
            await deliver(upstream, url, lambda: bool(own(upstream, posts)))
            return posts

    assert own(upstream, asyncio.run(run())) == [("firing", "warning")]


def test_what_is_only_recorded_again_is_no_news_and_a_reminder_is(kafka: str, clickhouse: str) -> None:
    upstream = Upstream(kafka, clickhouse)
    now = now_ms()
    for at, change in enumerate(("fired", "recorded", "reminder", "recorded", "reminder")):
        upstream.alert("firing", now + at, change=change)
    upstream.alert("resolved", now + 9, change="resolved")

    async def run() -> Posts:
        async with receiver(lambda _: 200) as (url, posts):
            await deliver(upstream, url, lambda: ("resolved", "warning") in own(upstream, posts))
            return posts

    mine = [(key, body) for key, body in asyncio.run(run()) if body["alert_id"] == f"id-{upstream.group}"]
    assert [body["change"] for _, body in mine] == ["fired", "reminder", "reminder", "resolved"]
    assert len({key for key, _ in mine}) == 4
