"""The faulty proxy in front of ClickHouse, in a thread of its own, so that plain tests can use it."""

import asyncio
import threading
from collections.abc import Callable

from tests.sinks.faulty_proxy import PASS, FaultyClickHouse


class Proxy:
    """`plan` says what becomes of each insert, by its number from 0 on; it may be changed at any time."""

    def __init__(self, clickhouse: str) -> None:
        self.plan: Callable[[int], str] = lambda _: PASS
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._proxy = FaultyClickHouse(clickhouse, self._planned)
        asyncio.run_coroutine_threadsafe(self._proxy.__aenter__(), self._loop).result(20)

    def _planned(self, number: int) -> str:
        return self.plan(number)

    @property
    def url(self) -> str:
        return self._proxy.url

    @property
    def inserts(self) -> int:
        """How many have come."""
        return self._proxy.inserts

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._proxy.__aexit__(None, None, None), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
