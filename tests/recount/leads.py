"""A customer's leads: who owned them when, who tried, who got through."""

from tests.recount.facts import CallFacts
from tests.recount.plain import DAY, HOUR, LEAD_ORDER, LOOK_AHEAD, MINUTE, Json

Try = tuple[int, int, str, str, str]  #: at, rank of its kind, source, id, manager


def count_leads(counter: CallFacts, events: list[Json], calls: list[Json]) -> None:
    """Counts the leads; `events` and `calls` are all of the customer."""
    by_lead: dict[tuple[str, str], list[Json]] = {}
    for event in events:
        if event["type"] in LEAD_ORDER:
            by_lead.setdefault((event["source"], event["lead_id"]), []).append(event)
    good = [call for call in calls if call["direction"] and not call["excluded_reason"]]
    for key, own in by_lead.items():
        own.sort(key=lambda e: (e["at"], LEAD_ORDER.index(e["type"]), e["event_id"]))
        if all(event["type"] != "lead.removed" for event in own):
            _OneLead(counter, key, own, events, good).count()


class _OneLead:
    """One lead that was not removed."""

    def __init__(
        self, counter: CallFacts, key: tuple[str, str], own: list[Json], events: list[Json], calls: list[Json]
    ) -> None:
        self.counter = counter
        self.plain = counter.plain
        self.key = key
        self.entity = f"{key[0]}/{key[1]}"
        self.own = own
        self.events = events
        self.calls = calls
        made = [event for event in own if event["type"] == "lead.created"]
        self.created = made[0] if made else None
        self.start: int = (made or own)[0]["at"]
        self.given: list[tuple[int, str]] = []
        if self.created:
            for event in own:
                if event is self.created or event["type"] == "lead.assigned":
                    self.given.append((max(self.start, event["at"]), event["manager"]))
        self.given = [(at, manager) for at, manager in self.given if manager]
        named = [event["group"] for event in own if event["group"]]
        first = self.plain.group_of(self.owner(self.given[0][0])) if self.given else "unassigned"
        self.group = named[0] if named else first
        self.tries: list[Try] = []
        self.dials: list[int] = []
        self.touches: list[int] = []
        if self.created:
            self.search()

    def owner(self, at: int) -> str:
        """Who had been given it last at a moment."""
        found = ""
        for since, manager in self.given:
            if since <= at:
                found = manager
        return found

    def search(self) -> None:
        """Whatever answers it, of everything that the customer did."""
        start, end = self.start, self.start + LOOK_AHEAD
        for call in self.calls:
            begun, answered, ended = call["started_at"], call["answered_at"], call["ended_at"]
            if call["direction"] == "out":
                over = begun + 4 * HOUR if ended is None else ended
                if (start - 2 * MINUTE <= begun or over > start) and begun <= end:
                    self.dials.append(begun)
                    self.tries.append((begun, 0, call["source"], call["call_id"], call["caller"]))
            if call["conversation"] and (answered >= start or ended > start) and answered <= end:
                self.touches.append(answered)
                if call["direction"] == "in":
                    self.tries.append((answered, 1, call["source"], call["call_id"], call["manager"]))
        for event in self.events:
            if event["type"] == "customer.contacted" and start <= event["at"] <= end:
                self.touches.append(event["at"])
                self.tries.append((event["at"], 2, event["event_id"], event["source"], event["manager"]))

    def count(self) -> None:
        gone = [event for event in self.own if event["type"] == "lead.disqualified"]
        first = min(self.tries) if self.tries else None
        contact = min(self.touches, default=None)
        by = first[4] if first else ""
        self.counter.counted.leads[self.key] = {
            "customer": self.counter.customer,
            "channel": self.created.get("channel", "") if self.created else "",
            "manager": self.owner(10**15) or by,
            "group": self.group,
            "created_at": self.start if self.created else None,
            "first_attempt_at": first[0] if first else None,
            "first_attempt_ms": max(0, first[0] - self.start) if first else None,
            "first_contact_at": contact,
            "first_contact_ms": None if contact is None else max(0, contact - self.start),
            "attempts": sum(contact is None or at <= contact for at in self.dials),
            "disqualified_at": gone[0]["at"] if gone else None,
            "disqualify_reason": gone[0].get("reason", "") if gone else "",
            # Whose it was then: giving it away later changes nothing.
            "disqualified_of": (self.owner(max(gone[0]["at"], self.start)) or self.owner(10**15) or by)
            if gone
            else "",
        }
        if self.created:
            self.counts(gone[0]["at"] if gone else None, first)
            if self.created.get("channel") != "call":
                self.speed(first)
                self.span(first, gone[0]["at"] if gone else None)
                self.day(first, contact)
                if not gone and first is None:
                    self.waiting()

    def add(self, name: str, manager: str, at: int, value: int = 1, *, group: bool = False) -> None:
        of = {"source": self.key[0], "call_id": self.key[1]}
        where = self.group if group else ""
        self.counter.fact(of, name, manager, where, whole=group, at=at, value=value)

    def counts(self, gone: int | None, first: Try | None) -> None:
        names = ["lead_new"]
        if gone is not None:
            names.append("lead_disqualified")
            untried = first is None or first[0] > gone
            if untried and self.created and self.created.get("channel") != "call":
                names.append("lead_disqualified_untouched")
        for name in names:
            self.add(name, "", self.start, group=True)
        became: dict[str, int] = {}
        for manager, since, _ in self.stints():
            became.setdefault(manager, since)
        for manager, since in became.items():
            self.add("lead_new", manager, since)
        last = "" if gone is None else self.owner(max(gone, self.start))
        for name in names[1:]:
            if last:
                self.add(name, last, became[last])

    def stints(self) -> list[tuple[str, int, int | None]]:
        """Each stretch of time in which one and the same manager owned it."""
        turns: list[tuple[str, int]] = []
        for at in sorted({at for at, _ in self.given}):
            if not turns or turns[-1][0] != self.owner(at):
                turns.append((self.owner(at), at))
        ends = [*(at for _, at in turns[1:]), None]
        return [(manager, at, ends[n]) for n, (manager, at) in enumerate(turns)]

    def speed(self, first: Try | None) -> None:
        tried = max(first[0], self.start) if first else None
        self.clock("", self.group, self.start, None, tried)
        owned = False
        for manager, since, until in self.stints():
            mine = tried is not None and since <= tried and (until is None or tried < until)
            owned = owned or mine
            starts = self.plain.back(manager, since)
            if mine and tried is not None:
                starts = min(starts, tried)
            if (tried is None or since <= tried) and (until is None or starts < until):
                self.clock(manager, self.plain.group_of(manager), starts, until, tried if mine else None)
        if first and tried is not None and first[4] and not owned:
            self.clock(first[4], self.plain.group_of(first[4]), tried, None, tried)

    def clock(self, manager: str, hours: str, since: int, until: int | None, tried: int | None) -> None:
        def add(name: str, at: int, value: int = 1) -> None:
            self.add(name, manager, at, value, group=not manager)

        if tried is not None:
            add("lead_response", tried, self.plain.working(hours, since, tried))
            add("lead_response_cal", tried, tried - since)
        for limit, length in (("5m", 5 * MINUTE), ("1h", HOUR)):
            for clock, at in (
                ("", self.plain.after(hours, since, length)),
                ("_cal", since + length),
            ):
                if tried is not None or until is None or until > at:
                    add(f"lead_due_{limit}{clock}", at)
                    if tried is not None and tried <= at:
                        add(f"lead_in_{limit}{clock}", at)

    def day(self, first: Try | None, contact: int | None) -> None:
        at = self.start + DAY
        manager = self.owner(at)
        if first and first[0] <= at:
            manager = self.owner(max(first[0], self.start)) or first[4]
        values = {
            "lead_contact_due": 1,
            "lead_touches": sum(touch <= at for touch in self.touches),
            "lead_attempts": sum(d <= at and (contact is None or d <= contact) for d in self.dials),
        }
        if contact is not None and contact <= at:
            values["lead_contacted"] = 1
        for name, value in values.items():
            self.add(name, manager, at, value, group=True)

    def span(self, first: Try | None, gone: int | None) -> None:
        """How long it waited, and how long with whom."""
        ends = [e["at"] for e in self.notes() if e["type"] == "item.closed"]
        ends += [] if gone is None else [gone]
        ends += [max(first[0], self.start)] if first else []
        end = min([*ends, self.start + LOOK_AHEAD])
        if end > self.start:
            self.add("span_lead", "", self.start, end, group=True)
        for manager, since, until in self.stints():
            given_away = end if until is None else min(until, end)
            if given_away > since:
                self.add("span_lead", manager, since, given_away)

    def notes(self) -> list[Json]:
        """What was noted about it, in order."""
        about = [e for e in self.events if e.get("item_id") == self.entity and e["at"] >= self.begins()]
        return sorted(about, key=lambda e: (e["at"], e["event_id"]))

    def waiting(self) -> None:
        about = self.notes()
        over = self.start + LOOK_AHEAD
        closed = any(event["type"] == "item.closed" for event in about)
        if closed or max(event["at"] for event in self.events) >= over:
            return
        self.add("open_lead", "", self.start, over, group=True)
        if self.given:
            manager, since, _ = self.stints()[-1]
            self.add("open_lead", manager, since, over)
        taken = [event["manager"] for event in about if event["type"] == "item.taken"]
        self.counter.counted.items[self.entity] = {
            "kind": "lead",
            "customer": self.counter.customer,
            "manager": self.owner(10**15),
            "group": self.group,
            "state": "taken" if taken else "new",
            "taken_by": taken[-1] if taken else "",
            "since": self.start,
            "due_at": self.plain.after(self.group, self.start, 5 * MINUTE),
            "expires_at": over,
        }

    def begins(self) -> int:
        return int(min(self.start - 2 * MINUTE, self.own[0]["at"]))
