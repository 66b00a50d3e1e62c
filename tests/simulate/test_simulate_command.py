"""`salespulse simulate` into a file."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from streams.cli.simulate import command
from streams.topics import CALLS, STAGES
from tests.fixtures_topics import Written

_CRM = ("lead.", "deal.", "proposal.", "meeting.", "task.", "complaint.", "customer.")

DIRECTORY = """
groups:
  desk: {name: Desk, time_zone: Europe/Berlin, hours: {mon-sun: "08:00-20:00"}}
managers:
  kim: {name: Kim Hall, group: desk}
  lee: {name: Lee Moor, group: desk}
"""


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return result.stderr


def test_the_same_seed_and_start_write_the_same_bytes(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b")]
    for file in files:
        said = _run("--seed", "4", "--start", "2026-03-02T00:00:00+03:00", "--out", str(file))
        assert "events written" in said
    assert files[0].read_bytes() == files[1].read_bytes() != b""


def test_by_default_the_run_ends_now(tmp_path: Path) -> None:
    file = tmp_path / "events"
    _run("--days", "2", "--out", str(file))
    events = [json.loads(line) for line in file.read_text().splitlines()]
    now = datetime.now(UTC)
    ages = [(now - datetime.fromisoformat(event["occurred_at"])).total_seconds() for event in events]
    assert 0 <= ages[-1] < 1800
    assert 47 * 3600 < ages[0] <= 48 * 3600 + 60


def test_standard_output_takes_json_lines() -> None:
    result = CliRunner().invoke(command, ["--days", "0.5", "--start", "2026-03-02", "--out", "-"])
    assert json.loads(result.stdout.splitlines()[0])["source"] == "demo"


def test_a_run_into_the_future_says_so(tmp_path: Path) -> None:
    said = _run("--start", "2099-01-01", "--days", "0.01", "--out", str(tmp_path / "events"))
    assert "future" in said


def test_it_plays_the_people_of_a_directory(tmp_path: Path) -> None:
    directory, file = tmp_path / "directory.yaml", tmp_path / "events"
    directory.write_text(DIRECTORY)
    start = ("--start", "2026-03-02T09:00:00+01:00")
    _run("--directory", str(directory), "--days", "0.3", *start, "--out", str(file))
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert {event["manager"] for event in events if "manager" in event} == {"kim", "lee"}


def test_a_directory_without_people_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "directory.yaml"
    directory.write_text("groups:\n  desk: {name: Desk}\n")
    result = CliRunner().invoke(command, ["--directory", str(directory), "--out", "-"])
    assert result.exit_code == 1
    assert "no group with an active manager" in result.stderr


def test_the_same_events_go_into_kafka_keyed_by_customer(
    topics: str, written: Written, tmp_path: Path
) -> None:
    file = tmp_path / "events"
    run = ("--seed", "77", "--days", "0.5", "--start", "2026-03-02T06:00:00+03:00")
    _run(*run, "--out", str(file))
    _run(*run, "--kafka", topics)
    expected = [json.loads(line) for line in file.read_text().splitlines()]
    crm = [event for event in expected if event["type"].startswith(_CRM)]
    calls = [event for event in expected if not event["type"].startswith(_CRM)]
    for topic, events in ((CALLS, calls), (STAGES, crm)):
        found = written.values(topic, len(events))
        assert sorted(found, key=_id) == sorted(events, key=_id)
    for message in written.on(CALLS):
        event = json.loads(message.value() or b"")
        assert (message.key() or b"").decode() == event.get("customer", event.get("manager"))


def _id(event: dict[str, Any]) -> str:
    return str(event["event_id"])
