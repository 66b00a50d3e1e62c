"""A brute-force recount of calls: what the contract says, computed the long way round.

It takes raw canonical events as JSON objects and shares no code with the product, so that a mistake
in the product does not hide itself. It is slow, and it may be.

Parameters of `recount` (a directory in plain terms):

- `managers`: manager id -> group id; who is missing here is in `unassigned`
- `lines`: line -> group id
- `hours`: group id -> weekday (0 is Monday) -> (opens, closes) in minutes after local midnight; a group
  that is missing here is always open
- `utc_offset_min`: local time of every group
- `names`: (source, name) -> manager or group id, for names that are not ids themselves. Without it,
  names are taken as ids. With it, a name that is neither listed nor an id becomes
  `unmapped:<source>:<name>`.
- `key`: turns the customer of an event into the key by which the product knows him

Limits are the defaults of the contract. Of times it knows milliseconds only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
CONVERSATION = 15 * SECOND
WITHIN = 20 * SECOND
SHORT = 5 * SECOND
RING_LONG_ENOUGH = 5 * SECOND
LOOK_AHEAD = 90 * DAY

#: At the same moment these come in this order.
ORDER = [
    "call.started", "call.queued", "call.offered", "call.answered", "call.held", "call.resumed",
    "call.transferred", "call.offer_ended", "call.ended", "call.rated",
]  # fmt: skip

FactId = tuple[str, str, str, str, bool, int]  #: entity, name, manager, group, whole, at
Json = dict[str, Any]


@dataclass
class Counted:
    """What a log of events amounts to."""

    calls: dict[tuple[str, str], Json] = field(default_factory=dict)
    legs: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    facts: dict[FactId, int] = field(default_factory=dict)
    items: dict[str, Json] = field(default_factory=dict)

    def minutes(self) -> dict[tuple[str, str, int], tuple[int, int]]:
        """Count and sum by subject, measurement and minute; items are no part of it."""
        panes: dict[tuple[str, str, int], tuple[int, int]] = {}
        for (_, name, manager, group, whole, at), value in self.facts.items():
            if name in ("open_missed", "uncalled_missed", "waiting"):
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

    def resolve(self, source: str, name: str | None) -> str:
        if not name:
            return ""
        if self.names is None:
            return name
        if (source, name) in self.names:
            return self.names[source, name]
        known = name in self.managers or name in self.managers.values() or name in self.hours
        return name if known else f"unmapped:{source}:{name}"

    def group_of(self, manager: str) -> str:
        return self.managers.get(manager, "unassigned")

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


def recount(
    events: list[Json],
    managers: dict[str, str],
    lines: dict[str, str] | None = None,
    hours: dict[str, dict[int, tuple[int, int]]] | None = None,
    utc_offset_min: int = 0,
    names: dict[tuple[str, str], str] | None = None,
    key: Callable[[str], str] = str,
) -> Counted:
    """Counts valid canonical events given in the order of the log."""
    plain = Plain(managers, lines or {}, hours or {}, utc_offset_min, names)
    first: dict[tuple[str, str], Json] = {}
    for event in events:
        first.setdefault((event["source"], event["event_id"]), event)
    by_customer: dict[str, list[Json]] = {}
    for raw in first.values():
        if "customer" in raw:
            by_customer.setdefault(key(raw["customer"]), []).append(_understood(raw, plain))
    counted = Counted()
    for customer, known in by_customer.items():
        _Customer(customer, known, plain, counted).count()
    return counted


def _understood(raw: Json, plain: Plain) -> Json:
    moment = datetime.fromisoformat(raw["occurred_at"])
    at = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    source = raw["source"]
    return {
        **raw,
        "at": at,
        "manager": plain.resolve(source, raw.get("manager")),
        "group": plain.resolve(source, raw.get("group")),
    }


def _not_negative(start: int | None, end: int | None) -> int | None:
    if start is None or end is None:
        return None
    return end - start if end > start else 0


class _Customer:
    """Counts one customer."""

    def __init__(self, customer: str, events: list[Json], plain: Plain, counted: Counted) -> None:
        self.customer = customer
        self.events = events
        self.plain = plain
        self.counted = counted

    def count(self) -> None:
        by_call: dict[tuple[str, str], list[Json]] = {}
        for event in self.events:
            if event["type"] in ORDER:
                by_call.setdefault((event["source"], event["call_id"]), []).append(event)
        calls = []
        for call_id, own in sorted(by_call.items()):
            own.sort(key=lambda e: (e["at"], ORDER.index(e["type"]), e["event_id"]))
            call = self.call(call_id, own)
            self.counted.calls[call_id] = call
            self.counted.legs[call_id] = call["legs"]
            calls.append(call)
        self.together(calls)
        for call in calls:
            if call["direction"] and not call["excluded_reason"]:
                self.facts(call)

    def fact(
        self, call: Json, name: str, manager: str, group: str, *, whole: bool, at: int, value: int = 1
    ) -> None:
        entity = f"{call['source']}/{call['call_id']}"
        self.counted.facts[entity, name, manager, group, whole, at] = value

    # -- one call

    def call(self, call_id: tuple[str, str], events: list[Json]) -> Json:
        def of(kind: str) -> list[Json]:
            return [e for e in events if e["type"] == "call." + kind]

        start = of("started")[0] if of("started") else None
        end = of("ended")[-1] if of("ended") else None
        answers = of("answered")
        answered_at = answers[0]["at"] if answers else None
        ended_at = end["at"] if end else None
        started_at = start["at"] if start else None
        direction = start["direction"] if start else ""
        legs = self.legs(events, ended_at)

        caller = ""
        if direction == "out":
            named = [*of("started")[:1], *of("offered")[:1], *answers[:1]]
            caller = next((e["manager"] for e in named if e["manager"]), "")

        groups = [e["group"] for e in events if e["group"]]
        line = (start.get("line") or "") if start else ""
        if groups:
            group = groups[0]
        elif line in self.plain.lines:
            group = self.plain.lines[line]
        elif caller:
            group = self.plain.group_of(caller)
        elif of("offered"):
            group = self.plain.group_of(of("offered")[0]["manager"])
        else:
            group = "unassigned"

        waiting_at = started_at
        if direction != "out":
            for kind in ("offered", "queued"):
                at = [e["at"] for e in of(kind)]
                if at and (answered_at is None or at[0] <= answered_at):
                    waiting_at = at[0]
        until = answered_at if answered_at is not None else ended_at
        wait = _not_negative(waiting_at, until)
        talk = _not_negative(answered_at, ended_at)
        reason = (end.get("reason") or "") if end else ""
        colleague = direction == "internal" or self.customer.startswith("ext:")
        ratings = [e for e in of("rated") if e.get("rated_by", "customer") == "customer"]
        return {
            "source": call_id[0],
            "call_id": call_id[1],
            "customer": self.customer,
            "direction": direction,
            "group": group,
            "manager": caller or (answers[0]["manager"] if answers else ""),
            "line": line,
            "started_at": started_at,
            "answered_at": answered_at,
            "ended_at": ended_at,
            "wait_ms": wait,
            "wait_total_ms": _not_negative(started_at, until),
            "talk_ms": talk,
            "hold_ms": self.hold(events, legs, ended_at) if answers else None,
            "outcome": self.outcome(direction, answers, end, reason, wait, events),
            "in_hours": None if waiting_at is None else self.plain.in_hours(group, waiting_at),
            "excluded_reason": "internal" if colleague else "",
            "offers": len(of("offered")),
            "offers_missed": len([1 for x in legs if x["end_reason"] in ("no_answer", "declined")]),
            "ended_by": (end.get("ended_by") or "") if end else "",
            "end_reason": reason,
            "transferred": bool(of("transferred")),
            "recording": (end.get("recording") or "") if end else "",
            "recovered_by": "",
            "recovered_at": None,
            "recovery_ms": None,
            "first_callback_at": None,
            "rating": None
            if not ratings
            else round(ratings[-1]["score"] * 5000 / ratings[-1].get("score_max", 5)) / 1000,
            # not columns
            "legs": legs,
            "waiting_at": waiting_at,
            "caller": caller,
            "conversation": bool(
                direction in ("in", "out") and not colleague and talk is not None and talk >= CONVERSATION
            ),
        }

    @staticmethod
    def outcome(
        direction: str,
        answers: list[Json],
        end: Json | None,
        reason: str,
        wait: int | None,
        events: list[Json],
    ) -> str:
        if answers:
            return "answered"
        if end is None:
            return "in_progress"
        if direction == "":
            return "unknown"
        if direction != "in":
            return "no_answer"
        rang = [e for e in events if e["type"] in ("call.queued", "call.offered")]
        if reason == "ivr_end" and not rang:
            return "ivr_only"
        if reason in ("voicemail", "callback_taken", "blocked", "failed"):
            return reason
        if wait is not None and wait <= SHORT:
            return "short_abandon"
        return "missed"

    def legs(self, events: list[Json], ended_at: int | None) -> list[Json]:
        """Each offer is a leg, and so is each answer that no offer came before."""
        legs: list[Json] = []
        for event in events:
            kind, manager, at = event["type"], event["manager"], event["at"]
            own = [x for x in legs if x["manager"] == manager]
            ringing = [x for x in own if x["rang_until"] is None and x["answered_at"] is None]
            talks = [x for x in own if x["answered_at"] is not None and x["given_at"] is None]
            if kind == "call.offered":
                legs.append(self.leg(manager, offered_at=at))
            elif kind == "call.offer_ended" and ringing:
                earlier = [x for x in ringing if x["offered_at"] < at]
                leg = earlier[-1] if earlier else ringing[0]
                leg["rang_until"] = at
                leg["end_reason"] = event.get("reason") or ""
            elif kind == "call.answered" and not talks:
                if ringing:
                    ringing[-1]["answered_at"] = ringing[-1]["rang_until"] = at
                else:
                    legs.append(self.leg(manager, answered_at=at))
            elif kind == "call.transferred" and talks:
                talks[0]["given_at"] = at
        answers = [x["answered_at"] for x in legs if x["answered_at"] is not None]
        for number, leg in enumerate(legs):
            later = [x["offered_at"] for x in legs[number + 1 :] if x["manager"] == leg["manager"]]
            self.finish(leg, [x for x in later if x is not None], answers, ended_at)
        for leg in legs:
            leg["alone"] = leg["offered_at"] is not None and not any(
                self.overlap(leg, other) for other in legs if other["manager"] != leg["manager"]
            )
        return legs

    def leg(self, manager: str, offered_at: int | None = None, answered_at: int | None = None) -> Json:
        return {
            "manager": manager,
            "group": self.plain.group_of(manager),
            "offered_at": offered_at,
            "answered_at": answered_at,
            "left_at": None,
            "ring_ms": None,
            "talk_ms": None,
            "end_reason": "",
            # not columns
            "rang_until": None,
            "given_at": None,
        }

    @staticmethod
    def finish(leg: Json, later: list[int], answers: list[int], ended_at: int | None) -> None:
        if leg["answered_at"] is not None:
            left = leg["given_at"]
            if left is None or (ended_at is not None and ended_at < left):
                left = ended_at
            if left is not None:
                leg["left_at"] = max(left, leg["answered_at"])
                leg["talk_ms"] = leg["left_at"] - leg["answered_at"]
                leg["end_reason"] = "transferred" if leg["given_at"] is not None else "ended"
        if leg["offered_at"] is None:
            return
        if leg["rang_until"] is None:
            stops = later + [x for x in answers if x >= leg["offered_at"]]
            stops += [] if ended_at is None else [ended_at]
            if stops:
                leg["rang_until"] = max(min(stops), leg["offered_at"])
        if leg["answered_at"] is None:
            leg["left_at"] = leg["rang_until"]
        if leg["rang_until"] is not None:
            leg["ring_ms"] = leg["rang_until"] - leg["offered_at"]

    @staticmethod
    def overlap(one: Json, two: Json) -> bool:
        """Whether two offers rang at the same time, each for a millisecond at least."""
        if one["offered_at"] is None or two["offered_at"] is None:
            return False
        ends = [
            10**15 if x["rang_until"] is None else max(x["rang_until"], x["offered_at"] + 1)
            for x in (one, two)
        ]
        return bool(max(one["offered_at"], two["offered_at"]) < min(ends))

    @staticmethod
    def hold(events: list[Json], legs: list[Json], ended_at: int | None) -> int:
        """Time between a manager's hold and his resuming, giving away, or the end."""
        total = 0
        for leg in legs:
            if leg["answered_at"] is None:
                continue
            since = None
            for event in events:
                if event["manager"] != leg["manager"] or event["at"] < leg["answered_at"]:
                    continue
                if leg["given_at"] is not None and event["at"] > leg["given_at"]:
                    continue
                if event["type"] == "call.held" and since is None:
                    since = event["at"]
                elif event["type"] == "call.resumed" and since is not None:
                    until = event["at"] if ended_at is None else min(event["at"], ended_at)
                    total += max(0, until - since)
                    since = None
            if since is not None and leg["left_at"] is not None:
                total += max(0, leg["left_at"] - since)
        return total

    # -- facts of one call

    def facts(self, call: Json) -> None:
        if call["direction"] == "in":
            self.inbound(call)
            self.offers(call)
        else:
            self.dial(call)
        talks = sorted(
            (x for x in call["legs"] if x["answered_at"] is not None), key=lambda x: x["answered_at"]
        )
        for manager in {x["manager"] for x in talks}:
            own = [x for x in talks if x["manager"] == manager]
            self.fact(call, "handled", manager, "", whole=False, at=own[0]["answered_at"])
            self.quality(call, own, manager, "", whole=False)
        for group in {x["group"] for x in talks}:
            own = [x for x in talks if x["group"] == group]
            self.fact(call, "handled", "", group, whole=False, at=own[0]["answered_at"])
            self.quality(call, own, "", group, whole=False)
        if talks:
            self.fact(call, "handled", "", "", whole=True, at=talks[0]["answered_at"])
            self.quality(call, talks, "", "", whole=True)
        for x in talks:
            if x["talk_ms"] is not None:
                at, value = x["left_at"], x["talk_ms"]
                self.fact(call, "talk", x["manager"], x["group"], whole=True, at=at, value=value)

    def quality(self, call: Json, legs: list[Json], manager: str, group: str, *, whole: bool) -> None:
        over = [x for x in legs if x["talk_ms"] is not None]
        if sum(x["talk_ms"] for x in over) >= 60 * SECOND:
            at = max(x["left_at"] for x in over)
            self.fact(call, "quality", manager, group, whole=whole, at=at)

    def inbound(self, call: Json) -> None:
        def add(name: str, at: int, value: int = 1) -> None:
            self.fact(call, name, "", call["group"], whole=True, at=at, value=value)

        answered, ended, wait = call["answered_at"], call["ended_at"], call["wait_ms"]
        add("call_in", call["started_at"])
        if answered is not None:
            add("call_answered", answered, wait)
            add("response", answered, wait)
            if call["in_hours"]:
                add("call_answered_hours", answered, wait)
            if wait <= WITHIN:
                add("call_answered_in_t_all", answered)
            if wait <= WITHIN and call["in_hours"]:
                add("call_answered_in_t", answered)
            self.fact(call, "call_answered_by", call["manager"], "", whole=False, at=answered)
        elif ended is None:
            add("waiting", call["waiting_at"], call["waiting_at"] + 4 * HOUR)
        if call["outcome"] in ("missed", "voicemail"):
            add("call_missed", ended)
            if call["in_hours"]:
                add("call_missed_hours", ended)
            if not self.customer.startswith("anonymous:"):
                add("missed_caller", ended)
        if call["outcome"] == "short_abandon":
            add("short_abandon", ended)

    def dial(self, call: Json) -> None:
        manager, at = call["caller"], call["started_at"]
        group = self.plain.group_of(manager) if manager else call["group"]
        self.fact(call, "dial", manager, group, whole=True, at=at)
        if call["answered_at"] is not None:
            self.fact(call, "dial_answered", manager, group, whole=True, at=at)
        if call["conversation"]:
            self.fact(call, "dial_conversation", manager, group, whole=True, at=at)
        if call["talk_ms"] is not None and call["talk_ms"] < 10 * SECOND:
            self.fact(call, "dial_early_hangup", manager, group, whole=True, at=at)

    def offers(self, call: Json) -> None:
        rang = [x for x in call["legs"] if x["offered_at"] is not None]
        for x in rang:
            if x["answered_at"] is not None:
                at, value = x["answered_at"], x["ring_ms"]
                self.fact(call, "ring", x["manager"], x["group"], whole=True, at=at, value=value)
        missed = [
            x
            for x in rang
            if x["end_reason"] == "declined"
            or (x["end_reason"] == "no_answer" and x["ring_ms"] >= RING_LONG_ENOUGH)
        ]
        alone = [x for x in rang if x["alone"]]
        answered = [x for x in alone if x["answered_at"] is not None]
        self.each(call, "offer", alone, "offered_at")
        self.each(call, "offer_answered", answered, "answered_at")
        self.each(call, "offer_missed", [x for x in missed if x["alone"]], "left_at")
        shared = [x for x in missed if not x["alone"]]
        if shared and call["answered_at"] is None and call["ended_at"] is not None:
            self.fact(call, "offer_missed_shared", "", call["group"], whole=True, at=call["ended_at"])

    def each(self, call: Json, name: str, legs: list[Json], when: str) -> None:
        """One fact for each manager, each group and the whole, at the first of theirs."""
        for manager in {x["manager"] for x in legs}:
            at = min(x[when] for x in legs if x["manager"] == manager)
            self.fact(call, name, manager, "", whole=False, at=at)
        for group in {x["group"] for x in legs}:
            at = min(x[when] for x in legs if x["group"] == group)
            self.fact(call, name, "", group, whole=False, at=at)
        if legs:
            self.fact(call, name, "", "", whole=True, at=min(x[when] for x in legs))

    # -- calls together

    def together(self, calls: list[Json]) -> None:
        if self.customer.startswith("anonymous:"):
            return
        good = [c for c in calls if c["direction"] and not c["excluded_reason"]]
        dials = sorted(
            (c for c in good if c["direction"] == "out"),
            key=lambda c: (c["started_at"], c["source"], c["call_id"]),
        )
        talks = sorted(
            (c for c in good if c["conversation"]),
            key=lambda c: (c["answered_at"], c["source"], c["call_id"]),
        )
        contacts = sorted(e["at"] for e in self.events if e["type"] == "customer.contacted")
        missed = [c for c in good if c["outcome"] in ("missed", "voicemail", "short_abandon")]
        missed.sort(key=lambda c: (c["ended_at"], c["source"], c["call_id"]))
        for call in missed:
            end = call["ended_at"]
            reached = [
                (max(t["answered_at"], end), 0, n, t["direction"])
                for n, t in enumerate(talks)
                if t["answered_at"] >= end or t["ended_at"] > end
            ]
            reached += [(at, 1, 0, "other") for at in contacts if at >= end]
            if reached and min(reached)[0] <= end + LOOK_AHEAD:
                call["recovered_at"], _, _, call["recovered_by"] = min(reached)
                call["recovery_ms"] = call["recovered_at"] - end
            limit = end + LOOK_AHEAD if call["recovered_at"] is None else call["recovered_at"]
            tries = [d["started_at"] for d in dials if end <= d["started_at"] <= limit]
            call["first_callback_at"] = min(tries, default=None)
        _Items(self, missed, dials, talks, contacts).walk()


class _Items:
    """Walks through a customer's time and keeps his one missed item."""

    def __init__(
        self,
        owner: _Customer,
        missed: list[Json],
        dials: list[Json],
        talks: list[Json],
        contacts: list[int],
    ) -> None:
        self.owner = owner
        self.plain = owner.plain
        self.dials = dials
        self.happenings: list[tuple[int, int, int, str, Json]] = []
        self.note_all("reached", 0, [(t["answered_at"], t) for t in talks])
        self.note_all("contacted", 1, [(at, {}) for at in contacts])
        closed = [(e["at"], e) for e in owner.events if e["type"] == "item.closed"]
        self.closings = {(e.get("item_id"), at) for at, e in closed}
        self.note_all("closed", 2, closed)
        self.note_all("failed", 3, [(d["ended_at"], d) for d in dials if d["ended_at"] is not None])
        self.note_all("missed", 4, [(m["ended_at"], m) for m in missed])
        self.items: list[Json] = []
        self.open: Json | None = None

    def note_all(self, what: str, rank: int, found: list[tuple[int, Json]]) -> None:
        for at, payload in found:
            self.happenings.append((at, rank, len(self.happenings), what, payload))

    def walk(self) -> None:
        for at, _, _, what, payload in sorted(self.happenings, key=lambda h: h[:3]):
            if self.open and (
                self.open["deadline"] < at
                or (self.open["deadline"] == at and what not in ("reached", "contacted"))
            ):
                self.end("time", self.open["deadline"])
            if what == "missed":
                self.miss(at, payload)
            elif self.open is None:
                continue
            elif what == "reached":
                self.end(payload["direction"], at)
            elif what == "contacted":
                self.end("other", at)
            elif what == "closed" and payload.get("item_id") in self.open["names"]:
                self.end("closed", at)
            elif what == "failed":
                since = self.open["since"]
                failed = [
                    d
                    for d in self.dials
                    if d["started_at"] >= since
                    and d["ended_at"] is not None
                    and d["ended_at"] <= at
                    and not d["conversation"]
                ]
                if len(failed) >= 3:
                    self.end("given_up", at)
        last = max(event["at"] for event in self.owner.events)
        if self.open and self.open["deadline"] <= last:
            self.end("time", self.open["deadline"])
        for item in self.items:
            self.facts(item)

    def end(self, how: str, at: int) -> None:
        assert self.open is not None
        self.open["how"], self.open["until"] = how, at
        self.open = None

    def miss(self, at: int, call: Json) -> None:
        if call["recovered_at"] == at:
            return
        name = f"{call['source']}/{call['call_id']}"
        if self.open is None:
            group = call["group"]
            self.open = {
                "id": name,
                "call": call,
                "group": group,
                "since": at,
                "deadline": self.plain.closing_after(group, at, 3),
                "due": self.plain.after(group, at, 20 * MINUTE),
                "names": set(),
                "misses": 0,
                "how": "open",
                "until": None,
            }
            self.items.append(self.open)
        self.open["names"].add(name)
        self.open["misses"] += 1
        if (name, at) in self.closings:
            self.end("closed", at)

    def facts(self, item: Json) -> None:
        since, group, call = item["since"], item["group"], item["call"]
        how, until = item["how"], item["until"]
        reached = how in ("in", "out", "other")
        last = item["deadline"] if until is None else until

        def add(name: str, at: int, value: int = 1) -> None:
            self.owner.fact(call, name, "", group, whole=True, at=at, value=value)

        tries = [
            d for d in self.dials if since <= d["started_at"] < last or (reached and d["started_at"] == last)
        ]
        for d in tries:
            manager = d["caller"]
            of = self.plain.group_of(manager) if manager else d["group"]
            self.owner.fact(d, "callback_made", manager, of, whole=True, at=d["started_at"])
            if d["conversation"]:
                self.owner.fact(d, "callback_reached", manager, of, whole=True, at=d["answered_at"])
        moments = [d["started_at"] for d in tries] + ([until] if how == "other" else [])
        first = min(moments) if moments else None
        if first is not None:
            add("callback", first, self.plain.working(group, since, first))
            add("response", first, first - since)
        elif how in ("open", "time"):
            add("callback", item["deadline"], self.plain.working(group, since, item["deadline"]))
        if not (how == "in" and until < item["due"]):
            add("callback_due", item["due"])
            if first is not None and first <= item["due"]:
                add("callback_in_time", item["due"])
        if how == "open":
            add("open_missed", since, item["deadline"])
            if not tries:
                add("uncalled_missed", since, item["deadline"])
            self.list(item, tries)

    def list(self, item: Json, tries: list[Json]) -> None:
        """The row of an open item."""
        taken = [
            e
            for e in sorted(self.owner.events, key=lambda e: (e["at"], e["event_id"]))
            if e["type"] == "item.taken"
            and e.get("item_id") in item["names"]
            and item["since"] <= e["at"] <= item["deadline"]
        ]
        self.owner.counted.items[item["id"]] = {
            "customer": self.owner.customer,
            "group": item["group"],
            "line": item["call"]["line"],
            "state": "taken" if taken else "attempted" if tries else "new",
            "misses": item["misses"],
            "attempts": len(tries),
            "last_attempt_at": max((d["started_at"] for d in tries), default=None),
            "taken_by": taken[-1]["manager"] if taken else "",
            "since": item["since"],
            "due_at": item["due"],
        }
