"""Alerts whose cause is known to the event: managers who each decline one offer more than a rule allows.

For each section of a run there is a rule, and its limit lies two above that of the section before. Each
manager of the group `watched` declines two offers per section: the first while the run warms up, which
brings him to the limit, the second at a moment of his own, which fires the rule. The event that ends this
second offer is the cause of his alert. Nobody else calls these managers.
"""

from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from typing import Any

import yaml

from bench.backlog import Event

_GROUP = "watched"
#: What the names of the rules begin with, and the ids of the events; the number of the section follows.
RULES = "missed-offers-"
#: Share of a step by which the moments wander from one crossing to the next, so that they fall evenly into
#: whatever the worker does by a timer.
_GOLDEN = (sqrt(5) - 1) / 2
#: What happens in a declined call: s before the offer is declined, type, further fields.
_CALL: tuple[tuple[float, str, dict[str, Any]], ...] = (
    (0.3, "call.started", {"direction": "in", "group": _GROUP}),
    (0.2, "call.offered", {"group": _GROUP}),
    (0.0, "call.offer_ended", {"reason": "declined"}),
    (-0.1, "call.ended", {"reason": "hangup", "ended_by": "customer"}),
)
#: Events of one declined call.
EVENTS_EACH = len(_CALL)

#: An event and the second at which it is to be written.
Timed = tuple[float, Event]
#: Rule and manager: what an alert is about.
Watched = tuple[str, str]


def rule_of(section: int) -> str:
    """Name of the rule of a section; the first is 1."""
    return f"{RULES}{section}"


def value_when_fired(section: int) -> int:
    """Offers that a manager has missed when the rule of this section fires."""
    return 2 * section


def expected(section: int, managers: int) -> dict[str, Watched]:
    """What is to fire in a section, by the id of the event that causes it."""
    return {
        _event_id(section, "crossing", number, "call.offer_ended"): (rule_of(section), _manager(number))
        for number in range(1, managers + 1)
    }


def add_watched(config: Path, managers: int, sections: int) -> None:
    """Adds the group with so many managers to a configuration, and the rules."""
    file = config / "directory.yaml"
    directory = yaml.safe_load(file.read_text("utf-8"))
    directory["groups"][_GROUP] = {"name": "Watched"}
    names = [_manager(number) for number in range(1, managers + 1)]
    directory["managers"] |= {name: {"name": f"Watched {name}", "group": _GROUP} for name in names}
    file.write_text(yaml.safe_dump(directory, allow_unicode=True, sort_keys=False), "utf-8")
    file = config / "rules.yaml"
    rules = yaml.safe_load(file.read_text("utf-8"))
    rules["rules"] += [
        {
            "name": rule_of(section),
            "kpi": "offers_missed",
            "window": "1h",
            "subjects": names,
            "above": value_when_fired(section) - 1,
            "hours": "always",
        }
        for section in range(1, sections + 1)
    ]
    file.write_text(yaml.safe_dump(rules, allow_unicode=True, sort_keys=False), "utf-8")


def before(section: int, managers: int, seconds: float) -> list[Timed]:
    """Brings every manager to the limit of a section, spread over so many seconds."""
    return _calls(section, "before", managers, seconds)


def crossings(section: int, managers: int, seconds: float) -> list[Timed]:
    """Takes every manager over the limit, one after the other, spread over so many seconds."""
    return _calls(section, "crossing", managers, seconds)


def _calls(section: int, what: str, managers: int, seconds: float) -> list[Timed]:
    step = seconds / (managers + 1)
    found = [
        timed
        for number in range(1, managers + 1)
        for timed in _call(section, what, number, (number + (number * _GOLDEN) % 1.0) * step)
    ]
    return sorted(found, key=lambda timed: timed[0])


def _call(section: int, what: str, number: int, at: float) -> Iterator[Timed]:
    """A call that the manager declines at `at` s."""
    for earlier, kind, fields in _CALL:
        event = {
            "event_id": _event_id(section, what, number, kind),
            "type": kind,
            "occurred_at": "",
            "source": "demo",
            "customer": f"+7999{section:02d}{what == 'crossing':d}{number:04d}",
            "call_id": f"{rule_of(section)}/{what}/{number}",
            **fields,
        }
        if "offer" in kind:
            event["manager"] = _manager(number)
        yield max(0.0, at - earlier), event


def _event_id(section: int, what: str, number: int, kind: str) -> str:
    return f"{rule_of(section)}/{what}/{number}/{kind}"


def _manager(number: int) -> str:
    return f"w{number:04d}"
