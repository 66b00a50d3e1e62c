"""What a case is: events, and every fact of some names that must come of them, worked out by hand.

Times are seconds after Thursday noon (UTC); `sales` (m1, m2) work Monday to Friday, 9:00 to 18:00,
`support` (m3, m4) Monday to Saturday, 8:00 to 20:00; m5 is of `night`, m9 is in no directory. The
funnel: main = new (1 h at most), offer (1 day at most), talks, won, lost; other = new (2 h at most),
won. A dollar is 90.5 of the company's roubles; a loss because of `duplicate` is ignored.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.random_calls import START

Json = dict[str, Any]
Fact = tuple[str, str, bool, float, int]  #: manager, group, whole, at in seconds, value
PAT = "+74951230100"
GROUPS = {"": "unassigned", "m1": "sales", "m2": "sales", "m3": "support", "m5": "night", "m9": "unassigned"}
MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True)
class Case:
    """Events in the order of the log, and what they amount to."""

    name: str
    events: list[Json]
    #: all facts of these names: an empty list says that there is none
    facts: dict[str, list[Fact]] = field(default_factory=dict)
    #: table -> (source, id) -> columns; all rows of these tables. Times in ms as `t` gives them
    rows: dict[str, dict[tuple[str, str], Json]] = field(default_factory=dict)


def t(seconds: float) -> int:
    """Milliseconds since the epoch."""
    return round(START.timestamp() * 1000) + round(seconds * 1000)


def text(seconds: float) -> str:
    """RFC 3339."""
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def events(*several: Json, **common: Any) -> list[Json]:
    """Events with what they have in common, numbered in this order; a value "" is no field."""
    found = []
    for number, one in enumerate(several):
        event = {"event_id": f"e{number:02d}", "source": "crm", "customer": PAT} | common | one
        found.append({name: value for name, value in event.items() if value != ""})
    return found


def at(seconds: float, kind: str, manager: str = "", **fields: Any) -> Json:
    """An event at a time."""
    return {"type": kind, "occurred_at": text(seconds), "manager": manager, **fields}


def stage(seconds: float, name: str, manager: str = "m1", **fields: Any) -> Json:
    """A deal comes into a stage of `main`, or of another pipeline: `other/new`."""
    pipeline, _, found = name.rpartition("/")
    kind = {"won": "won", "paid": "won", "lost": "lost"}.get(found, "open")
    place = {"pipeline": pipeline or "main", "stage": found, "stage_kind": kind}
    return at(seconds, "deal.stage_changed", manager, **place, **fields)


def deal(*several: Json) -> list[Json]:
    """The events of the deal d1."""
    return events(*several, deal_id="d1")


def task(*several: Json) -> list[Json]:
    """The events of the task t1."""
    return events(*several, task_id="t1")


def each(manager: str, seconds: float, value: int = 1, group: str = "") -> Fact:
    """A fact of a manager, a group (his, unless it is another) and the whole."""
    return manager, group or GROUPS[manager], True, seconds, value


def group_only(group: str, seconds: float, value: int = 1) -> Fact:
    """A fact of a group and the whole."""
    return "", group, True, seconds, value


def own(manager: str, seconds: float, value: int = 1) -> Fact:
    """A fact of a manager alone."""
    return manager, "", False, seconds, value


def none_of(*names: str) -> dict[str, list[Fact]]:
    """No fact of these names."""
    return {name: [] for name in names}


def expected(facts: Iterable[Fact]) -> list[tuple[str, str, bool, int, int]]:
    """In ms and in order, as facts are stored."""
    return sorted((manager, group, whole, t(at_s), value) for manager, group, whole, at_s, value in facts)
