"""The directory in plain terms, and what a count holds."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
CONVERSATION = 15 * SECOND
SHORT = 5 * SECOND
RING_LONG_ENOUGH = 5 * SECOND
LOOK_AHEAD = 90 * DAY

#: At the same moment these come in this order.
ORDER = [
    "call.started", "call.queued", "call.offered", "call.answered", "call.held", "call.resumed",
    "call.transferred", "call.offer_ended", "call.ended", "call.rated",
]  # fmt: skip
LEAD_ORDER = ["lead.created", "lead.assigned", "lead.disqualified", "lead.removed"]
DEAL_ORDER = ["deal.stage_changed", "deal.changed", "proposal.sent", "deal.removed"]
MEETINGS = ("meeting.scheduled", "meeting.held", "meeting.missed")
TASK_ORDER = ["task.created", "task.changed", "task.done", "task.removed"]
#: Facts about what is open: no part of minutes.
OPEN = (
    "open_missed", "uncalled_missed", "waiting", "open_lead", "open_deal", "limited_deal", "stalled_deal",
    "overdue_task",
)  # fmt: skip
#: Facts that are stored and counted from there: no part of minutes either.
SPANS = (
    "missed_item", "missed_item_reached", "span_missed", "span_uncalled", "span_lead",
    "span_offer_missed", "span_offer_excused",
)  # fmt: skip

FactId = tuple[str, str, str, str, bool, int]  #: entity, name, manager, group, whole, at
Json = dict[str, Any]


@dataclass
class Counted:
    """What a log of events amounts to."""

    calls: dict[tuple[str, str], Json] = field(default_factory=dict)
    legs: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    facts: dict[FactId, int] = field(default_factory=dict)
    items: dict[str, Json] = field(default_factory=dict)
    leads: dict[tuple[str, str], Json] = field(default_factory=dict)
    deals: dict[tuple[str, str], Json] = field(default_factory=dict)
    stays: dict[tuple[str, str], Json] = field(default_factory=dict)
    tasks: dict[tuple[str, str], Json] = field(default_factory=dict)
    #: entity and name of a fact of calls or leads -> the customer
    whose: dict[tuple[str, str], str] = field(default_factory=dict)

    def minutes(self) -> dict[tuple[str, str, int], tuple[int, int]]:
        """Count and sum by subject, measurement and minute; items are no part of it."""
        panes: dict[tuple[str, str, int], tuple[int, int]] = {}
        for (_, name, manager, group, whole, at), value in self.facts.items():
            if name in OPEN or name in SPANS:
                continue
            subjects = [f"m:{manager}"] if manager else []
            subjects += [f"g:{group}"] if group else []
            subjects += ["a:all"] if whole else []
            for subject in subjects:
                count, total = panes.get((subject, name, at // MINUTE), (0, 0))
                panes[subject, name, at // MINUTE] = (count + 1, total + value)
        return panes


@dataclass
class Plain:
    """The directory in plain terms."""

    managers: dict[str, str]
    lines: dict[str, str]
    hours: dict[str, dict[int, tuple[int, int]]]
    offset: int
    names: dict[tuple[str, str], str] | None
    #: (pipeline, stage) -> its place and the longest stay allowed, ms
    stages: dict[tuple[str, str], tuple[int, int | None]] = field(default_factory=dict)
    currency: str = "RUB"
    rates: dict[str, Decimal] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    #: manager -> from when until when he is away
    away: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def back(self, manager: str, at: int) -> int:
        """When somebody is there, at this moment or after it."""
        for begin, end in sorted(self.away.get(manager, [])):
            if begin <= at < end:
                at = end
        return at

    def resolve(self, source: str, name: str | None) -> str:
        if not name or name == "system":
            return name or ""
        if self.names is None:
            return name
        if (source, name) in self.names:
            return self.names[source, name]
        known = name in self.managers or name in self.managers.values() or name in self.hours
        return name if known else f"unmapped:{source}:{name}"

    def group_of(self, manager: str) -> str:
        return self.managers.get(manager, "unassigned")

    @staticmethod
    def credited(event: Json, responsible: str) -> str:
        """Whose an event is: who did it, even if nobody lists him; nobody's if a robot did."""
        actor = str(event["actor"])
        return "" if actor == "system" else actor or responsible

    def opening(self, group: str, day: int) -> tuple[int, int] | None:
        """When the group works on a local day (days since the epoch), in ms since the epoch."""
        start = day * DAY - self.offset * MINUTE
        if group not in self.hours:
            return start, start + DAY
        span = self.hours[group].get((day + 3) % 7)  # 1970-01-01 was a Thursday
        return None if span is None else (start + span[0] * MINUTE, start + span[1] * MINUTE)

    def local_day(self, at: int) -> int:
        return (at + self.offset * MINUTE) // DAY

    def in_hours(self, group: str, at: int) -> bool:
        span = self.opening(group, self.local_day(at))
        return span is not None and span[0] <= at < span[1]

    def working(self, group: str, start: int, end: int) -> int:
        total = 0
        for day in range(self.local_day(start), self.local_day(end) + 1):
            span = self.opening(group, day)
            if span is not None:
                total += max(0, min(span[1], end) - max(span[0], start))
        return total

    def after(self, group: str, at: int, working: int) -> int:
        """The first moment at which that much working time has passed since `at`."""
        day = self.local_day(at)
        while True:
            span = self.opening(group, day)
            if span is not None:
                opened = max(span[0], at)
                if opened < span[1]:
                    if working <= span[1] - opened:
                        return opened + working
                    working -= span[1] - opened
            day += 1

    def closing_after(self, group: str, at: int, days: int) -> int:
        """Closing time of the n-th working day after the day of `at`."""
        day = self.local_day(at)
        while True:
            day += 1
            span = self.opening(group, day)
            days -= span is not None
            if span is not None and days == 0:
                return span[1]
