"""A ClickHouse for tests: the embedded one, or a real server named by SALESPULSE_TEST_CLICKHOUSE."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

import pytest

from streams.local.processes import free_port
from tests.waiting import eventually

REAL_SERVER = "SALESPULSE_TEST_CLICKHOUSE"

#: The read-only user of the embedded ClickHouses that tests start.
READER = "bi"
READER_PASSWORD = "only-reads"


class EmbeddedClickHouse:
    """The embedded ClickHouse as a process over `folder`, in a process group of its own."""

    def __init__(self, folder: Path, arguments: tuple[str, ...] = (), **environment: str) -> None:
        self.folder = folder
        self._arguments = arguments
        self.port = free_port()
        self._environment: Mapping[str, str] = {
            "SALESPULSE_CLICKHOUSE_READONLY_USER": READER,
            "SALESPULSE_CLICKHOUSE_READONLY_PASSWORD": READER_PASSWORD,
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers, for its owner."""
        return f"http://default:@127.0.0.1:{self.port}"

    @property
    def reader_url(self) -> str:
        """Where it answers, for the read-only user."""
        return f"http://{READER}:{READER_PASSWORD}@127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What the process printed."""
        return self.folder.with_suffix(".log")

    def start(self) -> Self:
        """Starts the process and waits until it answers."""
        arguments = ["--data-dir", str(self.folder), "--port", str(self.port), *self._arguments]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streams.local.clickhouse", *arguments],
                env={**os.environ, **self._environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        eventually(self._answers, within=30, every=0.02, what=f"ClickHouse up, see {self.log}")
        return self

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=2) as answer:
                return bool(answer.read() == b"Ok.\n")
        except (urllib.error.URLError, OSError):
            return False

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process."""
        os.kill(self.pid, number)

    def wait(self, within: float = 20.0) -> int:
        """Waits for the end; the exit code."""
        assert self._process is not None
        return self._process.wait(within)

    def stop(self) -> int:
        """A clean end; the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """An end without warning."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture(scope="session")
def embedded_clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    """An embedded ClickHouse that all tests of the session share."""
    server = EmbeddedClickHouse(tmp_path_factory.mktemp("clickhouse") / "data").start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def clickhouse(request: pytest.FixtureRequest) -> str:
    """URL of a ClickHouse with its owner's name and password, shared by the session's tests.

    The embedded one, unless SALESPULSE_TEST_CLICKHOUSE names a real server.
    """
    if real := os.environ.get(REAL_SERVER):
        return real
    server: EmbeddedClickHouse = request.getfixturevalue("embedded_clickhouse")
    return server.url
