import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.local.supervisor import Part, PartFailed, Step, Supervisor
from tests.local.parts import part, running
from tests.waiting import eventually


class Stage:
    """A supervisor over a folder of its own, and what it said."""

    def __init__(self, folder: Path, parts: list[Part], steps: list[Step] | None = None) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.supervisor = Supervisor(
            parts, steps or [], folder / "logs", self.said.append, parts_file=folder / "parts.json"
        )

    def states(self) -> dict[str, str]:
        states: dict[str, str] = json.loads((self.folder / "parts.json").read_text())
        return states

    def all_ready(self) -> bool:
        return set(self.states().values()) == {"ready"}


async def until(check: Callable[[], object], within: float = 15.0) -> None:
    """As `eventually`, while the event loop goes on."""
    deadline = time.monotonic() + within
    while not check():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.02)


async def test_parts_start_when_what_they_need_is_ready(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path,
        [part("store"), part("role", after=["tables"]), part("feed", after=["role"], essential=False)],
        [Step("tables", lambda: "3 made", after=["store"])],
    )
    await stage.supervisor.start()
    assert [line.split()[0] for line in stage.said] == ["store", "tables", "role", "feed"]
    assert "tables      3 made" in stage.said
    assert stage.states() == {"store": "ready", "role": "ready"}, "a feed is no part of being ready"
    pids = stage.supervisor.processes()
    await stage.supervisor.stop()
    assert not [pid for pid in pids.values() if running(pid)]
    assert not (tmp_path / "parts.json").exists()


async def test_a_killed_part_comes_back_and_says_so(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [part("role"), part("other")])
    await stage.supervisor.start()
    first = stage.supervisor.processes()
    os.kill(first["role"], signal.SIGKILL)
    await until(lambda: stage.states() == {"role": "starting", "other": "ready"})
    await until(stage.all_ready)
    second = stage.supervisor.processes()
    assert second["role"] != first["role"]
    assert second["other"] == first["other"]
    assert "role        was ended by SIGKILL; starts again in 0.2 s" in stage.said
    assert any(line.startswith("role        back after") for line in stage.said)
    await stage.supervisor.stop()


async def test_a_part_that_fails_again_and_again_is_started_less_and_less_often(tmp_path: Path) -> None:
    """Once it was ready it is never given up: a store may be away for hours."""
    failing = tmp_path / "failing"
    stage = Stage(tmp_path, [part("role", f"os.path.exists({str(failing)!r}) and sys.exit('no store')")])
    await stage.supervisor.start()
    failing.touch()
    os.kill(stage.supervisor.processes()["role"], signal.SIGKILL)
    await until(lambda: len(stage.said) >= 5)
    pauses = [line.rsplit(" in ", 1)[1] for line in stage.said if "starts again" in line]
    assert pauses[:4] == ["0.2 s", "0.4 s", "0.8 s", "1.6 s"]
    assert "role        ended with exit code 1: no store; starts again in 0.4 s" in stage.said
    failing.unlink()
    await until(stage.all_ready)
    await stage.supervisor.stop()


async def test_a_part_that_never_was_ready_is_given_up_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.local.supervisor._FIRST_PAUSE_S", 0.01)
    stage = Stage(tmp_path, [part("other"), part("role", "sys.exit('SALESPULSE_SECRET is not set')")])
    with pytest.raises(
        PartFailed, match=r"role did not start, 5 times .*(?s:.*)SALESPULSE_SECRET is not set"
    ):
        await stage.supervisor.start()
    await stage.supervisor.stop()
    assert stage.supervisor.processes() == {}


async def test_what_a_step_raises_is_raised(tmp_path: Path) -> None:
    def refuse() -> str:
        raise ValueError("another number of partitions")

    stage = Stage(tmp_path, [part("store")], [Step("topics", refuse, after=["store"])])
    with pytest.raises(ValueError, match="another number of partitions"):
        await stage.supervisor.start()
    await stage.supervisor.stop()


async def test_parts_stop_in_waves_and_a_deaf_one_is_killed(tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    tells = (
        "def end(*_):\n"
        f"    open({str(ended)!r}, 'a').write(sys.argv[1] + ' ')\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)"
    )

    def telling(name: str, wave: int) -> Part:
        told = part(name, tells, wave=wave)
        return Part(name, [*told.command, name], wave=wave)

    deaf = part("deaf", "signal.signal(signal.SIGTERM, signal.SIG_IGN)", wave=2, grace_s=0.3)
    stage = Stage(tmp_path, [telling("store", 3), deaf, telling("role", 2), telling("feed", 1)])
    await stage.supervisor.start()
    began = time.monotonic()
    await stage.supervisor.stop()
    assert time.monotonic() - began < 5
    assert ended.read_text().split() == ["feed", "role", "store"]
    assert stage.supervisor.processes() == {}


async def test_a_part_that_was_ended_on_purpose_stays_ended(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [part("role"), part("feed", essential=False)])
    await stage.supervisor.start()
    await stage.supervisor.end("feed", 2)
    assert list(stage.supervisor.processes()) == ["role"]
    assert not [line for line in stage.said if line.startswith("feed") and "again" in line]
    await stage.supervisor.stop()


_SUPERVISES = """
import asyncio, sys
from pathlib import Path
from streams.local.supervisor import Supervisor
from tests.local.parts import part

async def main():
    supervisor = Supervisor([part("one"), part("two")], [], Path(sys.argv[1]), print)
    await supervisor.start()
    print(*supervisor.processes().values(), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_no_part_outlives_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _SUPERVISES, str(tmp_path)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as supervisor:
        assert supervisor.stdout is not None
        lines = [supervisor.stdout.readline() for _ in range(3)]
        pids = [int(word) for word in lines[-1].split()]
        assert all(running(pid) for pid in pids)
        supervisor.kill()
    eventually(lambda: not any(running(pid) for pid in pids), within=5, what="parts gone")
