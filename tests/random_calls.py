"""Random logs of canonical events: believable calls and leads, and then what goes wrong on the way.

The same seed gives the same log. A log is in the order of arrival: events come late, twice, under
the same id with other content, or not at all; clocks differ; some sources know whole seconds only.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.random_deals import random_deals
from tests.random_leads import random_lead

Json = dict[str, Any]

#: Managers and groups of the logs; `m9` is in no directory.
MANAGERS = {"m1": "sales", "m2": "sales", "m3": "support", "m4": "support", "m5": "night"}
LINES = {"+74951230001": "sales", "+74951230002": "support"}
#: `night` is always open.
HOURS = {
    "sales": dict.fromkeys(range(5), (9 * 60, 18 * 60)),
    "support": dict.fromkeys(range(6), (8 * 60, 20 * 60)),
}
#: A Thursday, 12:00 in UTC.
START = datetime(2026, 10, 1, 12, tzinfo=UTC)
_REASONS = ["hangup", "", "voicemail", "queue_timeout", "ivr_end", "closed", "callback_taken", "failed"]
_SOURCES = ["pbx", "asterisk", "mango"]


@dataclass(frozen=True)
class Nastiness:
    """How often something goes wrong, as shares."""

    lost: float = 0.02
    twice: float = 0.05
    other_content: float = 0.02
    late: float = 0.1
    skewed: float = 0.03


NONE = Nastiness(0, 0, 0, 0, 0)


def random_log(
    seed: int,
    calls: int = 60,
    customers: int = 6,
    days: float = 2.0,
    nastiness: Nastiness | None = None,
    leads: int | None = None,
    deals: int = 0,
    links: int = 0,
) -> list[Json]:
    """Events in the order in which they arrive.

    `deals`: how many deals, and as many tasks, meetings and so on; `links`: how many events that say
    who a customer is.
    """
    chance = random.Random(seed)
    nasty = nastiness or Nastiness()
    events: list[Json] = []
    starts: list[int] = []
    for number in range(calls):
        events += _Call(chance, number, customers, days, starts).events()
    notes = _notes(chance, events, customers, days)
    moments = [event["at"] for event in events]
    for number in range(calls // 6 if leads is None else leads):
        events += random_lead(chance, number, moments, phone(chance.randrange(customers)))
    events += notes
    events += list(_statuses(chance, moments, days))
    events += list(_requests(chance, moments, customers))
    events += random_deals(seed, deals, deals, 2 * deals, customers, quick=days < 1)
    events += list(_links(chance, customers, days, links))
    events = [event for event in events if chance.random() >= nasty.lost]
    for event in events:
        if chance.random() < nasty.skewed:
            event["at"] += chance.randint(-3000, 3000)
    return [_written(event) for event in _arrivals(chance, events, nasty)]


def _requests(chance: random.Random, moments: list[int], customers: int) -> Iterator[Json]:
    """Customers who ask to be called back, some of them twice, some at a time of their own."""
    for number in range(max(2, len(moments) // 60)):
        at = chance.choice(moments) + chance.choice([0, 0, 600_000, 3_600_000])
        wanted = START + timedelta(milliseconds=at + chance.choice([-60_000, 60_000, 7_200_000]))
        yield {
            "event_id": f"q{number}",
            "type": "callback.requested",
            "source": chance.choice(["site", "pbx"]),
            "at": at,
            "customer": phone(chance.randrange(customers)),
            "group": chance.choice(["", "sales", "support"]),
            "manager": chance.choice(["", "", "m5"]),
            "callback_at": chance.choice(["", "", wanted.isoformat(timespec="milliseconds")]),
        }


def _statuses(chance: random.Random, moments: list[int], days: float) -> Iterator[Json]:
    """Managers who pause, leave and come back, some of them as calls come in, and all too often."""
    for number in range(max(6, len(moments) // 12)):
        at = chance.randrange(int(days * 86_400_000))
        if chance.random() < 0.5:
            at = chance.choice(moments) + chance.choice([-9_000_000, -5000, 0, 1000, 7000])
        yield {
            "event_id": f"s{number}",
            "type": "agent.status",
            "source": chance.choice(["pbx", "asterisk"]),
            "at": at,
            "manager": chance.choice([*MANAGERS, "m9"]),
            "status": chance.choice([*["available"] * 7, "on_call", "wrap_up", "paused", "offline"]),
        }


def _links(chance: random.Random, customers: int, days: float, links: int) -> Iterator[Json]:
    """Customers that turn out to be one, or to be somebody in particular; leads that nobody's are removed."""
    for number in range(links):
        common = {"event_id": f"w{number}", "source": "crm", "at": chance.randrange(int(days * 86_400_000))}
        customer = phone(chance.randrange(customers))
        what = chance.random()
        if what < 0.5:
            same = [phone(chance.randrange(customers)), "crm:7", "anonymous:k1"]
            yield common | {
                "type": "customer.linked",
                "customer": chance.choice([customer, customer, "crm:7"]),
                "same_as": chance.sample(same, chance.choice([1, 2])),
            }
        elif what < 0.75:
            flag = chance.choice(["spam", "test", "shared", "staff", "do_not_call"])
            yield common | {"type": "customer.flagged", "customer": customer, "flag": flag}
        else:
            yield common | {"type": "lead.removed", "lead_id": f"l{chance.randrange(9)}", "why": "merged"}


def _arrivals(chance: random.Random, events: list[Json], nasty: Nastiness) -> Iterator[Json]:
    """The events as the log gets them."""
    arrivals: list[tuple[float, int, Json]] = []
    for event in events:
        delay = chance.expovariate(1 / 500)
        if chance.random() < nasty.late:
            delay += chance.expovariate(1 / 3_600_000)
        arrivals.append((event["at"] + delay, len(arrivals), event))
        if chance.random() < nasty.twice:
            again = event["at"] + delay + chance.expovariate(1 / 600_000)
            arrivals.append((again, len(arrivals), event))
        if chance.random() < nasty.other_content:
            other = {**event, "at": event["at"] + 7000, "manager": "m9"}
            if event["type"] == "agent.status":
                other = {**event, "status": "paused"}
            later = event["at"] + chance.expovariate(1 / 60_000)
            arrivals.append((later, len(arrivals), other))
    for _, _, event in sorted(arrivals, key=lambda arrival: arrival[:2]):
        yield event


def _written(event: Json) -> Json:
    """As JSON of the contract."""
    moment = START + timedelta(milliseconds=event["at"])
    text = moment.isoformat(timespec="milliseconds")
    found = {name: value for name, value in event.items() if name != "at" and value != ""}
    return {**found, "occurred_at": text}


def phone(number: int) -> str:
    """A made-up customer."""
    return f"+7495123{number:04d}"


class _Call:
    """One call, from what a PBX would report of it."""

    def __init__(
        self, chance: random.Random, number: int, customers: int, days: float, starts: list[int]
    ) -> None:
        self.chance = chance
        self.source = chance.choice(_SOURCES)
        self.seconds = self.source == "asterisk"
        self.call_id = f"k{number}"
        self.number = 0
        self.customer = phone(chance.randrange(customers))
        if chance.random() < 0.05:
            self.customer = f"anonymous:{self.call_id}"
        self.now = chance.randrange(int(days * 86_400_000))
        if starts and chance.random() < 0.4:  # calls come in crowds: managers have two at once
            self.now = chance.choice(starts) + chance.randrange(60_000)
        starts.append(self.now)
        self.found: list[Json] = []

    def events(self) -> list[Json]:
        """Its events in order."""
        kind = self.chance.choices(["in", "out", "internal"], [70, 25, 5])[0]
        if kind == "out":
            self.outbound()
        elif kind == "internal":
            self.customer = f"ext:{self.chance.randint(101, 104)}"
            self.add("started", direction="internal", manager="m1")
            self.answered_by("m2")
        else:
            self.inbound()
        if self.chance.random() < 0.1:
            self.wait(86_400)
            score = self.chance.choice([1, 2.5, 5])
            rated_by = self.chance.choice(["customer", "reviewer"])
            self.add("rated", manager="m1", score=score, rated_by=rated_by)
        return self.found

    def add(self, kind: str, **fields: Any) -> None:
        at = self.now // 1000 * 1000 if self.seconds else self.now
        self.number += 1
        event_id = f"{self.call_id}-{self.number}"
        if self.chance.random() < 0.3:
            event_id = f"{self.chance.randrange(10**6)}-{event_id}"
        common = {"event_id": event_id, "type": f"call.{kind}", "source": self.source, "at": at}
        self.found.append(common | {"customer": self.customer, "call_id": self.call_id} | fields)

    def wait(self, seconds: float) -> None:
        """Let some time pass: this long on average."""
        self.now += int(self.chance.expovariate(1 / (seconds * 1000)))

    def inbound(self) -> None:
        chance = self.chance
        line = chance.choice([*LINES, "+74951230099", ""])
        self.add("started", direction="in", line=line)
        self.wait(5)
        if chance.random() < 0.1:
            self.add("ended", reason=chance.choice(["ivr_end", "hangup"]), ended_by="customer")
            return
        if chance.random() < 0.7:
            self.add("queued", group=chance.choice(["sales", "support", "night"]))
            self.wait(8)
        manager = ""
        for _ in range(chance.choice([0, 1, 1, 2, 3])):
            manager = self.round_of_offers()
            if manager:
                break
        if manager:
            self.answered_by(manager)
        elif chance.random() < 0.95:
            self.wait(6)
            reason = chance.choice(_REASONS)
            self.add("ended", reason=reason, ended_by=chance.choice(["customer", "system", ""]))

    def round_of_offers(self) -> str:
        """Rings one manager, or all of a group; gives back who answers."""
        chance = self.chance
        several = chance.random() < 0.35
        rung = chance.sample([*MANAGERS, "m9"], chance.randint(2, 4) if several else 1)
        for manager in rung:
            self.add("offered", manager=manager)
            self.now += chance.choice([0, 0, 15])
        self.wait(9)
        if chance.random() < 0.5:
            taker = chance.choice(rung)
            for manager in rung:
                if manager != taker and chance.random() < 0.9:
                    self.add("offer_ended", manager=manager, reason="answered_elsewhere")
            return taker
        for manager in rung:
            reason = chance.choice(["no_answer", "no_answer", "declined", "busy", "caller_left"])
            if chance.random() < 0.95:
                self.add("offer_ended", manager=manager, reason=reason)
            self.now += chance.choice([0, 0, 40, 2000])
        return ""

    def outbound(self) -> None:
        chance = self.chance
        manager = chance.choice([*MANAGERS, "m9"])
        self.add("started", direction="out", manager=chance.choice([manager, manager, ""]))
        self.wait(15)
        if chance.random() < 0.6:
            self.answered_by(manager)
        elif chance.random() < 0.97:
            self.add("ended", reason="failed")

    def answered_by(self, manager: str) -> None:
        """Talk, with hold and transfers."""
        chance = self.chance
        self.add("answered", manager=manager, group=chance.choice(["", "", "sales"]))
        self.wait(chance.choice([4, 40, 120]))
        if chance.random() < 0.2:
            self.add("held", manager=manager)
            self.wait(20)
            if chance.random() < 0.8:
                self.add("resumed", manager=manager)
            self.wait(20)
        if chance.random() < 0.2:
            self.add("transferred", manager=manager, to_group="support")
            self.wait(3)
            if chance.random() < 0.4:
                self.add("queued", group="support")
            taker = self.round_of_offers()
            if taker and len(self.found) < 40:
                self.answered_by(taker)
                return
        if chance.random() < 0.97:
            self.wait(30)
            recording = f"rec/{self.call_id}" if chance.random() < 0.5 else ""
            self.add("ended", reason="hangup", ended_by="customer", recording=recording)


def _notes(chance: random.Random, events: list[Json], customers: int, days: float) -> list[Json]:
    """What people do about missed calls, and what journeys have no use for."""
    notes: list[Json] = []
    calls = sorted({(e["source"], e["call_id"], e["customer"]) for e in events})
    for number in range(max(2, len(calls) // 8)):
        source, call_id, customer = chance.choice(calls)
        kind = chance.choice(["item.taken", "item.closed", "customer.contacted", "task.done"])
        if kind == "customer.contacted":
            customer = phone(chance.randrange(customers))
        notes.append(
            {
                "event_id": f"n{number}",
                "type": kind,
                "source": "crm",
                "at": chance.randrange(int(days * 86_400_000)),
                "customer": customer,
                "manager": chance.choice(list(MANAGERS)),
            }
            | ({"item_id": f"{source}/{call_id}"} if kind.startswith("item.") else {})
            | ({"via": "mobile"} if kind == "customer.contacted" else {})
            | ({"task_id": f"t{number}"} if kind == "task.done" else {})
        )
    return notes
