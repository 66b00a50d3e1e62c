"""A role as a process of its own, started again whenever it ends, as a supervisor does."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streams.local.processes import spawn
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
#: Between an end and the next start, s.
RESTART_DELAY = 0.2
#: Exit code at a fail-point, as `tests.faults.role` ends there.
FAILED = 9
_LAST_WORDS = 4000  #: characters


class Kept:
    """One worker or sink. `faults`: what it does wrong on purpose (see `tests.faults.role`); without, it
    is the command `salespulse` itself.
    """

    def __init__(
        self, role: str, name: str, folder: Path, environment: Mapping[str, str], faults: dict[str, Any]
    ) -> None:
        self.name = name
        #: exit code of each life that is over, -9 for a kill
        self.exits: list[int] = []
        #: the end of the log each time when it ended by itself and with a fault
        self.last_words: list[str] = []
        self._log = folder / f"{name}.log"
        self._log.touch()
        self._faults = faults
        module = "tests.faults.role" if faults else "streams.cli"
        self._command = [sys.executable, "-m", module, role]
        # Readiness is told by a datagram, as to systemd; its path must be short.
        self._ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ready.bind(f"\0{folder}/{name}"[:100])
        self._ready.setblocking(False)
        address = f"@{folder}/{name}"[:100]
        self._environment = {**environment, "NOTIFY_SOCKET": address, "PYTHONPATH": str(ROOT)}
        self._is_ready = False
        self._ended, self._begun = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()
        self._begun.wait(20)

    def _keep(self) -> None:
        # The thread that starts a process has to outlive it: see `spawn`.
        while True:
            told = json.dumps({**self._faults, "life": self.exits.count(FAILED), "lives": len(self.exits)})
            environment = {**self._environment, "FAULTS": told}
            self.process = spawn(self._command, self._log, environment=environment, cwd=ROOT)
            self._begun.set()
            code = self.process.wait()
            self._told()
            self._is_ready = False
            if code > 0:
                self.last_words.append(self.log[-_LAST_WORDS:])
            self.exits.append(code)
            if self._ended.wait(RESTART_DELAY):
                return

    def _told(self) -> bool:
        try:
            return bool(self._ready.recv(64))
        except BlockingIOError:
            return False

    @property
    def ready(self) -> bool:
        """Whether its present life has said that it is at work."""
        if self._told():
            self._is_ready = True
        return self._is_ready

    @property
    def lives(self) -> int:
        """How often it was started."""
        return len(self.exits) + 1

    @property
    def log(self) -> str:
        """What it said, in all its lives."""
        return self._log.read_text(errors="replace")

    def wait_ready(self, within: float = 60) -> None:
        eventually(lambda: self.ready, within, what=f"{self.name} ready, see {self._log}")

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def kill(self) -> None:
        """kill -9; returns when it has been started again."""
        lives = self.lives
        self.send_signal(signal.SIGKILL)
        eventually(lambda: self.lives > lives, 20, 0.01, f"{self.name} started again")

    def freeze(self) -> None:
        self.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.send_signal(signal.SIGCONT)

    def end(self, number: int = signal.SIGTERM, within: float = 30) -> int:
        """Ends it for good; its exit code."""
        self._ended.set()
        self.thaw()
        self.send_signal(number)
        self._thread.join(within)
        if self._thread.is_alive():
            self.send_signal(signal.SIGKILL)
            self._thread.join(10)
            raise AssertionError(f"{self.name} did not end {within} s after signal {number}")
        self._ready.close()
        return self.exits[-1]

    def memory_mb(self) -> int:
        """Resident memory of its present life."""
        return resident_mb(self.process.pid)


def resident_mb(process: int) -> int:
    """Resident memory of a process; 0 when it has ended."""
    try:
        text = Path(f"/proc/{process}/statm").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


def run(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """A command of Salespulse, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *words],
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
