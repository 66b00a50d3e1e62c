"""Random leads: mostly about the time of a call, assigned and given away, sometimes nonsense."""

import random
from typing import Any

Json = dict[str, Any]
_MANAGERS = ["m1", "m2", "m3", "m5", "m9"]
_CHANNELS = ["web_form", "callback", "chat", "call", ""]


def random_lead(chance: random.Random, number: int, moments: list[int], customer: str) -> list[Json]:
    """The events of a lead of this customer; `moments` are times at which something else happens."""
    return _Lead(chance, number, moments, customer).events()


class _Lead:
    """One lead, from what a CRM would report of it."""

    def __init__(self, chance: random.Random, number: int, moments: list[int], customer: str) -> None:
        self.chance = chance
        self.lead_id = f"l{number}"
        self.customer = customer
        around = chance.choice([0, 1_000, 100_000, 3_600_000])
        self.now = max(0, chance.choice(moments) + chance.randint(-around, around))
        self.found: list[Json] = []

    def events(self) -> list[Json]:
        """Its events in order."""
        chance = self.chance
        self.created()
        if chance.random() < 0.1:
            self.created()
        for _ in range(chance.choice([0, 1, 1, 2, 3])):
            self.wait(chance.choice([0, 20, 400, 40_000]))
            self.add("lead.assigned", manager=chance.choice(_MANAGERS), group=chance.choice(["", "sales"]))
        if chance.random() < 0.15:
            self.wait(600)
            self.about(chance.choice(["item.taken", "item.closed", "customer.contacted"]))
        if chance.random() < 0.3:
            self.wait(chance.choice([60, 90_000]))
            self.add("lead.disqualified", manager=chance.choice(["", "m1"]), reason="spam")
        if chance.random() < 0.1:
            self.wait(5_000)
            self.add("lead.removed", why=chance.choice(["deleted", "test"]))
        return self.found

    def created(self) -> None:
        chance = self.chance
        manager = chance.choice(["", "", *_MANAGERS])
        group = chance.choice(["", "sales", "support", "night"])
        self.add("lead.created", manager=manager, group=group, channel=chance.choice(_CHANNELS))
        self.wait(30)

    def about(self, kind: str) -> None:
        fields = {"via": "messenger"} if kind == "customer.contacted" else {"item_id": f"crm/{self.lead_id}"}
        self.tell(kind, manager=self.chance.choice(_MANAGERS), **fields)

    def add(self, kind: str, **fields: Any) -> None:
        self.tell(kind, lead_id=self.lead_id, **fields)

    def tell(self, kind: str, **fields: Any) -> None:
        event_id = f"{self.chance.randrange(1000)}-{self.lead_id}-{len(self.found)}"
        common = {"event_id": event_id, "type": kind, "source": "crm", "at": self.now}
        self.found.append(common | {"customer": self.customer} | fields)

    def wait(self, seconds: float) -> None:
        if seconds:
            self.now += int(self.chance.expovariate(1 / (seconds * 1000)))
