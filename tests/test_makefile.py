"""What a newcomer meets first."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TARGETS = ("help", "install", "run", "test", "faults", "check", "bench", "clean")


def make(*words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    if path is not None:
        environment["PATH"] = path
    program = shutil.which("make")
    assert program is not None
    return subprocess.run(
        [program, "--no-print-directory", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


def test_make_alone_says_what_there_is() -> None:
    said = make()
    assert said.returncode == 0
    assert [line.split()[1] for line in said.stdout.splitlines()] == list(TARGETS)
    assert [line.split()[0] for line in said.stdout.splitlines()] == ["make"] * len(TARGETS)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("python3", "no Python 3.11 or newer found (Debian: apt-get install python3 python3-venv"),
        (
            "java",
            "no Java found: a JDK 17 or newer runs Kafka (Debian: apt-get install openjdk-17-jdk-headless",
        ),
        ("mvn", "no Maven found: it fetches Kafka's jars (Debian: apt-get install maven"),
    ],
)
def test_what_is_missing_is_said_with_how_to_get_it(missing: str, told: str, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in {"bash", "sh", "touch", "rm", "java", "mvn"} - {missing}:
        found = shutil.which(name)
        assert found is not None, name
        (tools / name).symlink_to(found)
    if missing != "python3":
        (tools / "python3").symlink_to(sys.executable)
    said = make(f"VENV={tmp_path}/venv", f"{tmp_path}/venv/.python", path=str(tools))
    assert said.returncode != 0
    assert told in said.stdout
    assert not (tmp_path / "venv" / "bin").exists()


def test_continuous_integration_runs_the_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text("utf-8")


def test_the_lock_pins_all_and_names_no_address() -> None:
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all("==" in line for line in pins)
    assert not [line for line in pins if "://" in line or "@" in line or line.startswith("-")]
