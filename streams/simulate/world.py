"""The state of the simulation: people, customers, the chance, and the events told so far."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from streams.simulate.centre import Centre, Team
from streams.simulate.timeline import Steps, Timeline

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(slots=True, eq=False)
class Manager:
    """A person who takes calls, with habits of their own."""

    id: str
    team: str
    ring_ms: int  #: usual time until answering
    ignores: float  #: share of offers let ring
    declines: float  #: share of offers refused
    talk: float  #: how long calls last, against the usual
    present: bool = False
    paused: bool = False
    busy: bool = False  #: ringing, talking or writing notes
    idle_since: int = 0

    @property
    def free(self) -> bool:
        """Whether a call may be offered."""
        return self.present and not self.paused and not self.busy


@dataclass(slots=True, eq=False)
class Customer:
    """Somebody who calls or is called."""

    key: str  #: phone, or empty for a hidden number
    team: str
    reached_at: int = -1  #: the last conversation
    calling: bool = False


@dataclass(slots=True, eq=False)
class Call:
    """A call as it goes on."""

    id: str
    direction: str
    customer: Customer
    key: str


@dataclass(slots=True)
class World:
    """Everything that the processes share."""

    centre: Centre
    rng: random.Random
    time: Timeline
    run: str  #: prefix of all ids
    talk_ms: int  #: how long most conversations last
    managers: dict[str, list[Manager]] = field(default_factory=dict)
    waiting: dict[str, list[Call]] = field(default_factory=dict)
    customers: list[Customer] = field(default_factory=list)
    open_calls: dict[str, str] = field(default_factory=dict)  #: call id -> customer
    _told: list[dict[str, Any]] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)
    _phones: Iterator[str] = field(default_factory=lambda: iter(()))

    @classmethod
    def new(cls, centre: Centre, seed: int, start: int, talk_ms: int) -> "World":
        """The world at `start` (ms since the epoch), before anything happened."""
        rng = random.Random(seed)
        world = cls(centre, rng, Timeline(start), f"{seed}.{start // SECOND:x}", talk_ms)
        world._phones = phones(rng.randrange(10_000))
        for team in centre.teams:
            world.managers[team.id] = [_manager(rng, name, team.id) for name in team.managers]
            world.waiting[team.id] = []
        return world

    @property
    def now(self) -> int:
        """The simulated moment."""
        return self.time.now

    def begin(self, steps: Steps[None], after: float = 0) -> None:
        """Starts a process `after` milliseconds from now."""
        self.time.begin(steps, int(after))

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.rng.random() < probability

    def about(self, median: float, spread: float = 0.5) -> int:
        """A duration around `median`, seldom much longer (log-normal)."""
        return int(median * self.rng.lognormvariate(0.0, spread))

    def number(self, kind: str) -> str:
        """The next id of its kind."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{self.run}-{kind}{self._counts[kind]}"

    def tell(self, kind: str, **fields: Any) -> None:
        """An event happens now. Fields that are empty are left out."""
        event = {
            "event_id": self.number("e"),
            "type": kind,
            "occurred_at": timestamp(self.now),
            "source": self.centre.source,
        }
        event.update((name, value) for name, value in fields.items() if value not in ("", None))
        self._told.append(event)
        if kind == "call.started":
            self.open_calls[event["call_id"]] = event["customer"]
        elif kind == "call.ended":
            self.open_calls.pop(event["call_id"])

    def told(self) -> list[dict[str, Any]]:
        """What happened since the last time of asking."""
        told, self._told = self._told, []
        return told

    def team(self, name: str) -> Team:
        """The team of this id."""
        return next(team for team in self.centre.teams if team.id == name)

    def free(self, team: str) -> list[Manager]:
        """Who could take a call, longest idle first."""
        return sorted((m for m in self.managers[team] if m.free), key=lambda m: m.idle_since)

    def newcomer(self, team: str) -> Customer:
        """A customer never heard of before."""
        customer = Customer(next(self._phones), team)
        self.customers.append(customer)
        return customer

    def acquaintance(self, team: str) -> Customer:
        """One of the customers of late who is not on the phone, or a newcomer."""
        recent = [c for c in self.customers[-300:] if c.team == team and not c.calling]
        return self.rng.choice(recent) if recent else self.newcomer(team)


def _manager(rng: random.Random, name: str, team: str) -> Manager:
    skill = rng.random()  # 0 is the best
    return Manager(
        name,
        team,
        ring_ms=int(3_500 + 7_000 * skill),
        ignores=0.02 + 0.2 * skill * skill,
        declines=0.01 + 0.03 * rng.random(),
        talk=0.75 + 0.6 * rng.random(),
    )


def phones(first: int) -> Iterator[str]:
    """Fictional numbers, each once: a block of 10 000, then those reserved for films."""
    for n in range(10_000):
        number = (first + n * 7_919) % 10_000
        if number >= 100:  # below are the lines of the centre itself
            yield f"+7495123{number:04d}"
    while True:
        for area in range(201, 990):
            if area % 100 != 11:
                for n in range(100):
                    yield f"+1{area}55501{n:02d}"


def timestamp(at: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"
