"""A ClickHouse that fails in chosen ways: a proxy in front of the real one."""

import asyncio
from collections.abc import Callable
from io import BytesIO
from types import TracebackType
from typing import NoReturn, Self

from aiohttp import ClientError, ClientSession, web

#: What becomes of an insert: passed on, answered with an error, cut off before or after it was stored,
#: answered with an error after it was stored.
PASS, OVERLOADED, CUT_BEFORE, CUT_AFTER = "pass", "overloaded", "cut before", "cut after"
ERROR_AFTER = "error after"


class FaultyClickHouse:
    """Passes requests on, except as `plan` says of each insert (its number from 0 on)."""

    def __init__(self, url: str, plan: Callable[[int], str]) -> None:
        self._real = url
        self._plan = plan
        self.inserts = 0

    async def __aenter__(self) -> Self:
        self._session = ClientSession(auto_decompress=False)
        application = web.Application(client_max_size=1 << 30)
        application.router.add_route("*", "/{rest:.*}", self._answer)
        self._runner = web.AppRunner(application, auto_decompress=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://default:@127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        insert = b"INSERT INTO" in body[:200] or "INSERT" in request.query.get("query", "")
        what = self._next() if insert else PASS
        if what == OVERLOADED:
            return _error(252, "Too many parts. (TOO_MANY_PARTS)")
        if what == CUT_BEFORE:
            self._cut(request)
        try:
            answer = await self._pass_on(request, body)
        except ClientError:  # the real one is away
            self._cut(request)
        if what == CUT_AFTER:
            self._cut(request)
        if what == ERROR_AFTER:
            return _error(209, "Timeout exceeded while writing to socket. (SOCKET_TIMEOUT)")
        return answer

    def _next(self) -> str:
        self.inserts += 1
        return self._plan(self.inserts - 1)

    def _cut(self, request: web.Request) -> NoReturn:
        assert request.transport is not None
        request.transport.abort()
        raise asyncio.CancelledError

    async def _pass_on(self, request: web.Request, body: bytes) -> web.Response:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "content-length")}
        headers.pop("Transfer-Encoding", None)
        address = self._real.split("@")[-1]
        async with self._session.request(
            request.method, f"http://{address}{request.path_qs}", data=BytesIO(body), headers=headers
        ) as answer:
            content = await answer.read()
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP}
            return web.Response(status=answer.status, body=content, headers=kept)


def _error(code: int, text: str) -> web.Response:
    headers = {"X-ClickHouse-Exception-Code": str(code)}
    return web.Response(status=500, text=f"Code: {code}. DB::Exception: {text}", headers=headers)


_HOP = frozenset({"transfer-encoding", "content-length", "connection", "date", "server"})
