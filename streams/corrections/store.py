"""What the corrections read from and write to ClickHouse; waits while it is away."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error

from streams.background import in_background
from streams.records import HistoryRecord
from streams.sinks.connection import ROWS, connect
from streams.sinks.history import read_history
from streams.sinks.recompute import PaneRequest, recompute_panes

_LOG = logging.getLogger(__name__)
_PAUSE_S = 2.0

T = TypeVar("T")


class Store:
    """ClickHouse, as far as corrections are concerned."""

    def __init__(self, url: str, database: str = ROWS) -> None:
        """`database`: where the base tables are that are read and written."""
        self._url = url
        self._database = database
        self._client: Client | None = None

    async def recompute(self, panes: list[PaneRequest]) -> None:
        """Replaces panes by what the stored measurements give."""
        await self._patiently(lambda client: recompute_panes(client, panes, self._database))

    async def history(self, customers: list[str]) -> dict[str, HistoryRecord]:
        """All that is stored of each customer, also of one who is not known."""
        return await self._patiently(lambda client: read_history(client, customers, self._database))

    async def _patiently(self, work: Callable[[Client], T]) -> T:
        while True:
            try:
                return await in_background(lambda: self._do(work))
            except (Error, OSError) as fault:
                self._client = None
                _LOG.warning("corrections wait for ClickHouse: %s", fault)
                await asyncio.sleep(_PAUSE_S)

    def _do(self, work: Callable[[Client], T]) -> T:
        if self._client is None:
            self._client = connect(self._url)
        return work(self._client)
