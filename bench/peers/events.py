"""The events of the job's topic: made, written, and counted by hand as what every engine has to say."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
from confluent_kafka import Producer

from bench.peers.job import HOUR, MINUTE_MS, SHORT

MANAGERS = 200
#: ms of event time between two events.
STEP_MS = 10
KINDS = ("call.answered", "call.missed", "call.ended", "stage.changed")


class Call(msgspec.Struct, gc=False):
    """What the job needs of an event."""

    manager_id: str
    occurred_at: int
    wait_s: int
    talk_s: int
    type: str


def make(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """So many events, the last of them a moment ago, 100 a second."""
    chance = random.Random(seed)
    begin = int(time.time() * 1000) - count * STEP_MS
    for number in range(count):
        yield {
            "event_id": f"e{number:010d}",
            "type": chance.choice(KINDS),
            "manager_id": f"mgr-{chance.randrange(MANAGERS):04d}",
            "occurred_at": begin + number * STEP_MS,
            "customer": f"+7900{chance.randrange(10**7):07d}",
            "direction": "in",
            "wait_s": chance.randrange(60),
            "talk_s": chance.randrange(300),
            "call_id": f"c{number // 3}",
        }


#: by manager and minute: n, waits, talks, missed
Counted = dict[str, dict[int, list[int]]]


def write(bootstrap: str, topic: str, count: int) -> Counted:
    """Writes the events by manager and returns what they amount to, counted here."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 50, "compression.type": "lz4"})
    encode = msgspec.json.Encoder().encode
    counted: Counted = defaultdict(dict)
    for number, event in enumerate(make(count)):
        producer.produce(topic, encode(event), key=event["manager_id"].encode())
        if number % 500 == 0:
            producer.poll(0)
            while len(producer) > 50_000:
                producer.poll(0.05)
        held = counted[event["manager_id"]].setdefault(event["occurred_at"] // MINUTE_MS, [0, 0, 0, 0])
        missed = event["type"] == "call.missed"
        for place, value in enumerate((1, event["wait_s"], event["talk_s"], missed)):
            held[place] += value
    producer.flush()
    return counted


def last_rows(counted: Counted, *, together: bool) -> dict[str, dict[str, int]]:
    """Each manager's last row: as of his own last minute, or `together` as of the last of all."""
    last = max(max(minutes) for minutes in counted.values())
    return {
        manager: _row(minutes, last if together else max(minutes)) for manager, minutes in counted.items()
    }


def _row(minutes: dict[int, list[int]], last: int) -> dict[str, int]:
    row = {"minute": last}
    for length in (SHORT, HOUR):
        for place, letter in enumerate("nwtm"):
            within = [held[place] for minute, held in minutes.items() if last - length < minute <= last]
            row[f"{letter}{length}"] = sum(within)
    return row
