"""Made-up raw records for the engine's tests, and what must come out of them, counted anew.

Duplicates (on another partition, up to 2 000 records later), shuffled order, malformed records.
"""

import json
import random
from collections import defaultdict
from typing import Any, NamedTuple

PANE_COUNTERS = 10

JUNK: tuple[bytes | None, ...] = (
    b'{"broken',
    b"",
    None,
    b"\xff\xfe{}",
    b"[]",
    b'{"id":"x","ts":"no"}',
    b'{"id":"x","ts":1,"kind":"call.started","ref":"r","customer":"c","manager":"m"}',
    b'{"id":"x","ts":1790000000000,"kind":"call.nope","ref":"r","customer":"c","manager":"m"}',
    b"\x00" * 50,
)


class Raw(NamedTuple):
    topic: str  #: "calls" or "crm"
    key: bytes
    value: bytes | None


class Feed(NamedTuple):
    events: list[dict[str, Any]]  #: each once, in the order in which they happened
    records: list[Raw]  #: as they are sent
    malformed: int


def make_feed(count: int, seed: int) -> Feed:
    chance = random.Random(seed)
    events = _happenings(count, chance)
    placed = [
        (at + chance.randrange(200) if chance.random() < 0.3 else at, event)
        for at, event in enumerate(events)
    ]
    placed += [
        (at + chance.randrange(1, 2000), event) for at, event in enumerate(events) if chance.random() < 0.05
    ]
    placed.sort(key=lambda item: item[0])
    records, malformed = [], 0
    for _, event in placed:
        if chance.random() < 0.01:
            records.append(Raw("calls", b"k%d" % chance.randrange(1000), chance.choice(JUNK)))
            malformed += 1
        topic = "crm" if event["kind"] == "lead.created" else "calls"
        key = event["customer"] if chance.random() < 0.5 else event["id"]
        records.append(Raw(topic, key.encode(), json.dumps(event).encode()))
    return Feed(events, records, malformed)


def _happenings(count: int, chance: random.Random) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    customers, at, number = max(50, count // 25), 1_790_000_000_000, 0
    while len(found) < count:
        at, number = at + 60, number + 1
        who = {"customer": f"c{chance.randrange(customers)}", "manager": f"m{chance.randrange(40):03d}"}

        def add(kind: str, ts: int, ref: str, way: str, who: dict[str, str] = who) -> None:
            found.append({"id": f"e{len(found)}", "ts": ts, "kind": kind, "ref": ref, "dir": way, **who})

        what = chance.random()
        if what < 0.12:
            add("lead.created", at, f"l{number}", "in")
            continue
        way, ref = ("out" if what < 0.45 else "in"), f"k{number}"
        add("call.started", at, ref, way)
        taken = at + chance.randrange(1000, 60_000)
        if chance.random() < 0.3:
            add("call.missed", taken, ref, way)
        else:
            add("call.answered", taken, ref, way)
            add("call.ended", taken + chance.randrange(1000, 300_000), ref, way)
    return sorted(found[:count], key=lambda event: int(event["ts"]))


def recount(events: list[dict[str, Any]]) -> dict[str, list[int]]:  # noqa: C901  plainly, at one go
    """Panes by brute force; shares no code with the fold."""
    panes: dict[str, list[int]] = defaultdict(lambda: [0] * PANE_COUNTERS)
    by_customer: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        by_customer[event["customer"]].append(event)

    def add(manager: str, at: int, kind: int, value: int) -> None:
        for subject in (manager, "all"):
            pane = panes[f"{subject}|{at // 60000}"]
            pane[2 * kind] += 1
            pane[2 * kind + 1] += value

    for own in by_customer.values():
        reached = [e["ts"] for e in own if e["kind"] == "call.answered" and e["dir"] == "out"]
        started = {e["ref"]: e["ts"] for e in own if e["kind"] == "call.started"}
        for event in own:
            kind, at, inbound = event["kind"], event["ts"], event["dir"] == "in"
            later = [ts for ts in reached if ts > at]
            if kind == "call.answered":
                add(event["manager"], at, 0, 1)
                if inbound and event["ref"] in started:
                    add(event["manager"], at, 2, (at - started[event["ref"]]) // 1000)
            elif kind == "call.missed" and inbound:
                add(event["manager"], at, 1, 1)
                if later:
                    add(event["manager"], min(later), 3, (min(later) - at) // 1000)
            elif kind == "lead.created" and later:
                add(event["manager"], min(later), 4, (min(later) - at) // 1000)
    return dict(panes)
