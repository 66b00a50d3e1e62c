"""A customer's calls together: recoveries, and his one missed item."""

from tests.recount.facts import CallFacts
from tests.recount.plain import LOOK_AHEAD, MINUTE, Json


def together(counter: CallFacts, events: list[Json], calls: list[Json]) -> None:
    """Fills in the recoveries of calls, and counts the items; `events` are all of the customer."""
    if counter.customer.startswith("anonymous:"):
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
    contacts = sorted(e["at"] for e in events if e["type"] == "customer.contacted")
    requests = _requests(counter, events)
    missed = [c for c in good if c["outcome"] in ("missed", "voicemail", "short_abandon")]
    missed += requests
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
    Items(counter, events, missed, dials, talks, contacts).walk()


def _requests(counter: CallFacts, events: list[Json]) -> list[Json]:
    """Requests to be called back, each as if it were a missed call; who asks twice in 15 min asked once."""
    found: list[Json] = []
    asked = [e for e in events if e["type"] == "callback.requested"]
    asked.sort(key=lambda e: (max(e["at"], e["wanted"] or 0), e["source"], f"callback:{e['event_id']}"))
    for event in asked:
        at = max(event["at"], event["wanted"] or 0)
        if found and at - found[-1]["ended_at"] <= 15 * MINUTE:
            continue
        who = event["manager"]
        group = event["group"] or (counter.plain.group_of(who) if who else "unassigned")
        found.append(
            {
                "source": event["source"],
                "call_id": f"callback:{event['event_id']}",
                "ended_at": at,
                "group": group,
                "line": "",
                "recovered_at": None,
                "recovered_by": "",
                "asked": True,
            }
        )
    return found


class Items:
    """Walks through a customer's time and keeps his one missed item."""

    def __init__(
        self,
        counter: CallFacts,
        events: list[Json],
        missed: list[Json],
        dials: list[Json],
        talks: list[Json],
        contacts: list[int],
    ) -> None:
        self.counter = counter
        self.plain = counter.plain
        self.events = events
        self.dials = dials
        self.happenings: list[tuple[int, int, int, str, Json]] = []
        self.note_all("reached", 0, [(t["answered_at"], t) for t in talks])
        self.note_all("contacted", 1, [(at, {}) for at in contacts])
        closed = [(e["at"], e) for e in events if e["type"] == "item.closed"]
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
            self.pass_time(at, reached=what in ("reached", "contacted"))
            if what == "missed":
                self.miss(at, payload)
            elif self.open is not None:
                self.happen(self.open, at, what, payload)
        self.pass_time(max(event["at"] for event in self.events), reached=False)
        for item in self.items:
            self.facts(item)

    def pass_time(self, at: int, *, reached: bool) -> None:
        """Gives the open item up if its deadline has come; to reach him at that moment is in time."""
        if self.open is not None:
            deadline = self.open["deadline"]
            if deadline < at or (deadline == at and not reached):
                self.end("time", deadline)

    def happen(self, item: Json, at: int, what: str, payload: Json) -> None:
        """What may end the open item."""
        if what == "reached":
            self.end(payload["direction"], at)
        elif what == "contacted":
            self.end("other", at)
        elif what == "closed" and payload.get("item_id") in item["names"]:
            self.end("closed", at)
        elif what == "failed":
            failed = [
                d
                for d in self.dials
                if d["started_at"] >= item["since"]
                and d["ended_at"] is not None
                and d["ended_at"] <= at
                and not d["conversation"]
            ]
            if len(failed) >= 3:
                self.end("given_up", at)

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
        self.open["misses"] += "asked" not in call
        if (name, at) in self.closings:
            self.end("closed", at)

    def facts(self, item: Json) -> None:
        since, group, call = item["since"], item["group"], item["call"]
        how, until = item["how"], item["until"]
        reached = how in ("in", "out", "other")
        last = item["deadline"] if until is None else until

        def add(name: str, at: int, value: int = 1) -> None:
            self.counter.fact(call, name, "", group, whole=True, at=at, value=value)

        tries = [
            d for d in self.dials if since <= d["started_at"] < last or (reached and d["started_at"] == last)
        ]
        for d in tries:
            manager = d["caller"]
            of = self.plain.group_of(manager) if manager else d["group"]
            self.counter.fact(d, "callback_made", manager, of, whole=True, at=d["started_at"])
            if d["conversation"]:
                self.counter.fact(d, "callback_reached", manager, of, whole=True, at=d["answered_at"])
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
        self.later(item, tries, last)
        if how == "open":
            add("open_missed", since, item["deadline"])
            if not tries:
                add("uncalled_missed", since, item["deadline"])
            self.list(item, tries)

    def later(self, item: Json, tries: list[Json], last: int) -> None:
        """Whether somebody reached him by the next working day, and how long he waited in all."""
        since, group, call = item["since"], item["group"], item["call"]

        def add(name: str, at: int, value: int = 1) -> None:
            self.counter.fact(call, name, "", group, whole=True, at=at, value=value)

        deadline = self.plain.closing_after(group, since, 1)
        in_time = call["recovered_at"] is not None and call["recovered_at"] <= deadline
        add("missed_item", since, deadline)
        if in_time and call["recovered_by"] in ("in", "out"):
            add("missed_item_reached", since, deadline)
        if not in_time:
            add("lost_caller", deadline)
        if last > since:
            add("span_missed", since, last)
        first = min((d["started_at"] for d in tries), default=last)
        if first > since:
            add("span_uncalled", since, first)

    def list(self, item: Json, tries: list[Json]) -> None:
        """The row of an open item."""
        taken = [
            e
            for e in sorted(self.events, key=lambda e: (e["at"], e["event_id"]))
            if e["type"] == "item.taken"
            and e.get("item_id") in item["names"]
            and item["since"] <= e["at"] <= item["deadline"]
        ]
        self.counter.counted.items[item["id"]] = {
            "customer": self.counter.customer,
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
