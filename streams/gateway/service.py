"""The gateway as a process: listens, says when it is ready, ends cleanly when asked to."""

import asyncio
import logging
import signal
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from streams.gateway.app import Gateway
from streams.gateway.outbox import Outbox
from streams.readiness import tell_ready

_LOG = logging.getLogger(__name__)
_GRACE_S = 8.0  #: given to requests that are being answered when the gateway stops


class GatewaySettings(Protocol):
    """What the gateway needs of `streams.settings.Settings`."""

    @property
    def kafka(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def http_host(self) -> str: ...
    @property
    def http_port(self) -> int: ...
    @property
    def parts_file(self) -> Path | None: ...


def run_gateway(settings: GatewaySettings) -> None:
    """Serves until SIGTERM or SIGINT; requests that came before are answered."""
    asyncio.run(_serve(settings))


async def _serve(settings: GatewaySettings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    outbox = Outbox(settings.kafka)
    gateway = Gateway(settings.token, outbox, settings.parts_file)
    runner = web.AppRunner(gateway.app(), access_log=None, shutdown_timeout=_GRACE_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.http_host, settings.http_port).start()
        _LOG.info("listening on http://%s:%d", settings.http_host, settings.http_port)
        await _until(stopped, outbox)
    finally:
        await runner.cleanup()


async def _until(stopped: asyncio.Event, outbox: Outbox) -> None:
    """Returns when asked to stop; says that it is ready once Kafka is reached."""
    asked = asyncio.create_task(stopped.wait())
    reached = asyncio.create_task(outbox.reached.wait())
    waiting: set[asyncio.Task[Any]] = {asked, reached}
    if outbox.keeper is not None:
        waiting.add(outbox.keeper)
    while not asked.done():
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if reached in done:
            tell_ready()
        if outbox.keeper in done:
            await outbox.keeper
    reached.cancel()
