"""What a person sees while `salespulse up` runs."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from streams.local.up import Running, Say

_STATUS_S = 10.0


def meanwhile(say: Say, seconds: float | None) -> Callable[[Running], Awaitable[None]]:
    """For `up`: until a signal comes, or for so many seconds."""

    async def watch(running: Running) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await running.stop.wait()

    return watch
