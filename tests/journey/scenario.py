"""Hand-made calls, in seconds after a Thursday noon (UTC), when `sales` and `support` are open."""

from datetime import timedelta
from typing import Any

from tests.journey.feeding import Feed, ms
from tests.random_calls import START

Json = dict[str, Any]
PAT = "+74951230100"
NOON = ms(START.isoformat())


def t(seconds: float) -> int:
    """Milliseconds since the epoch."""
    return NOON + round(seconds * 1000)


def at(seconds: float, kind: str, **fields: Any) -> Json:
    """An event of a call, or with a dot in its kind of another type."""
    moment = START + timedelta(seconds=seconds)
    event_type = kind if "." in kind else f"call.{kind}"
    return {"type": event_type, "occurred_at": moment.isoformat(timespec="milliseconds"), **fields}


def call(call_id: str, *steps: Json, customer: str = PAT, source: str = "pbx") -> list[Json]:
    """The events of a call."""
    common = {"call_id": call_id, "customer": customer, "source": source}
    return [common | {"event_id": f"{call_id}-{n}"} | step for n, step in enumerate(steps)]


def missed(call_id: str, end: float, wait: float = 30, **of: Any) -> list[Json]:
    """An inbound call to `sales` that ends unanswered."""
    return call(
        call_id,
        at(end - wait, "started", direction="in", group="sales"),
        at(end, "ended", reason="hangup"),
        **of,
    )


def talk(call_id: str, start: float, answer: float, end: float, **of: Any) -> list[Json]:
    """An inbound call to `sales` that m1 answers."""
    return call(
        call_id,
        at(start, "started", direction="in", group="sales"),
        at(answer, "answered", manager="m1"),
        at(end, "ended", reason="hangup"),
        **of,
    )


def dial(
    call_id: str, start: float, answer: float | None, end: float | None, manager: str = "m1", **of: Any
) -> list[Json]:
    """An outbound call of a manager."""
    steps = [at(start, "started", direction="out", manager=manager)]
    steps += [] if answer is None else [at(answer, "answered", manager=manager)]
    steps += [] if end is None else [at(end, "ended", reason="hangup")]
    return call(call_id, *steps, **of)


def note(kind: str, seconds: float, event_id: str = "n1", **fields: Any) -> Json:
    """An event about a customer."""
    return at(seconds, kind, event_id=event_id, customer=PAT, source="crm", manager="m1") | fields


def folded(*events: list[Json]) -> Feed:
    """All events, one by one."""
    feed = Feed()
    for some in events:
        feed.log(some)
    return feed


def record(feed: Feed, call_id: str = "k1") -> Json:
    """The row of a call."""
    (found,) = [row for row in feed.table("calls") if row["call_id"] == call_id]
    return found


def legs(feed: Feed, call_id: str = "k1") -> list[Json]:
    """The legs of a call in order."""
    return [row for row in feed.table("call_legs") if row["call_id"] == call_id]


def subjects(feed: Feed, name: str) -> dict[str, tuple[int, int]]:
    """A measurement's time (seconds after noon) and value by subject; one of each is expected."""
    found: dict[str, tuple[int, int]] = {}
    for key, value in feed.facts.items():
        if key.name == name:
            for subject in key.subjects():
                assert subject not in found, (name, subject)
                found[subject] = ((key.at - NOON) // 1000, value)
    return found
