"""The role `sink`: everything that leaves the pipeline, in one process, each part a task of its own."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from clickhouse_connect.driver.exceptions import Error
from prometheus_client import start_http_server

from streams.background import in_background
from streams.clock import now_ms
from streams.config import load_config
from streams.epochs import LOOK_EVERY_S, EpochWatch
from streams.settings import Settings
from streams.sinks.clickhouse import ClickHouse
from streams.sinks.clickhouse_service import ClickHouseService
from streams.sinks.connection import connect
from streams.sinks.days import DayService, StateService
from streams.sinks.decoding import Decoding
from streams.sinks.directory_rows import write_directory
from streams.sinks.kpi_rows import write_kpis
from streams.sinks.planning_service import PlanningService
from streams.sinks.rebuilt_tables import put_tables_in_force
from streams.sinks.webhook import Webhook
from streams.sinks.working_spans import write_working_spans
from streams.topics import SINK_GROUP, InternalTopics

_LOG = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 10.0
#: Parts that do not end by themselves this long after the signal are cut off.
_GRACE_S = 4.0


class Service(Protocol):
    """A part of the process; a fault that it raises ends the process, which is then started again."""

    name: str

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set, then ends within a few seconds."""


#: Makes a further service; is given the settings, and the topics and groups of the epoch in force.
Further = Callable[[Settings, InternalTopics], Service]


def run_sink(settings: Settings, internal: InternalTopics, further: Sequence[Further] = ()) -> None:
    """Runs until SIGTERM or SIGINT; raises what made a part fail, `EpochOver` when another epoch began."""
    if settings.metrics_port:
        start_http_server(settings.metrics_port)
    asyncio.run(_run(settings, internal, _services(settings, internal, further)))


def run_services(services: Sequence[Service]) -> None:
    """Runs these until SIGTERM or SIGINT; raises what made one fail."""
    asyncio.run(_run_all(services))


def _services(settings: Settings, internal: InternalTopics, further: Sequence[Further]) -> list[Service]:
    instance = settings.instance or None
    sink = ClickHouseService(
        settings.kafka,
        ClickHouse(settings.clickhouse),
        Decoding(internal),
        group=internal.group(SINK_GROUP),
        instance=instance,
    )
    epoch, directory = EpochService(settings, internal), load_config(settings.config).directory
    days = DayService(settings.clickhouse, directory, behind=lambda: sink.behind)
    kept: list[Service] = [days, StateService(settings.clickhouse, directory)]
    configured: list[Service] = [DirectoryService(settings), PlanningService(settings)]
    services: list[Service] = [epoch, sink, *configured, *kept]
    if settings.webhook:
        services.append(Webhook(settings.kafka, settings.webhook, instance=instance))
    return services + [make(settings, internal) for make in further]


async def _run(settings: Settings, internal: InternalTopics, services: Sequence[Service]) -> None:
    if internal.rebuilt:
        await in_background(lambda: _have_tables(settings, internal.epoch))
    await _run_all(services)


def _have_tables(settings: Settings, epoch: int) -> None:
    """Returns when the tables of this epoch are in place, whoever had to put them there.

    Nothing may be written before: it would go into the tables of the epoch that is over.
    """
    pause = 0.2
    while True:
        try:
            client = connect(settings.clickhouse)
            try:
                put_tables_in_force(client, epoch)
            finally:
                client.close()
        except (Error, OSError) as fault:
            _LOG.warning("waits for the tables of epoch %d, again in %.1f s: %s", epoch, pause, fault)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        else:
            return


async def _run_all(services: Sequence[Service]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(service.run(stop), name=service.name) for service in services]
    _LOG.info("sink runs %s", ", ".join(service.name for service in services))
    for task in tasks:
        task.add_done_callback(lambda done: _stop_on_fault(done, stop))
    await stop.wait()
    await _end(tasks)


def _stop_on_fault(done: asyncio.Task[None], stop: asyncio.Event) -> None:
    if not done.cancelled() and done.exception() is not None:
        _LOG.error("%s failed", done.get_name(), exc_info=done.exception())
        stop.set()


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    _, unfinished = await asyncio.wait(tasks, timeout=_GRACE_S)
    for task in unfinished:
        _LOG.warning("%s did not end in time and is cut off", task.get_name())
        task.cancel()
    await asyncio.gather(*unfinished, return_exceptions=True)
    for task in tasks:
        if not task.cancelled():
            task.result()


class EpochService:
    """Ends the process when its epoch is over; whoever keeps it running starts it again in the next."""

    name = "epoch"

    def __init__(self, settings: Settings, internal: InternalTopics) -> None:
        self._watch = EpochWatch(settings, internal.epoch)

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set; raises `EpochOver`."""
        while not stop.is_set():
            await in_background(self._watch.look)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await stop.wait()


class DirectoryService:
    """Writes the directory into ClickHouse once, as soon as ClickHouse takes it."""

    name = "directory"

    def __init__(self, settings: Settings) -> None:
        self._url = settings.clickhouse
        self._directory = load_config(settings.config).directory

    async def run(self, stop: asyncio.Event) -> None:
        """Ends when the directory is written."""
        pause = 0.2
        while not stop.is_set():
            try:
                await in_background(self._write)
            except (Error, OSError) as fault:
                _LOG.warning("cannot write the directory, again in %.1f s: %s", pause, fault)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await stop.wait()
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            else:
                return

    def _write(self) -> None:
        client = connect(self._url)
        try:
            write_directory(client, self._directory, now_ms())
            write_working_spans(client, self._directory, now_ms())
            write_kpis(client, self._directory, now_ms())
        finally:
            client.close()
