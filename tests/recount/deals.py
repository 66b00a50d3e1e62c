"""Deals and tasks, counted the long way round: what stood at each moment is looked up anew each time."""

from decimal import ROUND_HALF_EVEN, Decimal

from tests.recount.plain import Counted, Json, Plain

_DEAL_ORDER = ["deal.stage_changed", "deal.changed", "proposal.sent", "deal.removed"]
_TASK_ORDER = ["task.created", "task.changed", "task.done", "task.removed"]
_ADDED = ("deal_won", "won_amount", "win_amount", "proposal_amount")


class _Facts:
    """Adds up facts of one entity; those that nothing tells apart are one."""

    def __init__(self, entity: str, plain: Plain, counted: Counted) -> None:
        self.entity = entity
        self.plain = plain
        self.counted = counted

    def add(self, name: str, who: str, group: str, at: int, value: int = 1, *, whole: bool = True) -> None:
        key = (self.entity, name, who, group, whole, at)
        before = self.counted.facts.get(key)
        if before is not None:
            value = before + value if name in _ADDED else max(before, value)
        self.counted.facts[key] = value

    def drop_nothings(self) -> None:
        for key in [k for k, v in self.counted.facts.items() if k[0] == self.entity and not v]:
            if key[1] in _ADDED:
                del self.counted.facts[key]


def count_deals(events: list[Json], plain: Plain, counted: Counted) -> None:
    """Counts the deals among all events."""
    by_deal: dict[tuple[str, str], list[Json]] = {}
    for event in events:
        if event["type"] in _DEAL_ORDER:
            by_deal.setdefault((event["source"], event["deal_id"]), []).append(event)
    for key, own in by_deal.items():
        own.sort(key=lambda e: (e["at"], _DEAL_ORDER.index(e["type"]), e["event_id"]))
        if all(event["type"] != "deal.removed" for event in own):
            _OneDeal(key, own, plain, counted).count()


class _OneDeal:
    def __init__(self, key: tuple[str, str], own: list[Json], plain: Plain, counted: Counted) -> None:
        self.key = key
        self.own = own
        self.plain = plain
        self.counted = counted
        self.facts = _Facts(f"{key[0]}/{key[1]}", plain, counted)
        #: each change of stage as (index of its event, pipeline, stage, kind)
        self.moves: list[tuple[int, str, str, str]] = []
        for number, event in enumerate(own):
            if event["type"] != "deal.stage_changed":
                continue
            place = (event["pipeline"], event["stage"])
            if not self.moves or self.moves[-1][1:3] != place:
                self.moves.append((number, *place, event["stage_kind"]))

    # -- what stood after the first so many events

    def last(self, upto: int, name: str, default: str = "") -> str:
        found = default
        for event in self.own[: upto + 1]:
            if event["type"] in ("deal.stage_changed", "deal.changed") and event.get(name):
                found = event[name]
        return found

    def amount(self, upto: int) -> int | None:
        text = self.last(upto, "amount")
        return self.minor(text, self.last(upto, "currency")) if text else None

    def minor(self, amount: str, currency: str) -> int | None:
        rate = Decimal(1) if currency in ("", self.plain.currency) else self.plain.rates.get(currency)
        if rate is None:
            return None
        return int((Decimal(str(amount)) * rate * 100).quantize(Decimal(1), ROUND_HALF_EVEN))

    def until(self, number: int) -> int:
        """Index of the last event before the next move."""
        return self.moves[number + 1][0] - 1 if number + 1 < len(self.moves) else len(self.own) - 1

    def owner_since(self, upto: int) -> int:
        """Since when whoever is responsible after so many events has been so."""
        now, since = self.last(upto, "manager"), 0
        named = False
        for number in range(upto + 1):
            if self.own[number]["type"] not in ("deal.stage_changed", "deal.changed"):
                continue
            if self.last(number, "manager") != now:
                named = False
            elif not named:
                named, since = True, self.own[number]["at"]
        return since

    # -- counting

    def count(self) -> None:
        for event in self.own:
            if event["type"] == "proposal.sent":
                self.proposal(event)
        for number in range(len(self.moves)):
            self.stay(number)
        self.closings()
        if self.moves:
            self.rows()
        self.facts.drop_nothings()

    def mga(self, name: str, upto: int, at: int, value: int = 1, actor: str = "") -> None:
        who = self.last(upto, "manager")
        credited = who if not actor else ("" if actor == "system" else actor)
        self.facts.add(name, credited, self.plain.group_of(who), at, value)

    def proposal(self, event: Json) -> None:
        who = event["manager"]
        self.facts.add("proposal", who, self.plain.group_of(who), event["at"])
        if event.get("amount"):
            worth = self.minor(event["amount"], "")
            assert worth is not None
            self.facts.add("proposal_amount", who, self.plain.group_of(who), event["at"], worth)

    def limit(self, number: int) -> int | None:
        index, pipeline, stage, kind = self.moves[number]
        longest = self.plain.stages.get((pipeline, stage), (0, None))[1]
        return None if longest is None or kind != "open" else self.own[index]["at"] + longest

    def stay(self, number: int) -> None:
        index, pipeline, stage, kind = self.moves[number]
        entered = self.own[index]["at"]
        left = self.own[self.moves[number + 1][0]]["at"] if number + 1 < len(self.moves) else None
        last = self.until(number)
        if number:
            _, old_pipeline, old_stage, _ = self.moves[number - 1]
            new = all(move[1:3] != (pipeline, stage) for move in self.moves[:number])
            both = [self.plain.stages.get(p) for p in ((old_pipeline, old_stage), (pipeline, stage))]
            further = True
            if old_pipeline == pipeline and both[0] is not None and both[1] is not None:
                further = both[1][0] >= both[0][0]
            actor = self.own[index].get("actor", "")
            if kind in ("open", "won") and new and further:
                self.mga("stage_move", index, entered, actor=actor)
            elif kind == "open":
                self.mga("stage_move_back", index, entered, actor=actor)
        if kind != "open":
            return
        if left is not None:
            who = self.last(last, "manager")
            self.facts.add("stage_dwell", "", self.plain.group_of(who), left, left - entered)
            if who:
                own = left - max(entered, self.owner_since(last))
                self.facts.add("stage_dwell", who, "", left, own, whole=False)
        limit = self.limit(number)
        if limit is None:
            return
        if left is not None and left <= limit:
            self.mga("stage_judged", last, left)
            self.mga("stage_on_time", last, left)
        else:
            upto = max(n for n in range(index, last + 1) if n == index or self.own[n]["at"] <= limit)
            self.mga("stage_judged", upto, limit)

    def closings(self) -> None:
        started = self.own[self.moves[0][0]]["at"] if self.moves else 0
        won: tuple[int, int, int | None] | None = None  # index of the win, its time, amount at the end
        for number, (index, _, _, kind) in enumerate(self.moves):
            at = self.own[index]["at"]
            before = self.moves[number - 1][3] if number else ""
            if before == "won" and kind != "won":
                assert won is not None
                who = self.last(won[0], "manager")
                self.facts.add("deal_won", who, self.plain.group_of(who), at, -1)
                if won[2] is not None:
                    self.facts.add("won_amount", who, self.plain.group_of(who), at, -won[2])
            if kind == "won" and before != "won":
                run = number
                while run + 1 < len(self.moves) and self.moves[run + 1][3] == "won":
                    run += 1
                won = (index, at, self.amount(self.until(run)))
                self.mga("deal_won", index, at)
                self.mga("deal_win", index, at)
                self.mga("deal_cycle", index, at, at - started)
                if won[2] is not None:
                    self.mga("won_amount", index, at, won[2])
                    self.mga("win_amount", index, at, won[2])
            if kind == "lost" and before != "lost":
                self.mga("deal_lost", index, at)
                self.mga("deal_lost_after", index, at, at - started)
                if self.own[index].get("loss_reason", "") not in self.plain.ignored:
                    self.mga("deal_lost_rated", index, at)
            if kind == "open" and before in ("won", "lost"):
                self.mga("deal_reopened", index, at)

    def rows(self) -> None:
        end = len(self.own) - 1
        index, _, stage, kind = self.moves[-1]
        who = self.last(end, "manager")
        group = self.plain.group_of(who)
        limit = self.limit(len(self.moves) - 1)
        created = self.own[self.moves[0][0]]["at"]
        proposals = [e["at"] for e in self.own if e["type"] == "proposal.sent"]
        self.counted.deals[self.key] = {
            "pipeline": self.last(end, "pipeline"),
            "stage": stage,
            "stage_kind": kind,
            "customer": self.last(end, "customer_key"),
            "manager": who,
            "group": group,
            "created_at": created,
            "closed_at": None if kind == "open" else self.own[index]["at"],
            "stage_since": self.own[index]["at"],
            "due_at": limit,
            "amount_minor": self.amount(end),
            "loss_reason": self.own[index].get("loss_reason", ""),
            "lead_id": self.last(end, "lead_id"),
            "proposed_at": min(proposals, default=None),
        }
        for number, (opened, pipeline, name, what) in enumerate(self.moves):
            entered = self.own[opened]["at"]
            left = self.own[self.moves[number + 1][0]]["at"] if number + 1 < len(self.moves) else None
            self.counted.stays[self.key[0], self.own[opened]["event_id"]] = {
                "deal_id": self.key[1],
                "pipeline": pipeline,
                "stage": name,
                "stage_kind": what,
                "entered_at": entered,
                "left_at": left,
                "dwell_ms": None if left is None else left - entered,
                "manager": self.last(self.until(number), "manager"),
                "customer": self.last(self.until(number), "customer_key"),
                "amount_minor": self.amount(self.until(number)),
                "loss_reason": self.own[opened].get("loss_reason", ""),
            }
        if kind == "open":
            self.facts.add("open_deal", who, group, created, 0)
            if limit is not None:
                self.facts.add("limited_deal", who, group, created, 0)
                self.facts.add("stalled_deal", who, group, limit, 0)
                self.counted.items[self.facts.entity] = {
                    "kind": "deal_stage",
                    "customer": self.last(end, "customer_key"),
                    "manager": who,
                    "group": group,
                    "state": "new",
                    "since": self.own[index]["at"],
                    "due_at": limit,
                }


def count_tasks(events: list[Json], plain: Plain, counted: Counted) -> None:
    """Counts the tasks among all events."""
    by_task: dict[tuple[str, str], list[Json]] = {}
    for event in events:
        if event["type"] in _TASK_ORDER:
            by_task.setdefault((event["source"], event["task_id"]), []).append(event)
    for key, own in by_task.items():
        own.sort(key=lambda e: (e["at"], _TASK_ORDER.index(e["type"]), e["event_id"]))
        if all(event["type"] != "task.removed" for event in own):
            _count_task(key, own, plain, counted)


def _count_task(key: tuple[str, str], own: list[Json], plain: Plain, counted: Counted) -> None:
    facts = _Facts(f"{key[0]}/{key[1]}", plain, counted)
    who = [event["manager"] for event in own if event["manager"]]
    manager = who[-1] if who else ""
    group = plain.group_of(manager)
    dues = [event["due"] for event in own if event.get("due") is not None]
    due = dues[-1] if dues else None
    finished = [event for event in own if event["type"] == "task.done"]
    done = finished[0] if finished else None
    made = [event["at"] for event in own if event["type"] == "task.created"]
    counted.tasks[key] = {
        "customer": [e["customer_key"] for e in own if e.get("customer_key")][-1],
        "manager": manager,
        "group": group,
        "created_at": min(made, default=None),
        "due_at": due,
        "done_at": done["at"] if done else None,
    }
    if done is not None:
        actor = done.get("actor", "")
        by = done["manager"] if not actor else ("" if actor == "system" else actor)
        facts.add("task_done", by, plain.group_of(done["manager"]), done["at"])
    if due is None:
        return
    at = due if done is None else min(due, done["at"])
    facts.add("task_due", manager, group, at)
    if done is None:
        facts.add("overdue_task", manager, group, due, 0)
    elif done["at"] <= due:
        facts.add("task_in_time", manager, group, at)
