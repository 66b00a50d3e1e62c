"""Canonical call events for the benches, made by the simulation of a call centre."""

import json
import time
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from streams.directory import Directory
from streams.event_types import EVENT_TYPES
from streams.importing.writer import KafkaWriter
from streams.simulate import centre_of, simulate
from streams.topics import CALLS

EXAMPLE = Path(__file__).resolve().parents[1] / "deploy" / "config"
_DAY_MS = 86_400_000
#: Call events of one manager's day, or somewhat fewer.
_A_DAY = 350

Event = dict[str, Any]


def call_events(count: int, config: Path = EXAMPLE, seed: int = 1) -> list[Event]:
    """So many events of topic `pbx.calls`, sorted by time, the last of them a little before now."""
    directory = Directory.from_text((config / "directory.yaml").read_text("utf-8"))
    now = int(time.time() * 1000)
    managers = sum(each.active for each in directory.managers.values())
    days = 2 + count // (_A_DAY * managers)
    told = simulate(
        seed, days=days, start=now - (days + 1) * _DAY_MS, centre=centre_of(directory, now - days * _DAY_MS)
    )
    found = list(islice((each for each in told if EVENT_TYPES[each["type"]].topic == CALLS), count))
    if len(found) < count:
        raise ValueError(f"the simulation of {days} days told {len(found)} events, {count} are wanted")
    return found


def key(event: Event) -> bytes | None:
    """Key of an event's record, as `salespulse simulate` writes it."""
    text: str = event.get("customer") or event.get("manager", "")
    return text.encode() or None


def value(event: Event) -> bytes:
    """An event as the value of a record."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def write(bootstrap: str, events: list[Event]) -> None:
    """Writes all events to `pbx.calls`; the broker has them when this returns."""
    writer = KafkaWriter(bootstrap)
    for event in events:
        writer.put(CALLS, key(event), value(event))
    writer.finish()


def sized_config(folder: Path, managers: int) -> Path:
    """The example configuration in a folder of its own, with so many managers."""
    folder.mkdir(parents=True, exist_ok=True)
    directory = yaml.safe_load((EXAMPLE / "directory.yaml").read_text("utf-8"))
    groups = sorted(directory["groups"])
    known = directory["managers"]
    for number in range(len(known) + 1, managers + 1):
        known[f"m{number:03d}"] = {"name": f"Person {number}", "group": groups[number % len(groups)]}
    (folder / "directory.yaml").write_text(yaml.safe_dump(directory, allow_unicode=True, sort_keys=False))
    (folder / "rules.yaml").write_text((EXAMPLE / "rules.yaml").read_text("utf-8"))
    return folder
