import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli import main
from streams.local.processes import free_port
from streams.topics import InternalTopics

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret of this installation"


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without settings."""
    for name in [name for name in os.environ if name.startswith("SALESPULSE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(ROOT)
    return monkeypatch


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_help_names_the_commands_of_the_contract_and_loads_none() -> None:
    script = (
        "import sys\n"
        "from streams.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'faust', 'chdb', 'clickhouse_connect', 'confluent_kafka', 'aiokafka', 'aiohttp', 'rich'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    for name in (
        *("up", "worker", "sink", "gateway", "topics", "migrate"),
        *("simulate", "import", "reconcile", "rebuild", "doctor", "compare", "forget", "period"),
    ):
        assert f"\n  {name} " in done.stdout


@pytest.mark.parametrize("name", main.list_commands(None))  # type: ignore[arg-type]
def test_every_command_helps(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0, result.output


def test_an_unknown_command_is_told() -> None:
    assert run("wroker").exit_code == 2


def test_a_setting_that_cannot_be_used_is_told_in_a_sentence(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("SALESPULSE_PARTITIONS", "many")
    result = run("worker")
    assert result.exit_code == 1
    assert result.output == "Error: SALESPULSE_PARTITIONS is 'many': expected a whole number\n"


def test_the_worker_needs_a_secret_and_says_how_to_make_one(clean: pytest.MonkeyPatch) -> None:
    result = run("worker")
    assert result.exit_code == 1
    assert "SALESPULSE_SECRET is not set: expected a secret of at least 16 characters" in result.output


def test_settings_shows_values_but_no_secrets(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("SALESPULSE_SECRET", SECRET)
    clean.setenv("SALESPULSE_PARTITIONS", "12")
    result = run("settings")
    assert SECRET not in result.output
    assert "SALESPULSE_SECRET            set\n" in result.output
    assert "SALESPULSE_TOKEN             not set\n" in result.output
    assert "SALESPULSE_PARTITIONS        12\n" in result.output


def test_topics_are_made_once(clean: pytest.MonkeyPatch, kafka: str) -> None:
    clean.setenv("SALESPULSE_KAFKA", kafka)
    clean.setenv("SALESPULSE_EPOCH", "811")
    first = run("topics")
    assert f"made {InternalTopics(811).events}\n" in first.output
    second = run("topics")
    assert second.output.splitlines()[-1].startswith("0 made, 0 corrected, ")
    clean.setenv("SALESPULSE_PARTITIONS", "3")
    third = run("topics")
    assert third.exit_code == 1
    assert "has 8 partitions, SALESPULSE_PARTITIONS wants 3" in third.output


def test_migrations_are_applied_once(clean: pytest.MonkeyPatch, clickhouse: str) -> None:
    clean.setenv("SALESPULSE_CLICKHOUSE", clickhouse)
    assert run("migrate").exit_code == 0
    again = run("migrate")
    assert again.exit_code == 0
    assert again.output == "nothing to apply: the schema is as this version wants it\n"


@pytest.mark.parametrize("command", ["topics", "reconcile"])
def test_a_kafka_that_is_away_is_told_with_its_address(clean: pytest.MonkeyPatch, command: str) -> None:
    clean.setattr("streams.topology._ANSWER", 0.5)
    clean.setattr("streams.topology._REACH", 0.5)
    clean.setattr("streams.epochs._ANSWER_S", 0.5)
    clean.setenv("SALESPULSE_KAFKA", "127.0.0.1:1")
    result = run(command)
    assert result.exit_code == 1
    told = "Error: Kafka at 127.0.0.1:1 does not answer: is it started, is SALESPULSE_KAFKA right?\n"
    assert result.output == told


def test_a_clickhouse_that_is_away_is_told(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("SALESPULSE_CLICKHOUSE", "http://127.0.0.1:1")
    result = run("migrate")
    assert result.exit_code == 1
    told = "Error: ClickHouse: does not answer: is it started, is SALESPULSE_CLICKHOUSE right?\n"
    assert result.output == told


def test_the_doctor_finds_each_fault_and_says_what_to_do(clean: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean.setattr("streams.topology._REACH", 0.5)
    clean.setenv("SALESPULSE_KAFKA", "127.0.0.1:1")
    clean.setenv("SALESPULSE_CLICKHOUSE", "http://bi:secret@127.0.0.1:1")
    clean.setenv("SALESPULSE_CONFIG", str(tmp_path))
    clean.setenv("SALESPULSE_DATA_DIR", str(tmp_path / "none"))
    result = run("doctor")
    assert result.exit_code == 1
    faults = [line.split()[1] for line in result.output.splitlines() if line.startswith("fault")]
    assert faults == ["configuration", "secret", "Kafka", "ClickHouse"]
    for advice in (
        "set SALESPULSE_CONFIG to another folder",
        "or set SALESPULSE_KAFKA",
        "or set SALESPULSE_CLICKHOUSE",
    ):
        assert advice in result.output
    assert "secret@" not in result.output, "passwords are not shown"
    assert result.output.endswith("4 faults\n")


def test_the_doctor_tells_what_is_not_connected_and_which_plan_is_none(
    clean: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clean.setattr("streams.topology._REACH", 0.5)
    clean.setenv("SALESPULSE_KAFKA", "127.0.0.1:1")
    clean.setenv("SALESPULSE_CLICKHOUSE", "http://127.0.0.1:1")
    clean.setenv("SALESPULSE_CONFIG", str(tmp_path))
    centre = "groups: {sales: }\nsources: {pbx: {provides: [inbound, offers, outbound]}}\n"
    (tmp_path / "directory.yaml").write_text(centre)
    (tmp_path / "rules.yaml").write_text(
        "rules:\n"
        "  - {name: leads-wait, kpi: open_leads, subjects: groups, above: 3}\n"
        "  - {name: callers-wait, kpi: calls_waiting, subjects: groups, above: 3}\n"
    )
    told = run("doctor").output
    assert "not connected: complaints, deals, leads, meetings, proposals, ratings, status, tasks; " in told
    assert "rule leads-wait rests: open_leads needs leads\n" in told
    assert "callers-wait" not in told
    (tmp_path / "plans.csv").write_text(
        "subject_kind,subject,kpi,period_start,period_end,value\nall,all,deals_won,2027-01-01,2027-01-31,-5\n"
    )
    assert "plans.csv, line 2, value: expected a number" in run("doctor").output


def test_the_doctor_looks_at_topics_schema_and_roles(
    clean: pytest.MonkeyPatch, kafka: str, clickhouse: str
) -> None:
    clean.setenv("SALESPULSE_KAFKA", kafka)
    clean.setenv("SALESPULSE_CLICKHOUSE", clickhouse)
    clean.setenv("SALESPULSE_SECRET", SECRET)
    clean.setenv("SALESPULSE_EPOCH", "812")
    run("migrate")
    before = run("doctor")
    assert f"{InternalTopics(812).events} is missing\n" in before.output
    assert "-> run `salespulse topics`" in before.output
    run("topics")
    after = run("doctor")
    assert "is missing" not in after.output
    assert "topics as declared" in after.output
    assert "the schema is as this version wants it" in after.output
    assert "-> start one: `salespulse worker`" in after.output


def test_up_tells_a_port_that_is_taken(clean: pytest.MonkeyPatch, kafka: str, tmp_path: Path) -> None:
    port = kafka.rsplit(":", 1)[1]
    result = run("up", f"--kafka-port={port}", f"--data-dir={tmp_path / 'data'}")
    assert result.exit_code == 1
    told = f"Error: port {port} is in use by another program: choose another with --kafka-port\n"
    assert result.output == told
    assert not (tmp_path / "data" / "kafka").exists()


def test_up_tells_a_configuration_that_cannot_be_used_before_it_starts_anything(
    clean: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "directory.yaml").write_text("groups: {sales: {name: Sales, time_zone: Mars/Olympus}}\n")
    result = run(
        "up", f"--config={tmp_path}", f"--data-dir={tmp_path / 'data'}", f"--kafka-port={free_port()}"
    )
    assert result.exit_code == 1
    assert "directory.yaml" in result.output
    assert "Mars/Olympus" in result.output
    assert not (tmp_path / "data").exists()
