"""The gateway's routes: `POST /events`, `GET /health`, `GET /ready`, `GET /metrics`."""

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams.clock import now_ms
from streams.gateway.bodies import records_in
from streams.gateway.meters import Meters
from streams.gateway.outbox import KafkaAway, Outbox
from streams.gateway.taking import Taken, take

MAX_BODY = 16 * 1024 * 1024  #: bytes of one request, unpacked
MAX_EVENTS = 10_000  #: events of one request
MAX_HELD = 64 * 1024 * 1024  #: bytes of all requests being worked on
_BODY_S = 60.0  #: given to a sender to send its body
_AT_ONCE = 250  #: records judged before others have their turn
_RETRY_S = "5"

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Gateway:
    """The HTTP side; what it takes goes to an outbox."""

    def __init__(self, token: str, outbox: Outbox, parts_file: Path | None = None) -> None:
        """`token`: what senders must bear; empty takes no events. `parts_file`: see `Settings`."""
        self._token = token.encode()
        self._outbox = outbox
        self._parts_file = parts_file
        self._held = 0
        self.meters = Meters()

    def app(self) -> web.Application:
        """The application, which starts and stops the outbox with itself."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._measured, _told_as_json])
        app.router.add_post("/events", self._events)
        app.router.add_get("/health", _health)
        app.router.add_get("/ready", self._ready)
        app.router.add_get("/metrics", self._metrics)
        app.cleanup_ctx.append(self._running)
        return app

    async def _running(self, _: web.Application) -> AsyncIterator[None]:
        self._outbox.start()
        yield
        await self._outbox.stop()

    async def _events(self, request: web.Request) -> web.Response:
        self._check_token(request)
        with self._holding(request.content_length or 0):
            try:
                async with asyncio.timeout(_BODY_S):
                    body = await request.read()
            except TimeoutError:
                raise web.HTTPRequestTimeout(text="the body did not come in time") from None
            taken = await self._judge(records_in(body, request.content_type))
            try:
                await self._outbox.put(taken.outgoing)
            except KafkaAway as fault:
                raise _unavailable(str(fault)) from None
        return self._answer(taken)

    def _check_token(self, request: web.Request) -> None:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), self._token)
        if self._token and same and kind.lower() == "bearer":
            return
        text = "expected the header `Authorization: Bearer TOKEN` with the gateway's token"
        if not self._token:
            text = "this gateway takes no events: SALESPULSE_TOKEN is not set for it"
        raise web.HTTPUnauthorized(text=text, headers={"WWW-Authenticate": "Bearer"})

    @contextmanager
    def _holding(self, size: int) -> Any:
        """Counts a request's bytes while it is worked on; refuses when it would be too many."""
        if size > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY, size)
        # A body of unknown length may become the greatest.
        size = size or MAX_BODY
        if self._held and self._held + size > MAX_HELD:
            raise _unavailable("too many requests are being worked on")
        self._held += size
        self.meters.held_bytes.set(self._held)
        try:
            yield
        finally:
            self._held -= size
            self.meters.held_bytes.set(self._held)

    async def _judge(self, records: Any) -> Taken:
        if len(records) > MAX_EVENTS:
            text = f"expected at most {MAX_EVENTS} events in a request, found {len(records)}"
            raise web.HTTPRequestEntityTooLarge(MAX_EVENTS, len(records), text=text)
        taken = Taken()
        now = now_ms()
        for first in range(0, len(records), _AT_ONCE):
            take(records[first : first + _AT_ONCE], first, now, taken)
            await asyncio.sleep(0)
        return taken

    def _answer(self, taken: Taken) -> web.Response:
        self.meters.events.labels("accepted").inc(taken.accepted)
        for rejected in taken.rejected:
            self.meters.events.labels(rejected.reason).inc()
        if not taken.rejected:
            return web.json_response({"accepted": taken.accepted}, status=202)
        answer = {"accepted": taken.accepted, "rejected": [asdict(each) for each in taken.rejected]}
        return web.json_response(answer, status=400)

    async def _ready(self, _: web.Request) -> web.Response:
        parts = await asyncio.to_thread(_parts, self._parts_file)
        parts["kafka"] = "ready" if await self._outbox.reachable() else "away"
        ready = all(state == "ready" for state in parts.values())
        return web.json_response({"ready": ready, "parts": parts}, status=200 if ready else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        text = await asyncio.to_thread(generate_latest, self.meters.registry)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    @web.middleware
    async def _measured(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "other"
        began = time.perf_counter()
        status = 500
        try:
            response = await handler(request)
            status = response.status
            return response
        finally:
            self.meters.requests.labels(route, str(status)).inc()
            self.meters.seconds.labels(route).observe(time.perf_counter() - began)


async def _health(_: web.Request) -> web.Response:
    return web.json_response({"alive": True})


def _parts(file: Path | None) -> dict[str, str]:
    """States of the parts that `salespulse up` started, as it wrote them."""
    if file is None:
        return {}
    try:
        return {str(name): str(state) for name, state in json.loads(file.read_text("utf-8")).items()}
    except (OSError, ValueError, AttributeError):
        return {"up": "unknown"}


def _unavailable(text: str) -> web.HTTPServiceUnavailable:
    return web.HTTPServiceUnavailable(text=f"{text}; try again", headers={"Retry-After": _RETRY_S})


@web.middleware
async def _told_as_json(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Errors are JSON like all other answers: `{"error": "..."}`."""
    try:
        return await handler(request)
    except web.HTTPException as fault:
        kept = ("WWW-Authenticate", "Retry-After", "Allow")
        headers = {name: fault.headers[name] for name in kept if name in fault.headers}
        text = {"error": fault.text or fault.reason}
        return web.json_response(text, status=fault.status, headers=headers)
