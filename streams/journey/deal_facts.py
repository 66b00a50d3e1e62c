"""Facts of deals. Declared in `streams.kpis.measurements`.

Won, lost and reopened are facts of their own time: reopening takes one off at its own moment, from
who had won it, and leaves the day of the win as it was. Amounts are as known at the end of the won
stay, so that an amount filled in after the win counts at the win.
"""

from streams.journey.deals import (
    LOST,
    OPEN,
    ROBOT,
    WON,
    Deal,
    Standing,
    Stay,
    amount_of,
    currency_at,
    is_forward,
    limit_of,
    stalled_from,
)
from streams.journey.names import CODES
from streams.journey.places import Directory
from streams.journey.state import Fact

_MOVE = CODES["stage_move"]
_MOVE_BACK = CODES["stage_move_back"]
_DWELL = CODES["stage_dwell"]
_JUDGED = CODES["stage_judged"]
_ON_TIME = CODES["stage_on_time"]
_WON = CODES["deal_won"]
_WON_AMOUNT = CODES["won_amount"]
_WIN = CODES["deal_win"]
_WIN_AMOUNT = CODES["win_amount"]
_CYCLE = CODES["deal_cycle"]
_LOST = CODES["deal_lost"]
_LOST_RATED = CODES["deal_lost_rated"]
_LOST_AFTER = CODES["deal_lost_after"]
_REOPENED = CODES["deal_reopened"]
_PROPOSAL = CODES["proposal"]
_PROPOSAL_AMOUNT = CODES["proposal_amount"]
_OPEN_DEAL = CODES["open_deal"]
_LIMITED = CODES["limited_deal"]
_STALLED = CODES["stalled_deal"]
_SUMS = frozenset({_WON, _WON_AMOUNT, _WIN_AMOUNT, _PROPOSAL_AMOUNT})


def deal_facts(deal: Deal, directory: Directory) -> list[Fact]:
    """The facts of a deal; none if it was removed."""
    if deal.removed:
        return []
    found = _Facts(deal, directory)
    found.proposals()
    for number, stay in enumerate(deal.stays):
        found.stay(number, stay)
    found.runs()
    if deal.is_open:
        found.open()
    return merged_facts(found.facts)


def merged_facts(facts: list[Fact]) -> list[Fact]:
    """Facts in their order, those of one identity as one.

    Systems that report several changes at one moment give facts that nothing tells apart: sums are
    added up, and are none if they come to nothing; of lengths the greatest stays; what is only
    counted is counted once.
    """
    by_identity: dict[tuple[int, str, str, bool, int], list[Fact]] = {}
    for fact in facts:
        identity = (fact.name, fact.manager, fact.group, fact.whole, fact.at)
        by_identity.setdefault(identity, []).append(fact)
    merged = []
    for identity, several in by_identity.items():
        values = [fact.value for fact in several]
        value = sum(values) if identity[0] in _SUMS else max(values)
        if len(several) == 1 or value or identity[0] not in _SUMS:
            merged.append(Fact(*identity, value, several[0].tag))
    return sorted(merged)


class _Facts:
    """Collects the facts of one deal."""

    def __init__(self, deal: Deal, directory: Directory) -> None:
        self.deal = deal
        self.directory = directory
        self.facts: list[Fact] = []

    def add(self, name: int, standing: Standing, at: int, value: int = 1, actor: str = "") -> None:
        """A fact of the responsible's group and the centre, and of who did it: he, or the actor."""
        group = self.directory.group_of(standing.manager, at)
        manager = standing.manager if not actor else "" if actor == ROBOT else actor
        self.facts.append(Fact(name, manager, group, True, at, value))

    def proposals(self) -> None:
        """Each proposal by who sent it."""
        for event in self.deal.proposals:
            # A proposal names no currency: it is that of its deal.
            currency = event.text("currency") or currency_at(self.deal, event.at)
            by = Standing(event.at, event.manager, amount=event.text("amount"), currency=currency)
            self.add(_PROPOSAL, by, event.at)
            amount = amount_of(by, self.directory.funnel)
            if amount is not None:
                self.add(_PROPOSAL_AMOUNT, by, event.at, amount)

    def stay(self, number: int, stay: Stay) -> None:
        """How the deal came into a stage, and how long it was there."""
        if number:
            if is_forward(self.deal.stays, number, self.directory.funnel):
                self.add(_MOVE, stay.opening, stay.entered_at, actor=stay.actor)
            elif stay.kind == OPEN:
                self.add(_MOVE_BACK, stay.opening, stay.entered_at, actor=stay.actor)
        if stay.kind == OPEN:
            if stay.left_at is not None:
                self._dwell(stay, stay.left_at)
            self._judge(stay)

    def _dwell(self, stay: Stay, left: int) -> None:
        """A finished stay, of a manager the part for which he was responsible."""
        last = stay.closing
        group = self.directory.group_of(last.manager, left)
        self.facts.append(Fact(_DWELL, "", group, True, left, left - stay.entered_at))
        if last.manager:
            own = left - max(stay.entered_at, last.manager_since)
            self.facts.append(Fact(_DWELL, last.manager, "", False, left, own))

    def _judge(self, stay: Stay) -> None:
        """Whether the stay kept its stage's limit: known when it ends, or when the limit passes."""
        limit = limit_of(stay, self.directory.funnel)
        if limit is None:
            return
        in_time = stay.left_at is not None and stay.left_at <= limit
        at = stay.left_at if in_time and stay.left_at is not None else limit
        standing = stay.closing if in_time else stay.standing_at(at)
        self.add(_JUDGED, standing, at)
        if in_time:
            self.add(_ON_TIME, standing, at)

    def runs(self) -> None:
        """Wins, losses and reopenings; several won stays in a row are one win."""
        stays = self.deal.stays
        win: tuple[Standing, int] | None = None
        for number, stay in enumerate(stays):
            before = stays[number - 1].kind if number else ""
            if before == WON != stay.kind and win is not None:
                self._unwin(*win, stays[number - 1], stay.entered_at)
                win = None
            if stay.kind == WON != before:
                win = stay.opening, stay.entered_at
                self._win(stay, self._last_of_run(number))
            elif stay.kind == LOST != before:
                self._lose(stay)
            elif stay.kind == OPEN and before in (WON, LOST):
                self.add(_REOPENED, stay.opening, stay.entered_at)

    def _last_of_run(self, number: int) -> Stay:
        """The last of the won stays that follow each other from this one on."""
        stays = self.deal.stays
        while number + 1 < len(stays) and stays[number + 1].kind == WON:
            number += 1
        return stays[number]

    def _win(self, stay: Stay, last: Stay) -> None:
        at, by = stay.entered_at, stay.opening
        self.add(_WON, by, at)
        self.add(_WIN, by, at)
        self.add(_CYCLE, by, at, at - self.deal.stays[0].entered_at)
        amount = amount_of(last.closing, self.directory.funnel)
        if amount is not None:
            self.add(_WON_AMOUNT, by, at, amount)
            self.add(_WIN_AMOUNT, by, at, amount)

    def _unwin(self, by: Standing, won_at: int, last: Stay, at: int) -> None:
        """Takes a win back at its reopening, from who had it and his group then."""
        group = self.directory.group_of(by.manager, won_at)
        self.facts.append(Fact(_WON, by.manager, group, True, at, -1))
        amount = amount_of(last.closing, self.directory.funnel)
        if amount is not None:
            self.facts.append(Fact(_WON_AMOUNT, by.manager, group, True, at, -amount))

    def _lose(self, stay: Stay) -> None:
        at, by = stay.entered_at, stay.opening
        self.add(_LOST, by, at)
        self.add(_LOST_AFTER, by, at, at - self.deal.stays[0].entered_at)
        if not self.directory.funnel.ignores(stay.loss_reason):
            self.add(_LOST_RATED, by, at)

    def open(self) -> None:
        """What stands open now, for who is responsible now."""
        deal = self.deal
        standing = deal.now.closing
        group = self.directory.group_of(standing.manager, standing.manager_since)
        tag = f"{group}|{deal.entity}"

        def item(name: int, since: int) -> None:
            self.facts.append(Fact(name, standing.manager, group, True, since, 0, tag))

        item(_OPEN_DEAL, deal.stays[0].entered_at)
        limit = limit_of(deal.now, self.directory.funnel)
        if limit is not None:
            item(_LIMITED, deal.stays[0].entered_at)
            stalled = stalled_from(deal, self.directory.funnel)
            if stalled is not None:
                item(_STALLED, stalled)
