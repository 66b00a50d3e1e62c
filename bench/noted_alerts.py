"""When alerts with a known cause were there: on topic `alerts`, in ClickHouse, at the webhook.

Nothing is told unless each expected alert fired exactly once, with the value that its cause brought about,
and no other alert of these rules did.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.crossings import RULES, Watched, rule_of, value_when_fired
from bench.noted import NotYet, Passage
from streams.topics import ALERTS
from tests.e2e.installation import Installation

_CAUSES = f"""
SELECT event_id, min(toUnixTimestamp64Milli(logged_at)) FROM sales_rows.events FINAL
WHERE event_id LIKE '{RULES}%/crossing/%' GROUP BY event_id"""
_WHERE = f"rule LIKE '{RULES}%'"
_ALERTS = f"SELECT rule, subject, state, toString(value) FROM sales.alerts WHERE {_WHERE}"
_TRANSITIONS = f"SELECT rule, subject, state, toString(value) FROM sales_rows.alerts FINAL WHERE {_WHERE}"
_ROWS = f"""
SELECT rule, subject, min(toUnixTimestamp64Milli(stored_at)) FROM bench.alerts
WHERE {_WHERE} GROUP BY rule, subject"""

#: What an alert is about, its state, and the value that it tells.
Told = tuple[Watched, str, float]


class WrongAlerts(Exception):
    """Other alerts came than were expected; the message says which."""


def came(installation: Installation, section: int) -> int:
    """Alerts of a section that ClickHouse has by now."""
    found = installation.query(f"SELECT count() FROM sales.alerts WHERE rule = '{rule_of(section)}'")
    return int(found[0][0])


def alert_passages(
    installation: Installation, posts: Iterable[Mapping[str, Any]], expected: Mapping[str, Watched]
) -> dict[str, list[Passage]]:
    """From each cause to its alert, by where that arrived. Raises `NotYet`, `WrongAlerts`.

    `posts`: what came to the webhook. `expected`: what fires, by the id of the event that causes it.
    """
    causes = {event_id: int(at) for event_id, at in installation.query(_CAUSES)}
    began = {watched: causes.get(event_id, 0) for event_id, watched in expected.items()}
    on_topic = list(_records(installation.kafka))
    once_each(began, [(_told(record), "on the topic") for _, record in on_topic])
    for query, where in ((_ALERTS, "in sales.alerts"), (_TRANSITIONS, "among the transitions")):
        found = installation.query(query)
        once_each(began, [(((rule, who), state, float(value)), where) for rule, who, state, value in found])
    rows = {(rule, who): int(at) for rule, who, at in installation.query(_ROWS)}
    posted: dict[Watched, int] = {}
    for post in posts:
        posted.setdefault((post["rule"], post["subject"]), int(post["noted_at"]))
    return {
        "alert": _from(began, {_told(record)[0]: at for at, record in on_topic}, "alert on the topic"),
        "alert_row": _from(began, rows, "alert in ClickHouse"),
        "alert_post": _from(began, posted, "alert at the webhook"),
    }


def once_each(expected: Iterable[Watched], told: Iterable[tuple[Told, str]]) -> None:
    """Raises `WrongAlerts` unless all that was told was expected, once, as firing with the right value.

    Raises `NotYet` when something is missing.
    """
    wanted = set(expected)
    values = {rule: float(value_when_fired(int(rule.rsplit("-", 1)[1]))) for rule, _ in wanted}
    seen: Counter[Watched] = Counter()
    for (watched, state, value), where in told:
        seen[watched] += 1
        if watched not in wanted or seen[watched] > 1:
            raise WrongAlerts(f"{where}: {watched} was not expected" + " again" * (watched in wanted))
        if state != "firing" or value != values[watched[0]]:
            raise WrongAlerts(
                f"{where}: {watched} is {state} at {value:g}, not firing at {values[watched[0]]:g}"
            )
    if missing := wanted - seen.keys():
        raise NotYet(f"{len(missing)} of {len(wanted)} alerts are missing, such as {min(missing)}")


def _from(began: Mapping[Watched, int], arrived: Mapping[Watched, int], what: str) -> list[Passage]:
    missing = [watched for watched, at in began.items() if not at or watched not in arrived]
    if missing:
        raise NotYet(f"{what}: {len(missing)} of {len(began)} are missing, such as {min(missing)}")
    return [(at, arrived[watched]) for watched, at in began.items()]


def _told(record: Mapping[str, Any]) -> Told:
    return (record["rule"], record["subject"]), record["state"], float(record["value"])


def _records(bootstrap: str) -> Iterable[tuple[int, dict[str, Any]]]:
    """All that stands on topic `alerts` of these rules, each with the time at which Kafka got it."""
    reader = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "bench.alerts", "enable.auto.commit": False}
    )
    try:
        for number in reader.list_topics(ALERTS, timeout=10).topics[ALERTS].partitions:
            place = TopicPartition(ALERTS, number, 0)
            reader.assign([place])
            offset, end = reader.get_watermark_offsets(place, timeout=10)
            while offset < end:
                message = reader.poll(10)
                if message is None:
                    raise TimeoutError(f"topic {ALERTS}: no record within 10 s")
                if message.error():
                    raise KafkaException(message.error())
                offset += 1
                record = msgspec.json.decode(message.value() or b"{}")
                if str(record.get("rule", "")).startswith(RULES):
                    yield message.timestamp()[1], record
    finally:
        reader.close()
