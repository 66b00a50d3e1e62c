"""The task of the sink that keeps the sums of days (`day_keeper`)."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from clickhouse_connect.driver.exceptions import Error

from streams.sinks.connection import connect
from streams.sinks.day_keeper import DayKeeper

_LOG = logging.getLogger(__name__)

#: A turn begins so long after the last one ended; and work takes up at most this share of the time.
_PAUSE_S = 1.5
_SHARE = 0.2
_LONGEST_PAUSE_S = 10.0


class DayService:
    """Keeps the days of one ClickHouse until told to stop; waits while it is away."""

    name = "days"

    def __init__(self, url: str) -> None:
        self._url = url

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set, then ends after the statement that runs."""
        pause = 0.2
        while not stop.is_set():
            try:
                await asyncio.to_thread(self._keep, stop.is_set)
            except (Error, OSError) as fault:
                _LOG.warning("cannot keep the sums of days, again in %.1f s: %s", pause, fault)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await stop.wait()
                pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _keep(self, stopped: Callable[[], bool]) -> None:
        """Turns on one connection, in a thread of its own; raises its faults."""
        client = connect(self._url)
        try:
            keeper = DayKeeper(client)
            while not stopped():
                began = time.monotonic()
                keeper.turn(stopped)
                took = time.monotonic() - began
                _sleep(max(_PAUSE_S, took / _SHARE - took), stopped)
        finally:
            client.close()


def _sleep(seconds: float, stopped: Callable[[], bool]) -> None:
    """Sleeps in short pieces, so that it ends soon after `stopped` holds."""
    until = time.monotonic() + seconds
    while not stopped() and time.monotonic() < until:
        time.sleep(0.1)
