import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.local.processes import free_port
from tests.local.parts import running
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]


class Up:
    """`salespulse up` in a folder of its own, its output in a file."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder / "data"
        self.output = folder / "output"
        ports = [f"--{part}-port={free_port()}" for part in ("kafka", "clickhouse", "http")]
        command = [sys.executable, "-m", "streams.cli", "up", f"--data-dir={self.folder}", *ports, *words]
        environment = {name: value for name, value in os.environ.items() if "SALESPULSE_" not in name}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=output, cwd=ROOT, env=environment, start_new_session=True
            )

    def text(self) -> str:
        return self.output.read_text()

    def said(self, beginning: str) -> bool:
        assert self.process.poll() is None or beginning in self.text(), self.text()
        return re.search(f"^{beginning}", self.text(), re.MULTILINE) is not None

    def children(self) -> list[int]:
        return [int(word) for word in _of_children(self.process.pid).split()]


def _of_children(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Up]]:
    runs: list[Up] = []
    yield runs
    for run in runs:
        run.process.kill()
        run.process.wait()


def test_a_demo_for_some_seconds_ends_by_itself_with_a_summary(tmp_path: Path, started: list[Up]) -> None:
    up = Up(tmp_path, "--demo", "--for", "4")
    started.append(up)
    assert up.process.wait(150) == 0, up.text()
    text = up.text()
    order = [re.search(f"^{part} ", text, re.MULTILINE) for part in ("kafka", "topics", "worker", "feed")]
    places = [found.start() for found in order if found is not None]
    assert len(places) == 4, text
    assert places == sorted(places)
    for line in (
        r"ready after [\d.]+ s; logs and data in ",
        "Summary",
        r"  reconcile +no difference",
        "stopped after",
    ):
        assert re.search(f"^{line}", text, re.MULTILINE), text
    events = re.search(r"^  events +([\d ,]+?),", text, re.MULTILINE)
    assert events is not None, text
    assert int(re.sub(r"\D", "", events[1])) > 0


def test_ctrl_c_stops_all_parts_in_time_and_the_next_start_goes_on(tmp_path: Path, started: list[Up]) -> None:
    up = Up(tmp_path, "--no-demo")
    started.append(up)
    eventually(lambda: up.said("ready after"), within=120, what="ready")
    children = up.children()
    assert len(children) == 5
    secret = (up.folder / "secret").read_text()
    assert (up.folder / "secret").stat().st_mode & 0o777 == 0o600
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(20) == 0
    took = re.search(r"^stopped after ([\d.]+) s", up.text(), re.MULTILINE)
    assert took is not None
    assert float(took[1]) < 15
    assert not [pid for pid in children if running(pid)]

    again = Up(tmp_path, "--no-demo")
    started.append(again)
    eventually(lambda: again.said("ready after"), within=120, what="ready again")
    assert not again.said("migrations"), "nothing is applied twice"
    assert not again.said("topics"), "nothing is made twice"
    assert (again.folder / "secret").read_text() == secret
    children = again.children()
    again.process.kill()
    eventually(
        lambda: not any(running(pid) for pid in children), within=10, what="no part outlives a kill -9"
    )
