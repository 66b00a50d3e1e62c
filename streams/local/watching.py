"""What a person sees while `salespulse up` runs: the live view, and a summary at the end."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable

from rich.console import Console

from streams.background import in_background
from streams.local.parts import FEED
from streams.local.up import Running

_FEED_GRACE_S = 4.0
#: The view ends within this time when it is told to.
_VIEW_GRACE_S = 3.0


class Watching:
    """Speaks to the terminal: lines while nothing else is on it, notices below the view while it is."""

    def __init__(self, seconds: float | None, console: Console | None = None) -> None:
        """`seconds`: how long to watch before the summary; `None`: until a signal, without one."""
        self._seconds = seconds
        self._console = console or Console()
        self._on_screen = False
        self._notices: list[str] = []

    def say(self, line: str) -> None:
        """A line about a part."""
        if self._on_screen:
            self._notices.append(line)
        else:
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    async def watch(self, running: Running) -> None:
        """For `up`: the view, then the summary if a time was set and nobody stopped it before."""
        latencies = await self._view(running)
        if self._seconds is not None and not running.stop.is_set():
            await running.supervisor.end(FEED, _FEED_GRACE_S)
            await self._or_stop(running, self._summary(running, latencies))

    async def _view(self, running: Running) -> list[float]:
        ended = threading.Event()
        showing = asyncio.ensure_future(self._show(running, ended))
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await running.stop.wait()
        finally:
            ended.set()
        await asyncio.wait([showing], timeout=_VIEW_GRACE_S)
        return showing.result() if showing.done() else []

    async def _show(self, running: Running, ended: threading.Event) -> list[float]:
        """The latencies seen. A fault of the view is told; the parts go on without it."""
        from streams.live import run_live  # noqa: PLC0415 - not before everything is ready

        self._on_screen = self._console.is_terminal
        try:
            return await in_background(
                lambda: run_live(running.settings, ended, console=self._console, notices=self._notices)
            )
        except Exception as fault:  # noqa: BLE001
            self._on_screen = False
            self.say(f"the live view ended: {fault!r}")
            return []
        finally:
            self._on_screen = False

    async def _summary(self, running: Running, latencies: list[float]) -> None:
        from streams.live import summary  # noqa: PLC0415

        self.say("comparing what is stored with a recount")
        self._console.print(await in_background(lambda: summary(running.settings, latencies)))

    async def _or_stop(self, running: Running, work: Awaitable[None]) -> None:
        working = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(running.stop.wait())
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if working.done():
            working.result()
        else:
            working.cancel()
