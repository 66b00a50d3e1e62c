"""The day that `bench.memory` folds: what intake makes of it, in a file, so that the measured process starts empty."""

import json
import struct
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bench.backlog import EXAMPLE, sized_config
from streams.agents.intake import IntakeStage
from streams.config import Config, config_of
from streams.customers import CustomerKeys
from streams.event_types import EVENT_TYPES
from streams.intake import Intake
from streams.simulate import centre_of, simulate
from streams.topics import InternalTopics

INTERNAL = InternalTopics(1)
PARTITIONS = 8
#: A Monday, at 00:00 UTC, ms.
DAY = int(datetime(2027, 2, 1, tzinfo=UTC).timestamp() * 1000)
_HOUR = 3_600_000
#: The feed ends in the evening, when most of a day has been seen and nothing of it forgotten.
_ENDS = DAY + 18 * _HOUR
#: Calls for each different customer of a simulated day.
_CALLS_A_CUSTOMER = 1.95
#: Events between two checkpoints of intake.
_EVERY = 500
_FRAME = struct.Struct(">BQI")

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """How large the centre is."""

    managers: int
    customers: int
    deals: int


class Raw(msgspec.Struct):
    """A record as the engine gives it to a stage."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


def configuration(size: Size) -> Config:
    """The example's configuration, with so many managers."""
    with tempfile.TemporaryDirectory() as folder:
        sized_config(Path(folder), size.managers)
        files = {path.name: path.read_text("utf-8") for path in EXAMPLE.iterdir() if path.suffix == ".yaml"}
        files["directory.yaml"] = (Path(folder) / "directory.yaml").read_text("utf-8")
    return config_of({name: files[name] for name in files if name in ("directory.yaml", "funnel.yaml")})


def write_feed(size: Size, path: Path) -> dict[str, int]:
    """Writes events records of the days; how many different customers and open deals are in them.

    First deals that began in the days before and are open, then the day as the simulator tells it.
    """
    config = configuration(size)
    intake = IntakeStage(
        intake=Intake(config.directory, CustomerKeys(b"a secret of the bench")),
        config=config,
        internal=INTERNAL,
        partitions=PARTITIONS,
    )
    intake.clear()
    counted = _Counted()
    with path.open("wb") as file:
        for part, events in enumerate((_open_deals(size, config), counted.day(size, config))):
            for partition, value in _taken_in(intake, events):
                file.write(_FRAME.pack(part, partition, len(value)))
                file.write(value)
    assert not intake.refused, f"{intake.refused} events were refused"
    return {"customers": len(counted.customers), "deals": size.deals, "events": counted.events}


def read_feed(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Part (0: deals, 1: the day), partition and value of each events record, in their order."""
    with path.open("rb") as file:
        while head := file.read(_FRAME.size):
            part, partition, length = _FRAME.unpack(head)
            yield part, partition, file.read(length)


def _taken_in(intake: IntakeStage, events: Iterable[Event]) -> Iterator[tuple[int, bytes]]:
    offset = 0
    for offset, event in enumerate(events):
        topic = EVENT_TYPES[event["type"]].topic
        at = int(datetime.fromisoformat(event["occurred_at"]).timestamp() * 1000)
        value = json.dumps(event).encode()
        intake.fold(Raw(topic, 0, offset, at, None, value))
        if offset % _EVERY == 0:
            yield from _outputs(intake)
    yield from _outputs(intake)


def _outputs(intake: IntakeStage) -> Iterator[tuple[int, bytes]]:
    for wave in intake.collect().waves:
        for output in wave:
            if output.topic == INTERNAL.events:
                assert output.partition is not None
                assert output.value is not None
                yield output.partition, output.value


def _open_deals(size: Size, config: Config) -> Iterator[Event]:
    """Deals of five days before, each in its third stage; of customers of whom nothing else is known."""
    managers = list(config.directory.managers)
    for days in range(5, 0, -1):
        for number in range(days - 1, size.deals, 5):
            for step, stage in enumerate(("new", "qualified", "proposal")):
                yield {
                    "event_id": f"stock-{number}-{step}",
                    "type": "deal.stage_changed",
                    "source": "crm",
                    "occurred_at": _iso(DAY - days * 24 * _HOUR + 9 * _HOUR + step * _HOUR + number),
                    "customer": f"+7495{2_000_000 + number}",
                    "manager": managers[number % len(managers)],
                    "deal_id": f"stock-{number}",
                    "pipeline": "main",
                    "stage": stage,
                    "stage_kind": "open",
                    "amount": 1000 + number,
                    "currency": "RUB",
                }


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


class _Counted:
    """The simulated day, and what has been seen in it."""

    def __init__(self) -> None:
        self.customers: set[str] = set()
        self.events = 0

    def day(self, size: Size, config: Config) -> Iterator[Event]:
        """Up to the evening, as many calls as bring so many customers."""
        calls = size.customers * _CALLS_A_CUSTOMER
        centre = centre_of(config.directory, DAY)
        for event in simulate(1, None, 1, calls, start=DAY, centre=centre):
            if int(datetime.fromisoformat(event["occurred_at"]).timestamp() * 1000) > _ENDS:
                return
            if customer := event.get("customer"):
                self.customers.add(customer)
            self.events += 1
            yield event
