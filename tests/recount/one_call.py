"""One call, from its own events."""

from tests.recount.plain import CONVERSATION, SHORT, Json, Plain


def _not_negative(start: int | None, end: int | None) -> int | None:
    if start is None or end is None:
        return None
    return end - start if end > start else 0


class OneCall:
    """Counts single calls of a customer."""

    def __init__(self, customer: str, plain: Plain) -> None:
        self.customer = customer
        self.plain = plain

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
            else round(min(1.0, ratings[-1]["score"] / ratings[-1].get("score_max", 5)) * 5000) / 1000,
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
