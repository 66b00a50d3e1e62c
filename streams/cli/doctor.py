"""`salespulse doctor`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.faults import explain, in_short
from streams.settings import Settings, SettingsError
from streams.topics import SINK_GROUP, WORKER_GROUP

if TYPE_CHECKING:
    from streams.alerts.rules import Rule
    from streams.config import Config

#: How long a part may take to answer, s.
_ANSWER = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `advice` says what to do about a fault."""

    what: str
    advice: str = ""


Check = Callable[[Settings], Iterator[Finding]]


@click.command("doctor")
def command() -> None:
    """Check configuration, Kafka, topics, ClickHouse, schema and roles; exit 0 only when all is well."""
    faults = 0
    try:
        settings = Settings.from_env()
    except SettingsError as fault:
        raise click.ClickException(str(fault)) from None
    for name, check in _CHECKS.items():
        for finding in _tried(check, settings):
            faults += bool(finding.advice)
            _tell(name, finding)
    if faults:
        click.echo(f"{faults} {'fault' if faults == 1 else 'faults'}", err=True)
        raise SystemExit(1)


def _tried(check: Check, settings: Settings) -> Iterator[Finding]:
    try:
        yield from check(settings)
    except Exception as fault:
        told = explain(fault)
        if told is None:
            raise
        yield Finding(told, "see above")


def _tell(name: str, finding: Finding) -> None:
    mark = click.style("fault", fg="red") if finding.advice else click.style("ok   ", fg="green")
    click.echo(f"{mark} {name:<14} {finding.what}")
    if finding.advice:
        click.echo(f"{'':<21}-> {finding.advice}")


def _configuration(settings: Settings) -> Iterator[Finding]:
    from streams.alerts.rules import load_rules
    from streams.config import ConfigError, load_config, load_planning

    try:
        config = load_config(settings.config)
        rules = load_rules(config.rules_text, config.directory)
        planning = load_planning(settings.config, config.directory)
    except ConfigError as fault:
        yield Finding(str(fault), f"mend it in {settings.config}, or set SALESPULSE_CONFIG to another folder")
        return
    people, groups = len(config.directory.managers), len(config.directory.groups)
    yield Finding(f"{people} managers, {groups} groups, {len(rules)} alert rules; version {config.version}")
    stages = sum(len(pipeline.stages) for pipeline in config.directory.funnel.pipelines.values())
    plans, bonuses = len(planning.plans), len(planning.bonuses)
    yield Finding(f"{stages} stages of pipelines, {plans} plans, bonus of {bonuses} groups")
    yield from _connected(config, rules)


def _connected(config: "Config", rules: list["Rule"]) -> Iterator[Finding]:
    """Which KPI have no value for want of an input, and which rules therefore rest."""
    from streams.kpis.connected import connected_inputs, connected_kpis
    from streams.kpis.declarations import KPIS
    from streams.kpis.kpi import INPUTS

    provided = [source.provides for source in config.directory.sources.values()]
    missing = set(INPUTS) - connected_inputs(provided)
    if not missing:
        return
    connected = connected_kpis(provided)
    unknown = len(KPIS.keys() - connected)
    yield Finding(f"not connected: {', '.join(sorted(missing))}; {unknown} of {len(KPIS)} KPI have no value")
    for rule in rules:
        if rule.kpi.id not in connected:
            lacking = ", ".join(sorted(rule.kpi.needs & missing))
            yield Finding(f"rule {rule.name} rests: {rule.kpi.id} needs {lacking}")


def _secrets(settings: Settings) -> Iterator[Finding]:
    kept = settings.data_dir / "secret"
    if settings.secret:
        yield Finding("SALESPULSE_SECRET is set")
    elif kept.exists():
        yield Finding(f"SALESPULSE_SECRET is not set here; `salespulse up` has its own in {kept}")
    else:
        yield Finding("SALESPULSE_SECRET is not set", _told_by(settings.customer_secret))


def _told_by(refusing: Callable[[], object]) -> str:
    try:
        refusing()
    except SettingsError as fault:
        return str(fault)
    return ""


def _embedded(_: Settings) -> Iterator[Finding]:
    """Only where `salespulse up` can be meant: in a clone."""
    from streams.local import jars

    if not (Path(__file__).resolve().parents[2] / "deploy" / "kafka" / "pom.xml").exists():
        return
    try:
        java, there = jars.java(), jars.folder().exists()
    except jars.MissingTool as missing:
        yield Finding("`salespulse up` cannot run here", str(missing))
        return
    yield (
        Finding(f"{java}; Kafka's jars are here")
        if there
        else Finding("Kafka's jars are missing", "make install")
    )


def _kafka(settings: Settings) -> Iterator[Finding]:
    from streams.topology import KafkaAway, reach

    try:
        reach(settings.kafka)
    except KafkaAway as away:
        advice = "start it (`salespulse up`, or `docker compose up kafka`), or set SALESPULSE_KAFKA"
        yield Finding(str(away), advice)
        return
    yield Finding(f"{settings.kafka} answers")
    yield from _topics(settings)
    yield from _roles(settings)


def _topics(settings: Settings) -> Iterator[Finding]:
    from streams.topology import ensure_topics

    findings = ensure_topics(settings, make=False)
    for fault in findings.faults:
        what, _, advice = fault.partition(": ")
        yield Finding(what, advice)
    if not findings.faults:
        yield Finding(f"{findings.fine} topics as declared")


def _roles(settings: Settings) -> Iterator[Finding]:
    from confluent_kafka.admin import AdminClient

    from streams.epochs import in_force

    admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})
    internal = in_force(settings)
    for role, group in (("worker", internal.group(WORKER_GROUP)), ("sink", internal.group(SINK_GROUP))):
        told = admin.describe_consumer_groups([group], request_timeout=_ANSWER)[group].result()
        if told.members:
            yield Finding(f"{len(told.members)} {role} at work")
        else:
            yield Finding(f"no {role} is at work", f"start one: `salespulse {role}`; if it runs, see its log")


def _clickhouse(settings: Settings) -> Iterator[Finding]:
    from clickhouse_connect.driver.exceptions import Error

    from streams.sinks.connection import connect
    from streams.sinks.migrations import pending

    where = settings.clickhouse.rsplit("@", 1)[-1]
    try:
        client = connect(settings.clickhouse)
    except Error as fault:
        advice = "start it (`salespulse up`, or `docker compose up clickhouse`), or set SALESPULSE_CLICKHOUSE"
        yield Finding(f"{where}: {in_short(fault)}", advice)
        return
    try:
        yield Finding(f"{where}, version {client.server_version}")
        missing = pending(client)
    finally:
        client.close()
    if missing:
        yield Finding(
            f"{len(missing)} migrations are not applied, first {missing[0]}", "`salespulse migrate`"
        )
    else:
        yield Finding("the schema is as this version wants it")


_CHECKS: dict[str, Check] = {
    "configuration": _configuration,
    "secret": _secrets,
    "this machine": _embedded,
    "Kafka": _kafka,
    "ClickHouse": _clickhouse,
}
