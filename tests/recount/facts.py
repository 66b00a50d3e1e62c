"""The facts of one call."""

from tests.recount.plain import HOUR, RING_LONG_ENOUGH, SECOND, Counted, Json, Plain


class CallFacts:
    """Counts the facts of a customer's calls."""

    def __init__(self, customer: str, plain: Plain, counted: Counted) -> None:
        self.customer = customer
        self.plain = plain
        self.counted = counted

    def fact(
        self, call: Json, name: str, manager: str, group: str, *, whole: bool, at: int, value: int = 1
    ) -> None:
        entity = f"{call['source']}/{call['call_id']}"
        self.counted.facts[entity, name, manager, group, whole, at] = value
        self.counted.whose[entity, name] = self.customer

    # -- one call

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
        def add(name: str, at: int, value: int = 1, *, counts: bool = True) -> None:
            if counts:
                self.fact(call, name, "", call["group"], whole=True, at=at, value=value)

        answered, ended, wait = call["answered_at"], call["ended_at"], call["wait_ms"]
        open_hours = bool(call["in_hours"])
        add("call_in", call["started_at"])
        if answered is not None:
            add("call_answered", answered, wait)
            add("response", answered, wait)
            add("call_answered_hours", answered, wait, counts=open_hours)
            add("wait_answered_all", answered, wait)
            add("wait_answered_hours", answered, wait, counts=open_hours)
            self.fact(call, "call_answered_by", call["manager"], "", whole=False, at=answered)
        elif ended is None:
            add("waiting", call["waiting_at"], call["waiting_at"] + 4 * HOUR)
        if call["outcome"] in ("missed", "voicemail"):
            add("call_missed", ended)
            add("call_missed_hours", ended, counts=open_hours)
            add("missed_caller", ended, counts=not self.customer.startswith("anonymous:"))
        if call["outcome"] == "short_abandon":
            add("short_abandon", ended)
        if call["outcome"] in ("missed", "short_abandon"):
            add("wait_abandoned_all", ended, wait)
            add("wait_abandoned_hours", ended, wait, counts=open_hours)
        if call["outcome"] == "voicemail":
            add("voicemail_all", ended)
            add("voicemail_hours", ended, counts=open_hours)

    def dial(self, call: Json) -> None:
        manager, at = call["caller"], call["started_at"]
        group = self.plain.group_of(manager) if manager else call["group"]
        names = ["dial"]
        if call["answered_at"] is not None:
            names.append("dial_answered")
        if call["talk_ms"] is not None and call["talk_ms"] < 10 * SECOND:
            names.append("dial_early_hangup")
        if call["in_hours"]:
            names += [f"{name}_hours" for name in names]
        if call["conversation"]:
            names.append("dial_conversation")
        for name in names:
            self.fact(call, name, manager, group, whole=True, at=at)

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
        own = [x for x in missed if x["alone"]]
        his = [x for x in own if not x["excused"]]
        self.each(call, "offer_missed", his, "left_at")
        if call["in_hours"]:
            self.each(call, "offer_answered_hours", answered, "answered_at")
            self.each(call, "offer_missed_hours", his, "left_at")
        longest: dict[tuple[str, int], Json] = {}
        for x in sorted(own, key=lambda x: x["left_at"]):
            longest[x["manager"], x["offered_at"]] = x
        for (manager, at), x in longest.items():
            name = "span_offer_excused" if x["excused"] else "span_offer_missed"
            self.fact(call, name, manager, "", whole=False, at=at, value=x["left_at"])
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
