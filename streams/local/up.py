"""The life of `salespulse up`: lock the folder, start the parts, watch, stop."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from streams.local.folder import taken, write_environment
from streams.local.parts import embedded_settings, parts, steps
from streams.local.processes import port_taken
from streams.local.supervisor import PartFailed, Supervisor
from streams.settings import Settings

_ROOT = Path(__file__).resolve().parents[2]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked for."""

    settings: Settings
    kafka_port: int
    clickhouse_port: int
    demo: bool


@dataclass(frozen=True, slots=True)
class Running:
    """All parts are ready."""

    settings: Settings
    supervisor: Supervisor
    stop: asyncio.Event  #: set by Ctrl-C and SIGTERM


def up(run: Run, say: Say, meanwhile: Callable[[Running], Awaitable[None]]) -> None:
    """Run all parts; `meanwhile` starts when they are ready, and they stop when it is over.

    Raises `FolderTaken`, `PartFailed`, and what the configuration's check raises.
    """
    run = replace(run, settings=_found(run.settings))
    _check(run)
    with taken(run.settings.data_dir) as lock:
        settings = embedded_settings(run.settings, run.kafka_port, run.clickhouse_port)
        write_environment(settings.data_dir, settings.environment())
        asyncio.run(_run(replace(run, settings=settings), say, meanwhile, lock))


def _found(settings: Settings) -> Settings:
    """With whole paths; without a folder of one's own the example configuration is used."""
    config = settings.config
    if config == Settings().config and not config.exists():
        config = _ROOT / config
    return replace(settings, config=config.absolute(), data_dir=settings.data_dir.absolute())


def _check(run: Run) -> None:
    """What can be known to fail is told before anything starts."""
    # `salespulse up --help` needs none of it.
    from streams.alerts.rules import load_rules  # noqa: PLC0415
    from streams.config import load_config  # noqa: PLC0415

    config = load_config(run.settings.config)
    load_rules(config.rules_text, config.directory)
    wanted = {"kafka": run.kafka_port, "clickhouse": run.clickhouse_port, "http": run.settings.http_port}
    for option, port in wanted.items():
        if port_taken(port):
            raise PartFailed(f"port {port} is in use by another program: choose another with --{option}-port")


async def _run(run: Run, say: Say, meanwhile: Callable[[Running], Awaitable[None]], lock: int) -> None:
    began = time.monotonic()
    settings = run.settings
    supervisor = Supervisor(
        parts(settings, run.kafka_port, run.clickhouse_port, demo=run.demo),
        steps(settings),
        settings.data_dir / "logs",
        say,
        parts_file=settings.parts_file,
        keep_open=[lock],
    )
    stop = _stopped_by_signals(supervisor)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        starting = asyncio.ensure_future(supervisor.start())
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            return
        starting.result()
        say(f"ready after {time.monotonic() - began:.1f} s; logs and data in {settings.data_dir}")
        await _with_watch(supervisor, stop, meanwhile(Running(settings, supervisor, stop)))
    finally:
        stopping.cancel()
        say("stopping")
        began = time.monotonic()
        await supervisor.stop()
        say(f"stopped after {time.monotonic() - began:.1f} s; the next start goes on from here")


async def _with_watch(supervisor: Supervisor, stop: asyncio.Event, meanwhile: Awaitable[None]) -> None:
    watching = asyncio.ensure_future(supervisor.watch(stop))
    working = asyncio.ensure_future(meanwhile)
    await asyncio.wait([watching, working], return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        stop.set()
    else:
        working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
    await watching


def _stopped_by_signals(supervisor: Supervisor) -> asyncio.Event:
    """Set by the first signal; a second one ends all parts at once, which loses nothing either."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            supervisor.kill()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return stop
