"""docker-compose.yml and the image, read the way their reader will; run by `docker compose` where it is."""

import os
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from streams.cli import main
from streams.settings import table

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
ROLES = ("gateway", "worker", "sink")


def test_every_part_of_the_pipeline_is_there() -> None:
    assert set(SERVICES) == {"kafka", "clickhouse", "setup", "gateway", "worker", "sink", "grafana"}


def test_kafka_is_the_version_that_the_tests_ran_against() -> None:
    pom = (ROOT / "deploy" / "kafka" / "pom.xml").read_text("utf-8")
    tested = re.search(r"<kafka.version>(.+)</kafka.version>", pom)
    assert tested is not None
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{tested[1]}"


def test_clickhouse_is_the_version_that_the_tests_ran_against() -> None:
    release = ".".join(version("chdb-core").split(".")[:2])
    assert SERVICES["clickhouse"]["image"] == f"clickhouse/clickhouse-server:{release}"


def test_the_image_bears_the_version_of_the_product() -> None:
    assert {SERVICES[name]["image"] for name in ROLES} == {f"salespulse:{version('salespulse')}"}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_a_command(role: str) -> None:
    assert SERVICES[role]["command"] == ["salespulse", role]
    assert CliRunner().invoke(main, [role, "--help"]).exit_code == 0


def test_the_setup_makes_topics_and_schema_before_any_role_starts() -> None:
    script = SERVICES["setup"]["command"][-1]
    for command in script.split(" && "):
        assert CliRunner().invoke(main, [*command.split()[1:], "--help"]).exit_code == 0
    for role in ROLES:
        assert SERVICES[role]["depends_on"] == {"setup": {"condition": "service_completed_successfully"}}
    assert set(SERVICES["setup"]["depends_on"]) == {"kafka", "clickhouse"}
    for store in SERVICES["setup"]["depends_on"]:
        assert "healthcheck" in SERVICES[store], f"service_healthy of {store} needs a health check"


@pytest.mark.parametrize("role", [*ROLES, "setup"])
def test_a_role_is_given_settings_that_exist(role: str) -> None:
    known = {row.name for row in table()}
    given = set(SERVICES[role]["environment"])
    assert given <= known
    assert {"SALESPULSE_KAFKA", "SALESPULSE_CLICKHOUSE", "SALESPULSE_SECRET", "SALESPULSE_CONFIG"} <= given


def test_workers_can_be_scaled() -> None:
    worker = SERVICES["worker"]
    assert "ports" not in worker
    assert "container_name" not in worker
    assert "SALESPULSE_INSTANCE" not in worker["environment"], "two workers must not bear one name"


def test_nothing_is_offered_to_other_machines() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} offers {port}"


def test_what_is_mounted_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).exists(), source


def test_the_example_names_every_value_that_must_be_given() -> None:
    must = set(re.findall(r"\$\{(\w+):\?", TEXT))
    example = (ROOT / ".env.example").read_text("utf-8")
    assert must == set(re.findall(r"^(\w+)=$", example, re.MULTILINE))
    may = set(re.findall(r"\$\{(\w+):-", TEXT))
    assert set(re.findall(r"^#(\w+)=", example, re.MULTILINE)) <= may


def test_the_image_takes_along_what_the_program_reads() -> None:
    """`schemas` lies beside `streams` in the image as in the project."""
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "deploy" / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert names == {"requirements.lock", "pyproject.toml", "README.md", "LICENSE", "schemas", "streams"}
    let_in = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert {f"!{name}" for name in names} <= set(let_in)


def test_compose_itself_accepts_the_file() -> None:
    """Where there is a `docker compose`; elsewhere the checks above have to do."""
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode
    ):
        return
    values = dict.fromkeys(re.findall(r"\$\{(\w+):\?", TEXT), "x" * 32)
    done = subprocess.run(
        [docker, "compose", "-f", str(ROOT / "docker-compose.yml"), "config", "--quiet"],
        env={**os.environ, **values},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
