"""Worker processes under a restart loop, each in a process group of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
RESTART_DELAY = 0.2  # s


class Worker:
    """A worker that is started again whenever it ends, as a supervisor does, until `end`."""

    def __init__(self, folder: Path, name: str, options: dict[str, Any]) -> None:
        self.options = options
        self.exits: list[int] = []
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        self._out.touch()
        self._ended = threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _start(self) -> "subprocess.Popen[bytes]":
        told = {**self.options, "life": len(self.exits)}
        with self._out.open("ab") as out, self._err.open("ab") as err:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.engine.worker", json.dumps(told)],
                cwd=ROOT,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def _keep(self) -> None:
        while True:
            self.exits.append(self._process.wait())
            if self._ended.wait(RESTART_DELAY):
                return
            self._process = self._start()

    def send_signal(self, number: int) -> None:
        os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """kill -9; returns when it has been started again."""
        dead = self._process
        with contextlib.suppress(ProcessLookupError):  # it may be about to end by itself
            self.send_signal(signal.SIGKILL)
        eventually(lambda: self._process is not dead, 20, 0.01)

    def end(self, number: int = signal.SIGTERM) -> None:
        """Ends it for good."""
        self._ended.set()
        with contextlib.suppress(ProcessLookupError):
            self.send_signal(signal.SIGCONT)
            self.send_signal(number)
        self._thread.join(20)
        if self._thread.is_alive():
            self.send_signal(signal.SIGKILL)
            raise AssertionError(f"worker did not end by signal {number}: {self.errors[-2000:]}")

    @property
    def errors(self) -> str:
        return self._err.read_text(errors="replace")

    @property
    def told(self) -> list[dict[str, Any]]:
        """What it has told of its stages, over all its lives."""
        return [line for line in self._lines() if "pid" in line]

    @property
    def answers(self) -> list[dict[str, Any]]:
        """What it was told when it asked for confirmation."""
        return [line for line in self._lines() if "confirmed" in line]

    @property
    def ages_ms(self) -> list[int]:
        """Of raw records when their panes were stored, see `latency` in the worker's options."""
        return [age for line in self._lines() if "ages_ms" in line for age in line["ages_ms"]]

    def _lines(self) -> list[dict[str, Any]]:
        lines = self._out.read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    @property
    def lives(self) -> int:
        """How often it was started."""
        return len(self.exits) + 1

    def ready(self) -> bool:
        """Whether all stages of its present life have loaded."""
        told = [line for line in self.told if line["pid"] == self._process.pid]
        return bool(told) and all(told[-1][s]["ready"] for s in ("intake", "journeys", "windows"))

    def most(self, stage: str, what: str) -> int:
        """The sum over its lives of a statistic."""
        by_life: dict[int, int] = {}
        for line in self.told:
            by_life[line["pid"]] = line[stage][what]
        return sum(by_life.values())
