"""A whole Salespulse on this machine, driven from outside like its users do: `salespulse up`."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from streams.local.processes import free_port
from tests.e2e.outside import Outside
from tests.waiting import eventually


class Installation(Outside):
    """`salespulse up` in a folder of its own, its parts, and what its users can see."""

    def __init__(self, folder: Path, config: Path, **environment: str) -> None:
        self.folder = folder
        self.kafka_port, clickhouse_port, self.http_port = (free_port() for _ in range(3))
        super().__init__(f"127.0.0.1:{self.kafka_port}", clickhouse_port)
        self._config = config
        self._environment = {**os.environ, **environment}
        self._up: subprocess.Popen[bytes] | None = None

    # -- life

    def start(self) -> None:
        """Starts everything and waits until it is ready."""
        command = [
            str(Path(sys.executable).with_name("salespulse")),
            "up",
            "--no-demo",
            f"--data-dir={self.folder}",
            f"--kafka-port={self.kafka_port}",
            f"--clickhouse-port={self.clickhouse_port}",
            f"--http-port={self.http_port}",
            f"--config={self._config}",
        ]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._up = subprocess.Popen(
                command, stdout=log, stderr=log, env=self._environment, start_new_session=True
            )
        self.wait_ready()

    def wait_ready(self, within: float = 180) -> None:
        """Waits until the gateway says that all parts are ready."""
        eventually(self._ready, within, what="all parts of `salespulse up` ready")

    def _ready(self) -> bool:
        assert self._up is not None
        assert self._up.poll() is None, f"`salespulse up` ended with {self._up.returncode}"
        try:
            with urllib.request.urlopen(self.http("/ready"), timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> int:
        """Ctrl-C, as a user would; the exit code."""
        assert self._up is not None
        self._up.send_signal(signal.SIGINT)
        return self._up.wait(30)

    def destroy(self) -> None:
        """Kills whatever is left."""
        for pid in [*self.parts().values(), *([self._up.pid] if self._up else [])]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self._up:
            self._up.wait(30)

    def parts(self) -> dict[str, int]:
        """Process ids of the running parts: worker, sink, gateway, clickhouse, broker."""
        found = {}
        marks = {
            "worker": b"\0worker",
            "sink": b"\0sink",
            "gateway": b"\0gateway",
            "clickhouse": b"streams.local.clickhouse",
            "broker": b"kafka.Kafka",
        }
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                command = (process / "cmdline").read_bytes()
                surroundings = (process / "environ").read_bytes()
            except OSError:
                continue
            mine = str(self.folder).encode()
            if mine not in command and mine not in surroundings:
                continue
            for name, mark in marks.items():
                if mark in command:
                    found[name] = int(process.name)
        return found

    def kill(self, part: str) -> int:
        """kill -9 of a part, which the supervisor brings back; its process id."""
        pid = eventually(lambda: self.parts().get(part, 0), 90, what=f"{part} runs")
        os.kill(pid, signal.SIGKILL)
        return pid

    def environment(self) -> dict[str, str]:
        """The environment in which other commands of the installation work."""
        return {
            **self._environment,
            "SALESPULSE_KAFKA": self.kafka,
            "SALESPULSE_CLICKHOUSE": f"http://default:@127.0.0.1:{self.clickhouse_port}",
            "SALESPULSE_CONFIG": str(self._config),
            "SALESPULSE_DATA_DIR": str(self.folder),
        }

    def http(self, path: str) -> str:
        """Address of the gateway."""
        return f"http://127.0.0.1:{self.http_port}{path}"
