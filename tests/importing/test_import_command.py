"""The command `salespulse import` against the real broker."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli import main
from streams.importing.writer import ImportStopped, KafkaWriter
from streams.local.processes import free_port
from streams.topics import CALLS, DEAD_LETTERS, STAGES
from tests.fixtures_topics import Make, Written
from tests.importing.test_import import line


def run(kafka: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["import", *arguments], env={"SALESPULSE_KAFKA": kafka})


def test_the_result_is_counted_and_in_kafka(
    topics: str, written: Written, tmp_path: Path, event: Make
) -> None:
    file = tmp_path / "events.jsonl"
    lead = line("e3", type="lead.created", lead_id="4")
    file.write_bytes(b"\n".join([line("e1"), b"oops", line("e2"), lead]) + b"\n")
    result = run(topics, "events", str(file))
    assert result.exit_code == 0, result.output
    assert result.stdout == "read 4 lines, accepted 3 events, dead-lettered 1\n  1 not_json\n"
    assert [value["event_id"] for value in written.values(CALLS, 2)] == ["e1", "e2"]
    assert [value["lead_id"] for value in written.values(STAGES, 1)] == ["4"]
    assert [letter["payload"] for letter in written.values(DEAD_LETTERS, 1)] == ["oops"]


def test_a_wrong_file_is_told_in_a_sentence(topics: str, written: Written, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"name;phone\n" * 3)
    result = run(topics, "events", str(file))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {file}, line 1: expected a JSON object")
    assert written.on(CALLS) == written.on(DEAD_LETTERS) == []


def test_formats_are_named_when_one_is_misspelt(topics: str, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.touch()
    result = run(topics, "evnts", str(file))
    assert result.exit_code == 2
    assert "'events', 'queue_log'" in result.stderr


def test_without_kafka_the_import_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.importing.writer._ANSWER_S", 0.5)
    with pytest.raises(ImportStopped, match="Kafka at 127"):
        KafkaWriter(f"127.0.0.1:{free_port()}")
