"""What `salespulse up` consists of: the embedded parts, the roles, and in which order they start."""

import sys
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

from streams.background import in_background
from streams.local.broker import answers
from streams.local.folder import secret_in
from streams.local.supervisor import Part, Step
from streams.settings import Settings

#: The read-only user of the embedded ClickHouse, for BI tools; its password lies in the data folder.
READER = "bi"
#: The part that `--demo` adds.
FEED = "feed"
_READER_PASSWORD = "bi-password"  # noqa: S105 - the name of a file


def embedded_settings(settings: Settings, kafka_port: int, clickhouse_port: int) -> Settings:
    """Settings of the roles: the embedded parts, and secrets of the data folder where none are given."""
    folder = settings.data_dir
    return replace(
        settings,
        kafka=f"127.0.0.1:{kafka_port}",
        clickhouse=f"http://default:@127.0.0.1:{clickhouse_port}",
        secret=settings.secret or secret_in(folder, "secret"),
        token=settings.token or secret_in(folder, "token"),
        parts_file=folder / "parts.json",
    )


def parts(settings: Settings, kafka_port: int, clickhouse_port: int, *, demo: bool) -> list[Part]:
    """The processes, in the order in which data flows."""
    folder = settings.data_dir
    clickhouse = f"http://127.0.0.1:{clickhouse_port}"
    gateway = f"http://{settings.http_host}:{settings.http_port}"
    found = [
        Part(
            "kafka",
            _python("streams.local.broker", folder / "kafka", kafka_port),
            ready=_kafka_answers(settings.kafka),
            address=settings.kafka,
            wave=3,
        ),
        Part(
            "clickhouse",
            _python("streams.local.clickhouse", folder / "clickhouse", clickhouse_port),
            ready=_http_answers(f"{clickhouse}/ping"),
            address=f"{clickhouse}  read-only: {READER}, password in {folder / _READER_PASSWORD}",
            environment=_reader(settings),
            wave=3,
        ),
        _role("worker", settings, wave=2),
        _role("sink", settings, wave=2, needs=("topics", "migrations")),
        replace(_role("gateway", settings, wave=1), address=gateway),
    ]
    return [*found, _feed(settings)] if demo else found


def steps(settings: Settings) -> list[Step]:
    """What is done to Kafka and ClickHouse before the roles start."""
    return [
        Step("topics", lambda: _topics(settings), after=("kafka",)),
        Step("migrations", lambda: _migrations(settings), after=("clickhouse",)),
    ]


def _python(module: str, folder: Path, port: int) -> list[str]:
    return [sys.executable, "-m", module, "--data-dir", str(folder), "--port", str(port)]


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "streams.cli", *words]


def _role(name: str, settings: Settings, wave: int, needs: tuple[str, ...] = ("topics",)) -> Part:
    own = replace(settings, instance=name)
    return Part(name, _command(name), after=needs, environment=own.environment(), wave=wave, grace_s=5.0)


def _feed(settings: Settings) -> Part:
    directory = settings.config / "directory.yaml"
    return Part(
        FEED,
        _command("simulate", "--live", "--directory", str(directory), "--kafka", settings.kafka),
        after=("worker", "sink"),
        ready=_at_once,
        address="a simulated call centre",
        environment=settings.environment(),
        wave=1,
        essential=False,
    )


def _reader(settings: Settings) -> Mapping[str, str]:
    return {
        "SALESPULSE_CLICKHOUSE_READONLY_USER": READER,
        "SALESPULSE_CLICKHOUSE_READONLY_PASSWORD": secret_in(settings.data_dir, _READER_PASSWORD),
    }


def _kafka_answers(bootstrap: str) -> Callable[[], Awaitable[bool]]:
    return lambda: in_background(lambda: answers(bootstrap, 0.5))


def _http_answers(url: str) -> Callable[[], Awaitable[bool]]:
    def ask() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - an http URL of our own
                return bool(answer.status == 200)  # noqa: PLR2004
        except (urllib.error.URLError, OSError):
            return False

    return lambda: in_background(ask)


async def _at_once() -> bool:
    return True


def _topics(settings: Settings) -> str:
    from streams.topology import ensure_topics  # noqa: PLC0415 - while the broker starts, nobody waits for it

    findings = ensure_topics(settings, correct=True)
    for fault in findings.faults:
        raise RuntimeError(fault)
    return f"{len(findings.made)} made" if findings.made else ""


def _migrations(settings: Settings) -> str:
    from streams.sinks.connection import connect  # noqa: PLC0415
    from streams.sinks.migrations import migrate  # noqa: PLC0415

    client = connect(settings.clickhouse)
    try:
        applied = migrate(client)
    finally:
        client.close()
    return f"{len(applied)} applied" if applied else ""
