"""Deals: stays in stages, wins and losses, from each deal's own events.

Whatever is known of a deal is looked up anew from all of its events up to a place in their order; no
state is carried from event to event.
"""

from dataclasses import dataclass
from typing import Any

from tests.recount.merging import Found, merged
from tests.recount.money import minor_units
from tests.recount.plain import DEAL_ORDER, MEETINGS, Counted, Json, Plain


def count_deals(events: list[Json], plain: Plain, counted: Counted) -> None:
    """Counts the deals; `events` are all of the log, whosever they are."""
    by_deal: dict[tuple[str, str], list[Json]] = {}
    meetings: dict[tuple[str, str], list[Json]] = {}
    for event in events:
        if event["type"] in DEAL_ORDER:
            by_deal.setdefault((event["source"], event["deal_id"]), []).append(event)
        elif event["type"] in MEETINGS and event.get("deal_id"):
            meetings.setdefault((event["source"], event["deal_id"]), []).append(event)
    for key, own in by_deal.items():
        own.sort(key=lambda e: (e["at"], DEAL_ORDER.index(e["type"]), e["event_id"]))
        if all(event["type"] != "deal.removed" for event in own):
            deal = _OneDeal(key, own, meetings.get(key, []), plain, counted)
            deal.count()
            counted.facts.update(merged(deal.found))


@dataclass
class _Stay:
    """A stay: the event that opened it, and the places of it and of the one that ended it."""

    opened: Json
    first: int
    after: int | None = None
    left: int | None = None

    @property
    def at(self) -> int:
        return int(self.opened["at"])

    @property
    def kind(self) -> str:
        return str(self.opened["stage_kind"])

    @property
    def stage(self) -> tuple[str, str]:
        return self.opened["pipeline"], self.opened["stage"]


class _OneDeal:
    """One deal that was not removed; `own` are its events in their order, `meetings` those about it."""

    def __init__(
        self, key: tuple[str, str], own: list[Json], meetings: list[Json], plain: Plain, counted: Counted
    ) -> None:
        self.key = key
        self.own = own
        self.meetings = meetings
        self.plain = plain
        self.counted = counted
        self.entity = f"{key[0]}/{key[1]}"
        self.found: Found = []
        self.stays: list[_Stay] = []
        for place, event in enumerate(own):
            if event["type"] != "deal.stage_changed":
                continue
            new = _Stay(event, place)
            if self.stays and self.stays[-1].stage == new.stage:
                continue
            if self.stays:
                self.stays[-1].after, self.stays[-1].left = place, new.at
            self.stays.append(new)

    # -- what is known of it

    def last(self, name: str, before: int | None) -> Any:
        """What the events before a place (None: all of them) named last; "" if nothing."""
        found: Any = ""
        for event in self.own[:before]:
            named = event.get(name)
            if event["type"] != "proposal.sent" and named not in (None, ""):
                found = named
        return found

    def amount(self, before: int | None) -> int | None:
        """In the minor units of the company's currency."""
        return minor_units(self.plain, self.last("amount", before), self.last("currency", before))

    def responsible_since(self, before: int) -> int:
        """Since when the one who is responsible at a place has been so without a break."""
        since, who = 0, ""
        for event in self.own[:before]:
            if event["type"] != "proposal.sent" and event["manager"] and event["manager"] != who:
                since, who = event["at"], event["manager"]
        return since

    def ahead(self) -> list[tuple[int, int]]:
        """From each meeting that was arranged to the first held or missed then or after; 0: none was yet."""
        over = sorted(event["at"] for event in self.meetings if event["type"] != "meeting.scheduled")
        begun = {e["at"]: 0 for e in self.meetings if e["type"] == "meeting.scheduled"}
        every = [(at, next((end for end in over if end >= at), 0)) for at in sorted(begun)]
        # Of several arranged before the same end, the earliest began it.
        return [pair for n, pair in enumerate(every) if not n or every[n - 1][1] != pair[1]]

    def limit(self, stay: _Stay) -> int | None:
        """When a stay in an open stage becomes too long."""
        _, longest = self.plain.stages.get(stay.stage, (0, None))
        return None if stay.kind != "open" or longest is None else stay.at + longest

    # -- facts

    def add(
        self,
        name: str,
        at: int,
        manager: str,
        value: int = 1,
        *,
        group: str | None = None,
        whole: bool = True,
    ) -> None:
        """A fact of a manager, his group unless told otherwise, and the whole."""
        of = self.plain.group_of(manager) if group is None else group
        self.found.append(((self.entity, name, manager, of, whole, at), value))

    def count(self) -> None:
        self.proposals()
        if not self.stays:
            return
        for number, stay in enumerate(self.stays):
            if number:
                self.move(number)
            if stay.kind == "open":
                self.dwell(stay)
                self.judged(stay)
            self.closing(number)
            self.row_of(stay)
        self.row()

    def proposals(self) -> None:
        for event in self.own:
            if event["type"] == "proposal.sent":
                self.add("proposal", event["at"], event["manager"])
                told = [(e["at"], e["currency"]) for e in self.own if e.get("currency")]
                before = [currency for at, currency in told if at <= event["at"]][-1:]
                # Of no currency of its own, it is in that of its deal.
                currency = event.get("currency") or [*before, *(c for _, c in told), ""][0]
                amount = minor_units(self.plain, event.get("amount"), currency)
                if amount is not None:
                    self.add("proposal_amount", event["at"], event["manager"], amount)

    def move(self, number: int) -> None:
        stay, former = self.stays[number], self.stays[number - 1]
        forward = stay.kind in ("open", "won")
        forward = forward and all(stay.stage != earlier.stage for earlier in self.stays[:number])
        if forward and stay.stage[0] == former.stage[0]:
            listed = [self.plain.stages.get(x.stage) for x in (former, stay)]
            if listed[0] and listed[1] and listed[1][0] < listed[0][0]:
                forward = False
        if not forward and stay.kind != "open":
            return
        owner = self.last("manager", stay.first + 1)
        by = self.plain.credited(stay.opened, owner)
        group = self.plain.group_of(owner)
        self.add("stage_move" if forward else "stage_move_back", stay.at, by, group=group)

    def dwell(self, stay: _Stay) -> None:
        if stay.left is None or stay.after is None:
            return
        owner = self.last("manager", stay.after)
        whole = stay.left - stay.at
        self.add("stage_dwell", stay.left, "", whole, group=self.plain.group_of(owner))
        if owner:
            own = stay.left - max(stay.at, self.responsible_since(stay.after))
            self.add("stage_dwell", stay.left, owner, own, group="", whole=False)

    def judged(self, stay: _Stay) -> None:
        limit = self.limit(stay)
        if limit is None:
            return
        if stay.left is not None and stay.left <= limit:
            owner = self.last("manager", stay.after)
            self.add("stage_judged", stay.left, owner)
            self.add("stage_on_time", stay.left, owner)
        else:
            known = sum(event["at"] <= limit for event in self.own)
            self.add("stage_judged", limit, self.last("manager", known))

    def closing(self, number: int) -> None:
        """What a stay means for wins, losses and reopenings."""
        stay = self.stays[number]
        before = self.stays[number - 1].kind if number else ""
        if stay.kind == before:
            return
        owner = self.last("manager", stay.first + 1)
        cycle = stay.at - self.stays[0].at
        if stay.kind == "won":
            self.won(number, owner)
            self.add("deal_cycle", stay.at, owner, cycle)
        elif stay.kind == "lost":
            self.add("deal_lost", stay.at, owner)
            self.add("deal_lost_after", stay.at, owner, cycle)
            if (stay.opened.get("loss_reason") or "") not in self.plain.ignored:
                self.add("deal_lost_rated", stay.at, owner)
        elif before:
            self.add("deal_reopened", stay.at, owner)

    def won(self, number: int, owner: str) -> None:
        """A win, which lasts until the deal is in a stage of another kind."""
        at = self.stays[number].at
        over = next((stay for stay in self.stays[number:] if stay.kind != "won"), None)
        amount = self.amount(over.first if over else None)
        for sign, moment in ((1, at), *(((-1, over.at),) if over else ())):
            self.add("deal_won", moment, owner, sign)
            if amount is not None:
                self.add("won_amount", moment, owner, sign * amount)
        self.add("deal_win", at, owner)
        if amount is not None:
            self.add("win_amount", at, owner, amount)

    # -- rows

    def row_of(self, stay: _Stay) -> None:
        known = stay.after
        self.counted.stays[self.key[0], stay.opened["event_id"]] = {
            "deal_id": self.key[1],
            "pipeline": stay.opened["pipeline"],
            "stage": stay.opened["stage"],
            "stage_kind": stay.kind,
            "entered_at": stay.at,
            "left_at": stay.left,
            "dwell_ms": None if stay.left is None else stay.left - stay.at,
            "due_at": self.limit(stay),
            "manager": self.last("manager", known),
            "group": self.plain.group_of(self.last("manager", known)),
            "customer": self.last("customer_key", known),
            "amount_minor": self.amount(known),
            "currency": self.last("currency", known),
            "loss_reason": stay.opened.get("loss_reason") or "",
            "owners": self.owners(stay),
            "meeting_ahead": [
                [since, end]
                for since, end in self.ahead()
                if (not end or end > stay.at) and (stay.left is None or since < stay.left)
            ],
        }

    def owners(self, stay: _Stay) -> list[list[Any]]:
        """Who was responsible for it during a stay, from when on and in which group."""
        found = [[stay.at, self.last("manager", stay.first + 1)]]
        for place in range(stay.first + 1, len(self.own) if stay.after is None else stay.after):
            who = self.last("manager", place + 1)
            if who != found[-1][1]:
                found.append([self.own[place]["at"], who])
        return [[at, who, self.plain.group_of(who)] for at, who in found]

    def row(self) -> None:
        stay, created = self.stays[-1], self.stays[0].at
        owner, customer = self.last("manager", None), self.last("customer_key", None)
        group, limit = self.plain.group_of(owner), self.limit(stay)
        proposed = [event["at"] for event in self.own if event["type"] == "proposal.sent"]
        self.counted.deals[self.key] = {
            "pipeline": self.last("pipeline", None),
            "stage": stay.opened["stage"],
            "stage_kind": stay.kind,
            "customer": customer,
            "manager": owner,
            "group": group,
            "created_at": created,
            "closed_at": None if stay.kind == "open" else stay.at,
            "stage_since": stay.at,
            "due_at": limit,
            "amount_minor": self.amount(None),
            "currency": self.last("currency", None),
            "loss_reason": stay.opened.get("loss_reason") or "",
            "lead_id": self.last("lead_id", None),
            "proposed_at": min(proposed, default=None),
        }
        if stay.kind != "open":
            return
        self.add("open_deal", created, owner, 0)
        if limit is None:
            return
        self.add("limited_deal", created, owner, 0)
        ends = [end for _, end in self.ahead()]
        if 0 not in ends:
            self.add("stalled_deal", max([limit, *ends]), owner, 0)
        self.counted.items[self.entity] = {
            "kind": "deal_stage",
            "item_id": self.entity,
            "customer": customer,
            "manager": owner,
            "group": group,
            "state": "new",
            "since": stay.at,
            "due_at": limit,
        }
