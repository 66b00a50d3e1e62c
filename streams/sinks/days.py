"""Tasks of the sink that keep what follows from its tables: sums of days, KPI of records, states of now."""

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error

from streams.background import in_background
from streams.directory import Directory
from streams.sinks.connection import connect
from streams.sinks.day_keeper import DayKeeper
from streams.sinks.record_keeper import RecordKeeper
from streams.sinks.state_teller import StateTeller

_LOG = logging.getLogger(__name__)

#: A turn begins so long after the last one ended; and short ones take up at most this share of the time.
_PAUSE_S = 2.0
_SHARE = 0.1
#: The same for what rests on records, which is computed as a whole.
_RECORDS_PAUSE_S = 4.0
_RECORDS_SHARE = 0.1
#: It would be computed again and again: while rows wait to be stored it comes so many times more seldom.
_RECORDS_LESS_BEHIND = 4
#: Live values of states are told so often; they are read as unknown after two minutes.
_STATES_EVERY_S = 20.0
_STATES_SHARE = 0.3
#: While rows wait to be stored, turns come no sooner than this after the last: what follows from the tables
#: is behind with them in any case, and is computed once instead of many times.
_PAUSE_BEHIND_S = 30.0
#: However long a turn took, as on a machine that has too much to do, the next comes after this, if no rows
#: wait: numbers that are minutes old would be taken for wrong ones.
_LONGEST_WAIT_S = 30.0
_RECORDS_LONGEST_WAIT_S = 120.0
_LONGEST_PAUSE_S = 10.0


class _Keeping(ABC):
    """Keeps what follows from the tables of one ClickHouse until told to stop; waits while it is away."""

    name: str

    def __init__(self, url: str, directory: Directory, behind: Callable[[], bool] = lambda: False) -> None:
        """`behind`: whether more rows wait to be stored than are stored at once."""
        self._url = url
        self._directory = directory
        self._behind = behind

    @abstractmethod
    def tasks(self, client: Client, stopped: Callable[[], bool]) -> list["_Task"]:
        """What is to be done, on a connection of its own."""

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set, then ends after the statement that runs."""
        pause = 0.2
        while not stop.is_set():
            try:
                await in_background(lambda: self._keep(stop.is_set))
            except (Error, OSError) as fault:
                _LOG.warning("cannot keep %s, again in %.1f s: %s", self.name, pause, fault)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await stop.wait()
                pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _keep(self, stopped: Callable[[], bool]) -> None:
        """Turns on one connection, in a thread of its own; raises its faults."""
        client = connect(self._url)
        try:
            tasks = self.tasks(client, stopped)
            while not stopped():
                for task in tasks:
                    task.do_when_due()
                time.sleep(_LOOK_S)
        finally:
            client.close()


class DayService(_Keeping):
    """Keeps the days."""

    name = "days"

    def tasks(self, client: Client, stopped: Callable[[], bool]) -> list["_Task"]:
        """Sums of panes and lines, and what is computed from records."""
        days, records = DayKeeper(client), RecordKeeper(client, self._directory)
        return [
            _Task(lambda: days.turn(stopped), _PAUSE_S, _SHARE, self._behind),
            _Task(
                records.turn,
                _RECORDS_PAUSE_S,
                _RECORDS_SHARE,
                self._behind,
                _RECORDS_LONGEST_WAIT_S,
                _RECORDS_LESS_BEHIND,
            ),
        ]


class StateService(_Keeping):
    """Tells the states that the worker does not know."""

    name = "states"

    def tasks(self, client: Client, stopped: Callable[[], bool]) -> list["_Task"]:  # noqa: ARG002 - short work
        """All of them, again and again."""
        return [_Task(StateTeller(client, self._directory).tell, _STATES_EVERY_S, _STATES_SHARE)]


_LOOK_S = 0.1


class _Task:
    """Something done again and again: after a pause, and for a share of the time while turns are short."""

    def __init__(
        self,
        work: Callable[[], object],
        pause_s: float,
        share: float,
        behind: Callable[[], bool] = lambda: False,
        longest_s: float = _LONGEST_WAIT_S,
        less_behind: float = 1.0,
    ) -> None:
        """`behind`: while it says so, pauses are long, `less_behind` times so; `longest_s`: of others."""
        self._work = work
        self._pause_s = pause_s
        self._share = share
        self._behind = behind
        self._longest_s = longest_s
        self._less_behind = less_behind
        self._due = 0.0
        self._due_behind = 0.0

    def do_when_due(self) -> None:
        began = time.monotonic()
        if began < self._due or (began < self._due_behind and self._behind()):
            return
        self._work()
        ended = time.monotonic()
        rest = max(self._pause_s, (ended - began) * (1 / self._share - 1))
        self._due = ended + min(self._longest_s, rest)
        self._due_behind = ended + self._less_behind * max(_PAUSE_BEHIND_S, rest)
