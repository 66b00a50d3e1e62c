"""The whole pipeline on real parts, each of them killed again and again: nothing lost, nothing twice."""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.feeding import (
    SECRET,
    bad_messages,
    customer_key,
    message,
    payload_of,
    payload_start,
    recent_log,
    write_config,
)
from tests.e2e.installation import Installation
from tests.e2e.stored import differences, rows
from tests.journey.feeding import PIPELINES
from tests.random_calls import HOURS, LINES, MANAGERS
from tests.recount import recount
from tests.waiting import eventually

#: Each part several times; the order is drawn.
KILLED = ["worker"] * 5 + ["sink"] * 3 + ["clickhouse"] * 2 + ["broker", "gateway"]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    config = write_config(tmp_path / "config")
    made = Installation(tmp_path / "data", config, SALESPULSE_SECRET=SECRET)
    made.start()
    yield made
    made.destroy()


def kill_and_wait(installation: Installation, part: str) -> None:
    before = installation.kill(part)
    eventually(lambda: installation.parts().get(part, before) != before, 90, what=f"{part} runs again")


@pytest.mark.timeout(400)
def test_every_part_killed_and_every_number_right(installation: Installation) -> None:
    chance = random.Random(11)
    log = recent_log(5, calls=900, customers=250, days=2.0, deals=60, links=16)
    bad = bad_messages()
    messages = [message(event) for event in log]
    for wrong, _ in bad:
        messages.insert(chance.randrange(len(messages)), wrong)
    killed = chance.sample(KILLED, len(KILLED))
    size = len(messages) // len(killed) + 1
    for number, part in enumerate(killed):
        installation.wait_kafka()
        installation.produce(messages[number * size : (number + 1) * size])
        kill_and_wait(installation, part)
    installation.wait_ready()
    installation.wait_drained()

    counted = recount(log, MANAGERS, LINES, HOURS, names={}, key=customer_key, pipelines=PIPELINES)
    found = differences(installation, counted)
    assert not found, "\n".join(found[:10])
    letters = rows(installation, "SELECT * FROM sales.dead_letters")
    assert Counter(row["reason"] for row in letters) == Counter(reason for _, reason in bad)
    assert {payload_of(row) for row in letters} == {payload_start(m[2]) for m, _ in bad}
    reconcile = [str(Path(sys.executable).with_name("salespulse")), "reconcile"]
    done = subprocess.run(
        reconcile, env=installation.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

    assert installation.stop() == 0
    installation.start()
    installation.produce(messages[:500])  # all of it again: the same ids are the same events
    installation.wait_drained()
    assert not differences(installation, counted)
    phones = {event["customer"] for event in log if event.get("customer", "").startswith("+")}
    stored = {row["phone"] for row in rows(installation, "SELECT phone FROM sales.customers")}
    assert phones <= stored
