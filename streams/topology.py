"""The topics of Kafka as `schemas/topics` declares them: made where they are missing, else checked."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from streams.epochs import in_force
from streams.settings import Settings
from streams.topics import InternalTopics

FOLDER = Path(__file__).resolve().parents[1] / "schemas" / "topics"
_INTERNAL = "salespulse."
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_AWAY = {KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN}  # noqa: SLF001
#: How long the broker may take to do what is asked, and to answer at all, s.
_ANSWER = 15.0
_REACH = 5.0
_LOOK = 0.05


class KafkaAway(Exception):
    """Kafka did not answer, or refused; the message says what was tried."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it should be."""

    name: str
    about: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    key: str
    partitions: int
    #: Whether another number of partitions does no harm.
    any_partitions: bool
    #: Settings of Kafka that differ from the broker's defaults.
    config: dict[str, str]


@dataclass(slots=True)
class Findings:
    """What `ensure_topics` did and found."""

    made: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)
    #: What is not as declared, each with what to do about it.
    faults: list[str] = field(default_factory=list)
    fine: int = 0


def declared_topics(settings: Settings, folder: Path = FOLDER) -> list[Topic]:
    """All topics, public ones first, as these settings want them."""
    files = sorted(folder.glob("*.yaml"), key=lambda path: (path.name.startswith(_INTERNAL), path.name))
    return [_topic(yaml.safe_load(path.read_text("utf-8")), settings) for path in files]


def _topic(text: dict[str, Any], settings: Settings) -> Topic:
    name, partitions = text["topic"], text["partitions"]
    if name.startswith(_INTERNAL):
        name = getattr(InternalTopics(settings.epoch), name.removeprefix(_INTERNAL))
    return Topic(
        name=name,
        about=text["about"],
        writers=tuple(text["writers"]),
        readers=tuple(text["readers"]),
        key=text["key"],
        partitions=partitions if isinstance(partitions, int) else settings.partitions,
        any_partitions=partitions == "any",
        config={key: str(value) for key, value in text["config"].items()} | _retention(text, settings),
    )


def _retention(text: dict[str, Any], settings: Settings) -> dict[str, str]:
    if "hours" in text:
        return {"retention.ms": str(text["hours"] * _HOUR_MS)}
    if "days" not in text:
        return {}
    days = settings.raw_days if text["days"] == "SALESPULSE_RAW_DAYS" else text["days"]
    return {"retention.ms": str(days * _DAY_MS)}


def reach(bootstrap: str) -> None:
    """Ask Kafka once whether it is there. Raises `KafkaAway`."""
    try:
        AdminClient({"bootstrap.servers": bootstrap, "log_level": 0}).list_topics(timeout=_REACH)
    except KafkaException as fault:
        raise KafkaAway(f"Kafka at {bootstrap} {_said(fault)}") from None


def ensure_topics(settings: Settings, *, correct: bool = False, make: bool = True) -> Findings:
    """Make what is missing, check the rest; a second run changes nothing.

    `correct` also sets settings of Kafka that differ. The number of partitions is never changed: keys
    would move. `make=False` only looks. Raises `KafkaAway`.
    """
    admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})
    try:
        wanted = declared_topics(replace(settings, epoch=in_force(settings).epoch))
        there = admin.list_topics(timeout=_ANSWER).topics
        findings = Findings()
        missing = [topic for topic in wanted if topic.name not in there]
        if make:
            findings.made = _make(admin, missing)
        else:
            findings.faults += [f"{topic.name} is missing: run `salespulse topics`" for topic in missing]
        present = [topic for topic in wanted if topic.name in there]
        for topic in present:
            _check_partitions(topic, len(there[topic.name].partitions), findings)
        _check_config(admin, present, findings, correct=correct)
    except KafkaException as fault:
        raise KafkaAway(f"Kafka at {settings.kafka} {_said(fault)}") from None
    told = {fault.split(" ", 1)[0] for fault in findings.faults + findings.corrected}
    findings.fine = len(present) - len(told & {topic.name for topic in present})
    return findings


def _said(fault: KafkaException) -> str:
    error: KafkaError = fault.args[0]
    if error.code() in _AWAY:
        return "does not answer: is it started, is SALESPULSE_KAFKA right?"
    return f"refused: {error.str()}"


def _make(admin: AdminClient, topics: list[Topic]) -> list[str]:
    if not topics:
        return []
    asked = [NewTopic(topic.name, topic.partitions, config=topic.config) for topic in topics]
    made = []
    for name, future in admin.create_topics(
        asked, operation_timeout=_ANSWER, request_timeout=_ANSWER
    ).items():
        try:
            future.result()
        except KafkaException as fault:
            if fault.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
        else:
            made.append(name)
    _wait_until_told(admin, {topic.name for topic in topics})
    return made


def _wait_until_told(admin: AdminClient, names: set[str]) -> None:
    """Returns when the broker names these topics to whoever asks, which is a moment after they were made."""
    until = time.monotonic() + _ANSWER
    while not names <= set(admin.list_topics(timeout=_ANSWER).topics) and time.monotonic() < until:
        time.sleep(_LOOK)


def _check_partitions(topic: Topic, number: int, findings: Findings) -> None:
    if number == topic.partitions or topic.any_partitions:
        return
    findings.faults.append(
        f"{topic.name} has {number} partitions, SALESPULSE_PARTITIONS wants {topic.partitions}: keys would "
        f"move, so set it to {number}, or begin anew with SALESPULSE_EPOCH one higher"
    )


def _check_config(admin: AdminClient, topics: list[Topic], findings: Findings, *, correct: bool) -> None:
    if not topics:
        return
    resources = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics]
    told = {
        resource.name: future.result()
        for resource, future in admin.describe_configs(resources, request_timeout=_ANSWER).items()
    }
    for topic in topics:
        are = {key: told[topic.name][key].value for key in topic.config}
        wrong = {key: value for key, value in topic.config.items() if not _same(are[key], value)}
        if wrong and correct:
            _set(admin, topic.name, wrong)
        for key, value in sorted(wrong.items()):
            if correct:
                findings.corrected.append(f"{topic.name} {key} {are[key]} -> {value}")
            else:
                findings.faults.append(
                    f"{topic.name} has {key}={are[key]}, should have {value}: "
                    "run `salespulse topics --correct`"
                )


def _same(is_: str | None, wanted: str) -> bool:
    """Lists such as compact,delete may be told in another order."""
    return sorted((is_ or "").split(",")) == sorted(wanted.split(","))


def _set(admin: AdminClient, name: str, config: dict[str, str]) -> None:
    entries = [
        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in config.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)
    for future in admin.incremental_alter_configs([resource], request_timeout=_ANSWER).values():
        future.result()
