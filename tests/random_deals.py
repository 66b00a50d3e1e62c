"""Random deals, tasks and activities, and customers who turn out to be one: mostly nonsense.

Deals go back, skip, stay, are reopened, won twice, change owner, pipeline and customer, get their
amount after the win, in known and unknown currencies, and leave a stage when its limit is over, not a
millisecond earlier or later; tasks are moved, done early and late, given away when done; all of it now
and then at one moment, and some of it by robots and by people nobody listed.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
_MANAGERS = ["m1", "m2", "m3", "m5", "m9"]
#: Pipeline, stage, kind: `extra` is in no funnel.
_STAGES = [
    ("main", "new", "open"),
    ("main", "offer", "open"),
    ("main", "talks", "open"),
    ("main", "extra", "open"),
    ("main", "won", "won"),
    ("main", "paid", "won"),
    ("main", "lost", "lost"),
    ("other", "new", "open"),
    ("other", "won", "won"),
]
_OTHERS = [
    "meeting.scheduled", "meeting.held", "meeting.missed", "complaint.created", "complaint.closed",
    "customer.contacted",
]  # fmt: skip
#: Some are the very limits of the stages.
_GAPS = [0, 0, 1, 600, 3_600, 3_600, 4_000, 7_200, 86_400, 90_000, 400_000]
_AMOUNTS = [1000, 7.07, "1500.50", "0.005", "0.015", "99.995", "-20", "0", "123456789012.345678"]
_START = datetime(2026, 10, 1, 12, tzinfo=UTC)


def random_deals(
    seed: int, deals: int = 12, tasks: int = 8, others: int = 20, customers: int = 5, *, quick: bool = False
) -> list[Json]:
    """Events of contract's JSON in the order of time, as `tests.random_calls` has them in `at` ms.

    `quick`: within hours instead of weeks.
    """
    made = _Deals(random.Random(seed), customers, _GAPS[:-3] if quick else _GAPS)
    for number in range(deals):
        made.deal(f"d{number}")
    for number in range(tasks):
        made.task(f"t{number}")
    for _ in range(others):
        made.other()
    return made.found


class _Deals:
    def __init__(self, chance: random.Random, customers: int, gaps: list[int]) -> None:
        self.chance = chance
        self.customers = customers
        self.gaps = gaps
        self.now = 0
        self.found: list[Json] = []

    def customer(self) -> str:
        return f"+7495123{self.chance.randrange(self.customers):04d}"

    def start(self) -> None:
        self.now = self.chance.randrange(2 * 86_400_000)

    def wait(self) -> None:
        self.now = max(
            0, self.now + self.chance.choice(self.gaps) * 1000 + self.chance.choice([0, 0, 0, -1, 1])
        )

    def tell(self, kind: str, **fields: Any) -> None:
        common = {
            "event_id": f"{self.chance.randrange(1000)}-{len(self.found)}",
            "type": kind,
            "source": "crm",
            "at": self.now,
        }
        known = {name: value for name, value in fields.items() if value != ""}
        self.found.append(common | known)

    def actor(self) -> str:
        return self.chance.choice(["", "", "", "", "system", "m2", "m4", "m9"])

    def money(self) -> Json:
        """An amount, a currency, both, or nothing."""
        chance = self.chance
        currency = chance.choice(["", "", "", "RUB", "USD", "XXX"])
        return {"amount": "" if chance.random() < 0.4 else chance.choice(_AMOUNTS), "currency": currency}

    def deal(self, deal_id: str) -> None:
        chance = self.chance
        self.start()
        customer, manager = self.customer(), chance.choice(_MANAGERS)
        if chance.random() < 0.2:
            self.proposal(deal_id, customer, manager)
        place = chance.choice(_STAGES)
        for _ in range(chance.choice([1, 3, 6, 9])):
            if chance.random() < 0.25:
                manager = chance.choice(_MANAGERS)
            if chance.random() < 0.1:
                customer = self.customer()
            about = {"deal_id": deal_id, "customer": customer}
            what = chance.random()
            if what < 0.15:
                self.proposal(deal_id, customer, manager)
            elif what < 0.35:
                named = {
                    "manager": chance.choice(["", manager]),
                    "pipeline": chance.choice(["", "", "other"]),
                }
                self.tell("deal.changed", **about, **named, **self.money(), actor=self.actor())
            elif what < 0.45:
                for _ in range(chance.choice([1, 2, 3])):
                    kind = chance.choice(["scheduled", "scheduled", "held", "missed"])
                    self.tell(f"meeting.{kind}", **about, manager=manager, actor=self.actor())
                    self.wait()
            else:
                place = place if chance.random() < 0.15 else chance.choice(_STAGES)
                pipeline, stage, kind = place
                reason = chance.choice(["price", "duplicate", ""]) if kind == "lost" else ""
                self.tell(
                    "deal.stage_changed",
                    **about,
                    manager=manager,
                    pipeline=pipeline,
                    stage=stage,
                    stage_kind=kind,
                    loss_reason=reason,
                    lead_id=chance.choice(["", "", "l1"]),
                    actor=self.actor(),
                    **self.money(),
                )
            self.wait()
        if chance.random() < 0.1:
            self.tell("deal.removed", deal_id=deal_id, why="deleted")

    def proposal(self, deal_id: str, customer: str, manager: str) -> None:
        amount = self.chance.choice(["", "2500", "10.10"])
        self.tell(
            "proposal.sent",
            deal_id=deal_id,
            customer=customer,
            manager=manager,
            amount=amount,
            actor=self.actor(),
        )
        self.wait()

    def task(self, task_id: str) -> None:
        chance = self.chance
        self.start()
        about = {"task_id": task_id, "customer": self.customer(), "deal_id": chance.choice(["", "d1"])}
        manager = chance.choice(_MANAGERS)
        if chance.random() < 0.9:
            self.tell("task.created", **about, manager=manager, due_at=self.due(), actor=self.actor())
        for _ in range(chance.choice([0, 1, 2])):
            self.wait()
            named = {"manager": chance.choice(["", *_MANAGERS]), "due_at": self.due()}
            self.tell("task.changed", **about, **named)
        for _ in range(chance.choice([0, 1, 1, 2])):
            self.wait()
            self.tell(
                "task.done", **about, manager=chance.choice(_MANAGERS), due_at=self.due(), actor=self.actor()
            )
        if chance.random() < 0.3:
            self.wait()
            named = {"manager": chance.choice(["", *_MANAGERS]), "due_at": self.due()}
            self.tell("task.changed", **about, **named, actor=self.actor())
        if chance.random() < 0.1:
            self.tell("task.removed", task_id=task_id, why="test")

    def due(self) -> str:
        if self.chance.random() < 0.3:
            return ""
        at = _START + timedelta(milliseconds=self.now + self.chance.choice([-600, 0, 600, 90_000]) * 1000)
        return at.isoformat(timespec="milliseconds")

    def other(self) -> None:
        chance = self.chance
        self.start()
        about: Json = {
            "customer": self.customer(),
            "manager": chance.choice(_MANAGERS),
            "actor": self.actor(),
        }
        kind = chance.choice([*_OTHERS, "call.rated"])
        if kind.startswith("complaint."):
            about["manager"] = chance.choice(["", *_MANAGERS])
            about["justified"] = chance.choice([True, True, False, ""])
        elif kind == "call.rated":
            about["call_id"] = f"r{about['customer'][1:]}"
            about["score"], about["score_max"] = (
                chance.choice([0, 1, 2.5, 4, 7]),
                chance.choice(["", 3, 5, 10]),
            )
            about["rated_by"] = chance.choice(["", "customer", "reviewer", "machine"])
        elif kind == "customer.contacted":
            about["via"] = "visit"
        for _ in range(chance.choice([1, 1, 1, 2])):
            self.tell(kind, **about)
