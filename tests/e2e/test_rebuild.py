"""`salespulse rebuild` beside a pipeline at work: killed once, run again, and all is right."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.feeding import SECRET, customer_key, message, recent_log, write_config
from tests.e2e.installation import Installation
from tests.e2e.outside import Message
from tests.e2e.record_days import wait_for_days
from tests.e2e.stored import differences
from tests.journey.feeding import PIPELINES
from tests.random_calls import HOURS, LINES, MANAGERS
from tests.recount import recount
from tests.recount.plain import Plain
from tests.waiting import eventually

#: The directory of the random logs with other hours, without a manager, and another one elsewhere.
FORMER = """
groups:
  night: {name: night}
  sales: {name: sales, hours: {mon: "10:00-12:00", tue: "10:00-12:00"}}
  support: {name: support}
managers:
  m1: {name: m1, group: support}
  m2: {name: m2, group: sales}
  m3: {name: m3, group: sales}
  m4: {name: m4, group: support}
lines:
  "+74951230001": {group: night}
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    config = write_config(tmp_path / "config", RULES)
    today = (config / "directory.yaml").read_text()
    (config / "directory.yaml").write_text(FORMER)
    made = Installation(tmp_path / "data", config, SALESPULSE_SECRET=SECRET)
    made.start()
    (config / "directory.yaml").write_text(today)
    yield made
    made.destroy()


RULES = """
rules:
  - {name: waits, kpi: uncalled_missed, subjects: [night], above: 0, hours: always, summary: "{n} wait"}
"""
_STATUSES = (
    "SELECT manager, status FROM sales_rows.agent_statuses FINAL "
    "WHERE event_id LIKE 'status-%' ORDER BY manager"
)
_ALERTS = "SELECT alert_id, at, state FROM sales_rows.alerts FINAL ORDER BY at"


def missed(at: datetime) -> list[dict[str, Any]]:
    """A call of now that nobody takes, from somebody who does not call again."""
    common = {"source": "pbx", "customer": "+74951269999", "call_id": "now"}

    def event(number: int, kind: str, seconds: int, **fields: str) -> dict[str, Any]:
        moment = (at - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
        return {"event_id": f"now-{number}", "type": kind, "occurred_at": moment, **common, **fields}

    return [
        event(1, "call.started", 40, direction="in", group="night"),
        event(2, "call.ended", 10, reason="hangup"),
    ]


def statuses(at: datetime) -> list[dict[str, Any]]:
    """Where managers are; one of them the directory does not know at first."""
    common = {"type": "agent.status", "source": "pbx", "occurred_at": at.isoformat(timespec="milliseconds")}
    return [
        {"event_id": "status-1", "manager": "m5", "status": "paused", **common},
        {"event_id": "status-2", "manager": "m1", "status": "available", **common},
        {"event_id": "status-2", "manager": "m1", "status": "offline", **common},  # the first one counts
    ]


def command(installation: Installation, name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("salespulse")), name],
        env=installation.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


class Rebuild:
    """The command, started."""

    def __init__(self, installation: Installation) -> None:
        self._log = installation.folder.parent / "rebuild.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(Path(sys.executable).with_name("salespulse")), "rebuild"],
                env={**installation.environment(), "PYTHONUNBUFFERED": "1"},
                stdout=log,
                stderr=log,
            )

    def says(self, text: str) -> None:
        """Waits for a line."""
        eventually(lambda: text in self.said or self.process.poll() is not None, 60, what=text)
        assert text in self.said, self.said

    @property
    def said(self) -> str:
        return self._log.read_text()


@contextmanager
def told_meanwhile(installation: Installation, messages: list[Message]) -> Iterator[None]:
    """Events go on coming, a few at a time, while something else is done; in the end all have come."""
    ended = threading.Event()

    def tell() -> None:
        for start in range(0, len(messages), 20):
            installation.produce(messages[start : start + 20])
            ended.wait(0.2)

    teller = threading.Thread(target=tell)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def part_of(installation: Installation, name: str) -> int:
    """Process id of a part of the rebuild; 0 while there is none."""
    for process in Path("/proc").iterdir():
        try:
            mine = str(installation.folder).encode() in (process / "environ").read_bytes()
            if mine and b"streams.rebuild\0" + name.encode() in (process / "cmdline").read_bytes():
                return int(process.name)
        except OSError:
            continue
    return 0


@pytest.mark.timeout(480)
def test_all_is_counted_by_todays_configuration_and_nothing_lost_or_doubled(
    installation: Installation,
) -> None:
    log = [
        *missed(datetime.now(UTC)),
        *statuses(datetime.now(UTC) - timedelta(minutes=1)),
        *recent_log(21, calls=300, customers=80, days=3.0, deals=40, links=10),
    ]
    messages = [message(event) for event in log]
    third = len(messages) // 3
    installation.produce(messages[:third])
    installation.wait_drained()
    told = eventually(lambda: installation.query(_ALERTS), 30, what="an alert")
    assert [row[2] for row in told] == ["firing"]
    assert installation.query(_STATUSES) == [["m1", "available"], ["unmapped:pbx:m5", "paused"]]
    counted = recount(log, MANAGERS, LINES, HOURS, names={}, key=customer_key, pipelines=PIPELINES)
    before = installation.query("SELECT * FROM sales_rows.measurements FINAL ORDER BY ALL")

    killed = Rebuild(installation)
    killed.says("told again")
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait(30)
    assert installation.query("SELECT * FROM sales_rows.measurements FINAL ORDER BY ALL") == before
    installation.produce(messages[third : third + 50])

    with told_meanwhile(installation, messages[third + 50 :]):
        again = Rebuild(installation)
        again.says("rebuild-fold")
        os.kill(eventually(lambda: part_of(installation, "fold"), 30), signal.SIGKILL)
        assert again.process.wait(180) == 0, again.said
    assert "epoch 3 is in force" in again.said, again.said
    installation.epoch = 3
    installation.wait_ready()
    installation.wait_drained()
    found = differences(installation, counted)
    assert not found, "\n".join(found[:10])
    assert installation.query(_STATUSES) == [["m1", "available"], ["m5", "paused"]]
    # A sink with too much to do rests for two minutes between two turns.
    wait_for_days(installation, counted, Plain(MANAGERS, LINES, HOURS, 0, {}), within=200)
    reconcile = command(installation, "reconcile")
    assert reconcile.returncode == 0, reconcile.stdout + reconcile.stderr
    doctor = command(installation, "doctor")
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr  # topics and roles of the new epoch
    assert installation.query("SELECT name FROM system.databases WHERE name LIKE 'sales_rows_%'") == []
    # Held over the switch, and told once.
    assert installation.query(_ALERTS) == told
