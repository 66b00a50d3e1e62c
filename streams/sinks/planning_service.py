"""The task of the sink that writes plans, bonus terms, absences and pipelines, also when they change."""

import asyncio
import contextlib
import logging
from pathlib import Path

from clickhouse_connect.driver.exceptions import Error

from streams.background import in_background
from streams.clock import now_ms
from streams.config import ConfigError, load_config, load_planning
from streams.settings import Settings
from streams.sinks.connection import connect
from streams.sinks.planning_rows import write_planning

_LOG = logging.getLogger(__name__)

_LOOK_EVERY_S = 10.0
_FIRST_PAUSE_S = 0.2

#: By file: when it was changed, ns, and its size in bytes.
_Marks = dict[str, tuple[int, int]]


class PlanningService:
    """Keeps ClickHouse equal to the files, which may be edited while it runs.

    What a change of absences or pipelines does to events counts when a worker starts with it; views
    of plans, working days and stages know it at once. A file that cannot be meant changes nothing.
    """

    name = "planning"

    def __init__(self, settings: Settings, look_every: float = _LOOK_EVERY_S) -> None:
        self._url = settings.clickhouse
        self._folder = settings.config
        self._look_every = look_every
        self._seen: _Marks = _marks(self._folder)
        self._directory = load_config(self._folder).directory
        self._planning = load_planning(self._folder, self._directory)
        self._written = False

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set."""
        pause = _FIRST_PAUSE_S
        while not stop.is_set():
            try:
                await in_background(self._look)
            except (Error, OSError) as fault:
                _LOG.warning("cannot write plans, again in %.1f s: %s", pause, fault)
                waits, pause = pause, min(2 * pause, self._look_every)
            else:
                waits, pause = self._look_every, _FIRST_PAUSE_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(waits):
                    await stop.wait()

    def _look(self) -> None:
        marks = _marks(self._folder)
        if marks != self._seen:
            self._seen = marks
            self._read()
        if self._written:
            return
        client = connect(self._url)
        try:
            write_planning(client, self._directory, self._planning, now_ms())
        finally:
            client.close()
        self._written = True

    def _read(self) -> None:
        try:
            directory = load_config(self._folder).directory
            planning = load_planning(self._folder, directory)
        except ConfigError as fault:
            _LOG.error("what was configured before stays: %s", fault)
        else:
            self._directory, self._planning, self._written = directory, planning, False


def _marks(folder: Path) -> _Marks:
    stats = {path.name: path.stat() for path in sorted(folder.iterdir()) if path.is_file()}
    return {name: (stat.st_mtime_ns, stat.st_size) for name, stat in stats.items()}
