"""Parts of the pipeline as processes of a bench: ClickHouse, and the roles, which say when they are ready."""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from streams.local.processes import end, free_port, spawn
from streams.settings import Settings

#: A part has to be ready within this time, s.
_STARTS_WITHIN = 60.0
_LOOK_S = 0.02


class NotInTime(Exception):
    """Something that a bench waited for did not happen; the message says what."""


def wait_for(check: Callable[[], bool], what: str, within: float, every: float = _LOOK_S) -> None:
    """Returns when `check` holds. Raises `NotInTime` after `within` seconds."""
    deadline = time.monotonic() + within
    while not check():
        if time.monotonic() > deadline:
            raise NotInTime(f"not within {within:g} s: {what}")
        time.sleep(every)


@contextmanager
def standing_still(pids: Collection[int]) -> Iterator[None]:
    """Stops processes in their tracks for as long as it lasts."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


class Process:
    """A process with its output in a file; it dies with the bench."""

    def __init__(self, name: str, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._process = spawn(command, self.log, environment={**os.environ, **environment})

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def check(self) -> None:
        """Raises `NotInTime` when it has ended by itself."""
        if self._process.poll() is not None:
            raise NotInTime(f"{self.name} ended; the end of its log:\n{self.log.read_text()[-3000:]}")

    def freeze(self) -> None:
        """Stops it in its tracks, until `thaw`."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Ends it without warning."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Asks it to end and waits for that."""
        end(self._process, 15)


class Role(Process):
    """`salespulse worker` or `salespulse sink`."""

    def __init__(self, role: str, settings: Settings, folder: Path, name: str = "") -> None:
        name = name or role
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = folder / f"{name}.socket"
        address.unlink(missing_ok=True)
        self._told.bind(str(address))
        self._told.setblocking(False)
        environment = {**settings.environment(), "NOTIFY_SOCKET": str(address)}
        super().__init__(name, [sys.executable, "-m", "streams.cli", role], folder, environment)

    def wait_ready(self, within: float = _STARTS_WITHIN) -> Self:
        """Returns when it has said that it is at work. Raises `NotInTime` after `within` seconds."""
        wait_for(self._ready, f"{self.name} ready, see {self.log}", within)
        return self

    def _ready(self) -> bool:
        self.check()
        try:
            return b"READY=1" in self._told.recv(4096)
        except BlockingIOError:
            return False

    def stop(self) -> None:
        super().stop()
        self._told.close()


class ClickHouse(Process):
    """The embedded ClickHouse over a new folder, with the schema."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "streams.local.clickhouse"]
        command += ["--data-dir", str(folder / "clickhouse"), "--port", str(self.port)]
        super().__init__("clickhouse", command, folder, {})
        wait_for(self._answers, f"ClickHouse answers, see {self.log}", _STARTS_WITHIN)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://default:@127.0.0.1:{self.port}"

    def _answers(self) -> bool:
        self.check()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
