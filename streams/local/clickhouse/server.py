"""The HTTP server: who asks, in which queue a question waits, and the answer."""

import asyncio
import hmac
import ipaddress
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from aiohttp import BasicAuth, hdrs, web
from aiohttp.typedefs import Handler

from streams.local.clickhouse.answering import headers, packed
from streams.local.clickhouse.engine import Engine
from streams.local.clickhouse.execution import Answer, Execution, User
from streams.local.clickhouse.failures import Code, QueryFailure
from streams.local.clickhouse.question import Question, new_query_id
from streams.local.clickhouse.reading import read_question
from streams.local.clickhouse.statement import insert_of

log = logging.getLogger(__name__)

_OK = "Ok.\n"
_DISPLAY_NAME = "salespulse-embedded"


class Queue:
    """Threads for one sort of question, so that no other sort can hold it up."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._room = threads + waiting
        self._inside = 0

    async def run(self, execution: Execution, question: Question, user: User) -> tuple[Answer, bytes]:
        """The answer and its packed body."""
        if self._inside >= self._room:
            raise QueryFailure.named(Code.TOO_MANY_SIMULTANEOUS_QUERIES, "Too many simultaneous queries.")
        self._inside += 1
        loop = asyncio.get_running_loop()
        job = self._pool.submit(_work, execution, question, user)
        job.add_done_callback(lambda _: loop.call_soon_threadsafe(self._left))
        try:
            return await asyncio.wrap_future(job)
        except asyncio.CancelledError:  # The client has gone: what still waited is dropped now.
            if job.running():
                await asyncio.shield(asyncio.to_thread(execution.cancel_read, question))
            raise

    def _left(self) -> None:
        self._inside -= 1

    def close(self) -> None:
        """Waits for what runs; what still waits is dropped, unanswered."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _work(execution: Execution, question: Question, user: User) -> tuple[Answer, bytes]:
    answer = execution.run(question, user)
    return answer, packed(answer.result.body, question)


class Front:
    """ClickHouse's HTTP interface for `users` over one engine."""

    def __init__(self, engine: Engine, execution: Execution, users: Sequence[User], body_limit: int) -> None:
        self._engine = engine
        self._execution = execution
        self._users = {user.name: user for user in users}
        self._body_limit = body_limit
        self._inserts = Queue("insert", 2, 200)
        self._queries = Queue("query", 4, 200)
        self._readers = Queue("reader", 3, 200)

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(middlewares=[_only_local])
        app.router.add_get("/ping", _ping)
        app.router.add_get("/replicas_status", _ping)
        app.router.add_get("/", self._handle)
        app.router.add_post("/", self._handle)
        app.on_shutdown.append(self._stop_reading)
        app.on_cleanup.append(self._close)
        return app

    async def _stop_reading(self, _: web.Application) -> None:
        """The server takes no more requests; writes go on, nobody waits for reads."""
        await asyncio.to_thread(self._execution.cancel, reads_only=True)

    async def _close(self, _: web.Application) -> None:
        """Writes had their time; what still runs now is cancelled."""
        await asyncio.to_thread(self._execution.cancel, reads_only=False)
        for queue in (self._inserts, self._queries, self._readers):
            await asyncio.to_thread(queue.close)

    async def _handle(self, request: web.Request) -> web.Response:
        query_id = new_query_id(request.query)
        try:
            user = self._user(request)
            question = await read_question(request, query_id, self._body_limit)
            if not question.text.strip():
                return _empty(request)
            answer, body = await self._queue(question, user).run(self._execution, question, user)
            return web.Response(
                body=body, headers=self._named(headers(answer, question, self._engine.time_zone))
            )
        except QueryFailure as failure:
            return self._failed(failure, query_id)
        except Exception as error:
            log.exception("query %s failed in the front", query_id)
            return self._failed(QueryFailure.named(Code.UNKNOWN_EXCEPTION, repr(error)), query_id)

    def _queue(self, question: Question, user: User) -> Queue:
        if user.readonly:
            return self._readers
        return self._inserts if insert_of(question.text) else self._queries

    def _named(self, found: dict[str, str]) -> dict[str, str]:
        return {"X-ClickHouse-Server-Display-Name": _DISPLAY_NAME} | found

    def _failed(self, failure: QueryFailure, query_id: str) -> web.Response:
        found = {
            "X-ClickHouse-Exception-Code": str(int(failure.code)),
            "X-ClickHouse-Query-Id": query_id,
            "Content-Type": "text/plain; charset=UTF-8",
        }
        body = failure.body(self._engine.version)
        return web.Response(body=body, status=failure.status, headers=self._named(found))

    def _user(self, request: web.Request) -> User:
        name, password = _credentials(request)
        user = self._users.get(name)
        expected = user.password if user else ""
        right = hmac.compare_digest(password.encode(), expected.encode())
        if user is None or not right:
            raise QueryFailure.named(
                Code.AUTHENTICATION_FAILED,
                f"{name}: Authentication failed: password is incorrect, or there is no user with such name.",
            )
        return user


def _credentials(request: web.Request) -> tuple[str, str]:
    """From ClickHouse's headers, else HTTP's basic authentication, else the URL."""
    if name := request.headers.get("X-ClickHouse-User"):
        return name, request.headers.get("X-ClickHouse-Key", "")
    if header := request.headers.get(hdrs.AUTHORIZATION):
        try:
            basic = BasicAuth.decode(header, encoding="utf-8")
        except ValueError:
            raise QueryFailure.named(Code.AUTHENTICATION_FAILED, "Only basic authentication") from None
        return basic.login or "default", basic.password
    return request.query.get("user") or "default", request.query.get("password", "")


async def _ping(_: web.Request) -> web.Response:
    return web.Response(text=_OK, content_type="text/html")


def _empty(request: web.Request) -> web.Response:
    """ClickHouse greets a GET without a query, and fails a POST without one."""
    if request.method != "POST":
        return web.Response(text=_OK, content_type="text/html")
    raise QueryFailure.named(Code.SYNTAX_ERROR, "Syntax error: failed at position 0: empty query")


def _is_local(host: str) -> bool:
    name = host.strip("[]")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@web.middleware
async def _only_local(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses what a web page in this machine's browser might send (rebinding, forged posts)."""
    host = urlsplit(f"//{request.host}").hostname or ""
    origin = request.headers.get("Origin", "")
    if not _is_local(host) or (origin and not _is_local(urlsplit(origin).hostname or "")):
        return web.Response(status=403, text="Only for programs on this machine.\n")
    return await handler(request)
