"""Keeps the parts of one machine running: starts them in order, restarts what fails, stops them all.

Small on purpose. Libraries were looked at first: honcho does not restart, supervisord and circus know no
readiness and no order by it, and each is a daemon with a configuration of its own; none binds the life of
its children to its own, which here is what makes a kill -9 of `salespulse up` harmless.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streams.background import in_background
from streams.local.processes import spawn

_LOOK_S = 0.05  #: how often processes are looked at
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
#: A part that was ready for so long has recovered: its next failure is a first one.
_RECOVERED_S = 30.0
#: So many failures in a row before a part was ready for the first time: it never will be.
_HOPELESS = 5
_LARGE_LOG = 20 << 20


class PartFailed(Exception):
    """A part could not be started; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Part:
    """A process to keep running."""

    name: str
    command: Sequence[str]
    #: Names of parts and steps that must be ready before it is first started.
    after: Sequence[str] = ()
    #: Asked until it says yes; `None`: the process tells it itself (`streams.readiness`).
    ready: Callable[[], Awaitable[bool]] | None = None
    #: Said when it is ready.
    address: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Parts stop in waves, the lowest first, each of which may take so many seconds.
    wave: int = 0
    grace_s: float = 4.0
    #: Whether others count on it: `--demo`'s feed is no part of being ready.
    essential: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be done once, in a thread, between the starts of parts; what it returns is said."""

    name: str
    work: Callable[[], str]
    after: Sequence[str] = ()


class Supervisor:
    """Runs parts and steps. All of it happens on the main thread's event loop, to which lives are bound."""

    def __init__(
        self,
        parts: Sequence[Part],
        steps: Sequence[Step],
        logs: Path,
        say: Callable[[str], None],
        *,
        parts_file: Path | None = None,
        keep_open: Sequence[int] = (),
    ) -> None:
        """`say` is given a line for people. `keep_open`: descriptors that the parts inherit.

        `parts_file` always holds the state of each essential part as JSON.
        """
        self._parts, self._steps = parts, steps
        self._logs, self._say = logs, say
        self._parts_file, self._keep_open = parts_file, keep_open
        names = [part.name for part in parts] + [step.name for step in steps]
        self._done = {name: asyncio.Event() for name in names}
        self._states = {part.name: "starting" for part in parts if part.essential}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._leaving: set[str] = set()
        self._listening = tempfile.TemporaryDirectory(prefix="salespulse-")

    async def start(self) -> None:
        """Start everything; returns when all is ready. Raises what a step raised, or `PartFailed`."""
        self._tell_states()
        self._tasks = [asyncio.create_task(self._keep(part)) for part in self._parts]
        self._tasks += [asyncio.create_task(self._do(step)) for step in self._steps]
        await self._unless_fault(asyncio.ensure_future(self._wait_for(list(self._done))))

    async def watch(self, until: asyncio.Event) -> None:
        """Returns when `until` is set; raises if keeping the parts itself fails."""
        await self._unless_fault(asyncio.ensure_future(until.wait()))

    async def _unless_fault(self, wanted: "asyncio.Future[Any]") -> None:
        """Returns with `wanted`, or raises what one of the tasks raised before."""
        try:
            while not wanted.done():
                left = [task for task in self._tasks if not task.done()]
                await asyncio.wait([wanted, *left], return_when=asyncio.FIRST_COMPLETED)
                for task in self._tasks:
                    if task.done():
                        task.result()
        finally:
            wanted.cancel()

    async def end(self, name: str, grace_s: float) -> None:
        """Stop one part for good."""
        self._leaving.add(name)
        process = self._processes.get(name)
        if process is not None:
            await _end_within(process, grace_s)

    async def stop(self) -> None:
        """Stop all parts, wave by wave; what does not end in its time is killed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for wave in sorted({part.wave for part in self._parts}):
            ending = [self.end(part.name, part.grace_s) for part in self._parts if part.wave == wave]
            await asyncio.gather(*ending)
        self._listening.cleanup()
        if self._parts_file is not None:
            self._parts_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End all parts at once, as `kill -9` does."""
        for process in self._processes.values():
            process.kill()

    def processes(self) -> dict[str, int]:
        """Process ids of the parts that run now."""
        return {name: process.pid for name, process in self._processes.items() if process.poll() is None}

    async def _do(self, step: Step) -> None:
        await self._wait_for(step.after)
        said = await in_background(step.work)
        if said:
            self._say(f"{step.name:<11} {said}")
        self._done[step.name].set()

    async def _wait_for(self, names: Sequence[str]) -> None:
        for name in names:
            await self._done[name].wait()

    async def _keep(self, part: Part) -> None:
        """Start a part, and again whenever it ends."""
        await self._wait_for(part.after)
        failures = 0
        while part.name not in self._leaving:
            began = time.monotonic()
            process, told = self._spawn(part)
            with told:
                ready = await self._until_ready(part, process, told)
            if ready:
                self._is_ready(part, began)
                began = time.monotonic()
                await _ended(process)
                failures = 0 if time.monotonic() - began > _RECOVERED_S else failures
            if part.name in self._leaving:
                return
            failures += 1
            await self._pause(part, process, failures)

    def _spawn(self, part: Part) -> tuple[subprocess.Popen[bytes], socket.socket]:
        address = Path(self._listening.name) / part.name
        address.unlink(missing_ok=True)
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        told.bind(str(address))
        told.setblocking(False)
        log = self._log(part.name)
        if log.exists() and log.stat().st_size > _LARGE_LOG:
            log.replace(log.with_suffix(".log.1"))
        environment = {**os.environ, **part.environment, "NOTIFY_SOCKET": str(address)}
        process = spawn(part.command, log, environment=environment, keep_open=self._keep_open)
        self._processes[part.name] = process
        return process, told

    async def _until_ready(self, part: Part, process: subprocess.Popen[bytes], told: socket.socket) -> bool:
        """True when it is ready, False when it ended before."""
        while process.poll() is None:
            if await part.ready() if part.ready is not None else _was_told(told):
                return process.poll() is None
            await asyncio.sleep(_LOOK_S)
        return False

    def _is_ready(self, part: Part, began: float) -> None:
        first = not self._done[part.name].is_set()
        self._done[part.name].set()
        self._set_state(part.name, "ready")
        took = f"{time.monotonic() - began:.1f} s"
        where = f" {part.address}" if part.address else ""
        self._say(f"{part.name:<11} {'ready' if first else 'back'} after {took}{where}")

    async def _pause(self, part: Part, process: subprocess.Popen[bytes], failures: int) -> None:
        self._set_state(part.name, "starting")
        how = _how_it_ended(process.returncode)
        if failures >= _HOPELESS and not self._done[part.name].is_set():
            tail = "\n".join(self._last_lines(part.name, 15))
            raise PartFailed(
                f"{part.name} did not start, {failures} times ({how}). "
                f"The end of {self._log(part.name)}:\n{tail}"
            )
        pause = min(_FIRST_PAUSE_S * 2 ** (failures - 1), _LONGEST_PAUSE_S)
        why = (
            "".join(f": {line}" for line in self._last_lines(part.name, 1)) if process.returncode > 0 else ""
        )
        self._say(f"{part.name:<11} {how}{why}; starts again in {pause:.1f} s")
        await asyncio.sleep(pause)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _last_lines(self, name: str, number: int) -> list[str]:
        with self._log(name).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 8192))
            lines = log.read().decode(errors="replace").splitlines()
        return [line for line in lines if line.strip()][-number:]

    def _set_state(self, name: str, state: str) -> None:
        if name in self._states:
            self._states[name] = state
            self._tell_states()

    def _tell_states(self) -> None:
        if self._parts_file is not None:
            new = self._parts_file.with_suffix(".new")
            new.write_text(json.dumps(self._states))
            new.replace(self._parts_file)


def _was_told(told: socket.socket) -> bool:
    try:
        return b"READY=1" in told.recv(4096)
    except BlockingIOError:
        return False


async def _ended(process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:  # noqa: ASYNC110 - a process sets no event
        await asyncio.sleep(_LOOK_S)


async def _end_within(process: subprocess.Popen[bytes], grace_s: float) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(grace_s):
            await _ended(process)
    except TimeoutError:
        process.kill()
        await _ended(process)


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by {signal.Signals(-code).name}"
