"""Deals, case by case: what moves, what waits, what is won and when it is lost again."""

from tests.journey.cases import DAY, HOUR, Case, at, deal, each, group_only, none_of, own, stage, t

_WON = ("deal_won", "won_amount", "deal_win", "win_amount", "deal_cycle")
_LOST = ("deal_lost", "deal_lost_rated", "deal_lost_after")
_MOVES = ("stage_move", "stage_move_back")


def changed(seconds: float, manager: str = "", **fields: str) -> dict[str, str]:
    return at(seconds, "deal.changed", manager, **fields)


MOVES = [
    Case(
        "the first stage is no move; to skip one is; back is back, and so is whatever was there before",
        deal(stage(0, "new"), stage(600, "talks"), stage(1200, "offer"), stage(1800, "talks")),
        {
            # offer comes for the first time, but before talks in the order; talks comes a second time
            "stage_move": [each("m1", 600)],
            "stage_move_back": [each("m1", 1200), each("m1", 1800)],
            "stage_dwell": [
                group_only("sales", 600, 600_000), own("m1", 600, 600_000),
                group_only("sales", 1200, 600_000), own("m1", 1200, 600_000),
                group_only("sales", 1800, 600_000), own("m1", 1800, 600_000),
            ],
        },
    ),
    Case(
        "another pipeline has no earlier and later; a changed pipeline alone is no move",
        deal(
            stage(0, "talks"), stage(600, "other/new"), stage(1200, "talks"), changed(1300, pipeline="other")
        ),
        {"stage_move": [each("m1", 600)], "stage_move_back": [each("m1", 1200)]},
        {
            "deals": {
                ("crm", "d1"): {
                    "pipeline": "other", "stage": "talks", "stage_since": t(1200), "created_at": t(0),
                    "due_at": None, "closed_at": None,
                }
            },
            "stage_stays": {
                ("crm", "e00"): {"pipeline": "main", "stage": "talks", "entered_at": t(0), "left_at": t(600)},
                ("crm", "e01"): {"pipeline": "other", "stage": "new", "dwell_ms": 600_000},
                ("crm", "e02"): {"pipeline": "main", "stage": "talks", "left_at": None, "dwell_ms": None},
            },
        },
    ),
    Case(
        "a stage that no funnel lists is forward when it is new",
        deal(stage(0, "talks"), stage(60, "extra"), stage(120, "new"), stage(180, "extra")),
        # new after extra: one of the two is not listed, so nothing says that it is earlier
        {"stage_move": [each("m1", 60), each("m1", 120)], "stage_move_back": [each("m1", 180)]},
    ),
    Case(
        "the same stage once more is no move, but says whose the deal is by now",
        deal(stage(0, "new"), stage(600, "new", "m2", amount="70"), stage(1200, "offer", "m2")),
        {
            "stage_move": [each("m2", 1200)],
            "stage_move_back": [],
            "stage_dwell": [group_only("sales", 1200, 1_200_000), own("m2", 1200, 600_000)],
            "stage_judged": [each("m2", 1200), each("m2", 1200 + DAY)],
            "stage_on_time": [each("m2", 1200)],
        },
        {
            "stage_stays": {
                ("crm", "e00"): {"dwell_ms": 1_200_000, "manager": "m2", "amount_minor": 7_000},
                ("crm", "e02"): {"left_at": None, "manager": "m2", "amount_minor": 7_000},
            }
        },
    ),
    Case(
        "a move is of who made it, a robot's is nobody's; the group is the responsible's",
        deal(
            stage(0, "new"), stage(60, "offer", actor="m3"), stage(120, "talks", actor="system"),
            stage(180, "new", "m3", actor="m1"), stage(240, "won", "m3"),
        ),
        {
            "stage_move": [
                each("m3", 60, group="sales"), each("", 120, group="sales"), each("m3", 240)
            ],
            "stage_move_back": [each("m1", 180, group="support")],
            "deal_won": [each("m3", 240)],
        },
    ),
]  # fmt: skip

STAYS = [
    Case(
        "a stay is of who has it at its end, and of him as long as he has had it without a break",
        deal(
            stage(0, "new"), changed(1000, "m3"), changed(1500, "m1"), changed(2000, "m3"),
            stage(3000, "offer", "m3"), stage(4000, "won", "m1"),
        ),
        {
            # The event that ends the second stay names m1: he has what comes, m3 had what was.
            "stage_dwell": [
                group_only("support", 3000, 3_000_000), own("m3", 3000, 1_000_000),
                group_only("support", 4000, 1_000_000), own("m3", 4000, 1_000_000),
            ],
            "stage_judged": [each("m3", 3000), each("m3", 4000)],
            "stage_on_time": [each("m3", 3000), each("m3", 4000)],
            "stage_move": [each("m3", 3000), each("m1", 4000)],
            "deal_won": [each("m1", 4000)],
        },
    ),
    Case(
        "who left at the limit was in time",
        deal(stage(0, "new"), stage(HOUR, "talks")),
        {"stage_judged": [each("m1", HOUR)], "stage_on_time": [each("m1", HOUR)], "stalled_deal": []},
    ),
    Case(
        "one millisecond late is late, and is of who had it when the limit was over",
        deal(stage(0, "new"), changed(HOUR, "m3"), stage(HOUR + 0.001, "talks", "m1")),
        {
            "stage_judged": [each("m3", HOUR)],
            "stage_on_time": [],
            "stage_dwell": [group_only("support", HOUR + 0.001, 3_600_001), own("m3", HOUR + 0.001, 1)],
        },
    ),
    Case(
        "an open deal stalls when its limit is over, and is then of whom it was given to",
        deal(stage(0, "talks"), stage(100, "offer"), changed(2 * DAY, "m3")),
        {
            "stage_judged": [each("m1", 100 + DAY)],
            "stage_on_time": [],
            "open_deal": [each("m3", 0, 0)],
            "limited_deal": [each("m3", 0, 0)],
            "stalled_deal": [each("m3", 100 + DAY, 0)],
        },
        {"deals": {("crm", "d1"): {"manager": "m3", "group": "support", "due_at": t(100 + DAY)}}},
    ),
    Case(
        "without a limit a deal is open and never stalls",
        deal(stage(0, "talks")),
        {"open_deal": [each("m1", 0, 0)], **none_of("limited_deal", "stalled_deal", "stage_judged")},
    ),
]  # fmt: skip

WINS = [
    Case(
        "won, reopened, won again: each at its own time; an amount filled in later is the win's",
        deal(
            stage(0, "new", amount="1000"),
            stage(1000, "won"),
            changed(2000, amount="1500"),
            stage(3000, "offer", "m2", amount="9999"),
            stage(4000, "won", "m2", amount="2000"),
            changed(5000, amount="2500.50"),
        ),
        {
            "deal_won": [each("m1", 1000, 1), each("m1", 3000, -1), each("m2", 4000, 1)],
            "won_amount": [each("m1", 1000, 150_000), each("m1", 3000, -150_000), each("m2", 4000, 250_050)],
            "deal_win": [each("m1", 1000), each("m2", 4000)],
            "win_amount": [each("m1", 1000, 150_000), each("m2", 4000, 250_050)],
            "deal_cycle": [each("m1", 1000, 1_000_000), each("m2", 4000, 4_000_000)],
            "deal_reopened": [each("m2", 3000)],
            # won a second time is neither forward nor back
            "stage_move": [each("m1", 1000)],
            "stage_move_back": [each("m2", 3000)],
            **none_of(*_LOST, "open_deal"),
        },
        {
            "deals": {
                ("crm", "d1"): {
                    "stage_kind": "won", "closed_at": t(4000), "amount_minor": 250_050, "manager": "m2",
                }
            },
            "stage_stays": {
                ("crm", "e00"): {"amount_minor": 100_000, "manager": "m1"},
                ("crm", "e01"): {"amount_minor": 150_000, "manager": "m1"},
                ("crm", "e03"): {"amount_minor": 999_900, "manager": "m2"},
                ("crm", "e04"): {"amount_minor": 250_050, "left_at": None},
            },
        },
    ),
    Case(
        "from won to paid it is one win, of who won it, worth what was known when it was over",
        deal(
            stage(0, "new"),
            stage(1000, "won", amount="100"),
            stage(2000, "paid", "m2", amount="120"),
            stage(3000, "lost", "m2", loss_reason="price", amount="1"),
        ),
        {
            "deal_won": [each("m1", 1000, 1), each("m1", 3000, -1)],
            "won_amount": [each("m1", 1000, 12_000), each("m1", 3000, -12_000)],
            "deal_win": [each("m1", 1000)],
            "win_amount": [each("m1", 1000, 12_000)],
            "deal_cycle": [each("m1", 1000, 1_000_000)],
            "deal_lost": [each("m2", 3000)],
            "deal_lost_rated": [each("m2", 3000)],
            "deal_lost_after": [each("m2", 3000, 3_000_000)],
            "deal_reopened": [],
            "stage_move": [each("m1", 1000), each("m2", 2000)],
            "stage_move_back": [],
        },
    ),
    Case(
        "the win is of whom the deal was given to before, whoever pressed the button",
        deal(stage(0, "new"), changed(500, "m2"), stage(1000, "won", "m2", actor="m1", amount="5")),
        {
            "deal_won": [each("m2", 1000)],
            "win_amount": [each("m2", 1000, 500)],
            "stage_move": [each("m1", 1000, group="sales")],
        },
    ),
    Case(
        "given away after the win, it stays the winner's",
        deal(stage(0, "won"), changed(100, "m3"), stage(200, "new", "m3")),
        {
            "deal_won": [each("m1", 0, 1), each("m1", 200, -1)],
            "deal_cycle": [each("m1", 0, 0)],
            "deal_reopened": [each("m3", 200)],
            # new comes for the first time, but stands before won in the order
            "stage_move": [],
            "stage_move_back": [each("m3", 200)],
            **none_of("won_amount", "win_amount"),
        },
    ),
    Case(
        "lost twice; the duplicate is no part of the win rate",
        deal(
            stage(0, "new"), stage(600, "lost", loss_reason="duplicate"), stage(1200, "new"),
            stage(1800, "lost", loss_reason="price"),
        ),
        {
            "deal_lost": [each("m1", 600), each("m1", 1800)],
            "deal_lost_rated": [each("m1", 1800)],
            "deal_lost_after": [each("m1", 600, 600_000), each("m1", 1800, 1_800_000)],
            "deal_reopened": [each("m1", 1200)],
            "stage_move": [],
            "stage_move_back": [each("m1", 1200)],
            **none_of(*_WON),
        },
        {"deals": {("crm", "d1"): {"loss_reason": "price", "closed_at": t(1800), "created_at": t(0)}}},
    ),
    Case(
        "a deal may come into being lost",
        deal(stage(0, "lost", loss_reason="price")),
        {"deal_lost": [each("m1", 0)], "deal_lost_after": [each("m1", 0, 0)], **none_of(*_WON, *_MOVES)},
    ),
    Case(
        "won and reopened in one moment, nothing is won; yet there was a win",
        deal(stage(0, "new"), stage(900, "won", amount="8"), stage(900, "talks")),
        {
            **none_of("deal_won", "won_amount"),
            "deal_win": [each("m1", 900)],
            "win_amount": [each("m1", 900, 800)],
            "deal_reopened": [each("m1", 900)],
        },
    ),
    Case(
        "two wins of one moment are one, and their amounts add up",
        deal(
            stage(0, "new", amount="8"), stage(900, "won"), stage(900, "talks"),
            stage(900, "won", amount="9"),
        ),
        {
            "deal_won": [each("m1", 900)],
            "won_amount": [each("m1", 900, 900)],
            "deal_win": [each("m1", 900)],
            "win_amount": [each("m1", 900, 1700)],
        },
    ),
]  # fmt: skip

MONEY = [
    Case(
        "other currencies by their rate, rounded half to even",
        deal(stage(0, "won", amount="10.555", currency="USD")),
        {"win_amount": [each("m1", 0, 95_523)]},  # 10.555 x 90.5 = 955.2275
        {"deals": {("crm", "d1"): {"amount_minor": 95_523, "currency": "USD"}}},
    ),
    Case(
        "half a kopeck is none, one and a half are two; nothing is an amount too",
        deal(stage(0, "won", amount="0.005"), stage(60, "talks"), stage(120, "won", amount="0.015")),
        {
            "win_amount": [each("m1", 0, 0), each("m1", 120, 2)],
            "won_amount": [each("m1", 0, 0), each("m1", 60, 0), each("m1", 120, 2)],
            "deal_won": [each("m1", 0), each("m1", 60, -1), each("m1", 120)],
        },
    ),
    Case(
        "an unknown currency is a win without money",
        deal(stage(0, "new", amount="5", currency="XXX"), stage(60, "won", amount="6")),
        {"deal_won": [each("m1", 60)], "deal_win": [each("m1", 60)], **none_of("won_amount", "win_amount")},
        {"deals": {("crm", "d1"): {"amount_minor": None, "currency": "XXX"}}},
    ),
    Case(
        "an amount alone keeps the currency, a currency alone the amount",
        deal(
            stage(0, "new", amount="10", currency="USD"), changed(30, amount="20"), stage(60, "won"),
            changed(90, currency="RUB"),
        ),
        {"win_amount": [each("m1", 60, 2_000)]},
        {"stage_stays": {("crm", "e00"): {"amount_minor": 181_000}, ("crm", "e02"): {"amount_minor": 2_000}}},
    ),
]  # fmt: skip

OTHERS = [
    Case(
        "a proposal counts without a stage, but makes no deal",
        deal(
            at(0, "proposal.sent", "m1", amount="100"),
            at(600, "proposal.sent", "m3"),
            at(700, "proposal.sent", "m9", amount="1.5"),
        ),
        {
            "proposal": [each("m1", 0), each("m3", 600), each("m9", 700)],
            "proposal_amount": [each("m1", 0, 10_000), each("m9", 700, 150)],
            "open_deal": [],
        },
        {"deals": {}, "stage_stays": {}},
    ),
    Case(
        "who sends a proposal does not get the deal; two of one moment are one of both amounts",
        deal(
            at(30, "proposal.sent", "m3", amount="1"), stage(60, "talks"),
            at(90, "proposal.sent", "m3", amount="2"), at(90, "proposal.sent", "m3", amount="4"),
        ),
        {
            "proposal": [each("m3", 30), each("m3", 90)],
            "proposal_amount": [each("m3", 30, 100), each("m3", 90, 600)],
            "open_deal": [each("m1", 60, 0)],
        },
        {"deals": {("crm", "d1"): {"manager": "m1", "proposed_at": t(30), "amount_minor": None}}},
    ),
    Case(
        "a removed deal never was; what was done about it was done",
        [
            *deal(stage(0, "new"), at(30, "proposal.sent", "m1", amount="1"), stage(60, "won", amount="3")),
            {
                "event_id": "gone", "type": "deal.removed", "source": "crm", "deal_id": "d1",
                "occurred_at": at(90, "")["occurred_at"], "why": "test",
            },
        ],
        {
            **none_of(*_WON, *_MOVES, "proposal", "proposal_amount", "stage_dwell", "stage_judged"),
            "crm_action": [each("m1", 0), each("m1", 30), each("m1", 60)],
        },
        {"deals": {}, "stage_stays": {}},
    ),
    Case(
        "a deal of another customer from some time on",
        deal(
            stage(0, "new"), at(60, "deal.changed", customer="+74951230101"),
            stage(120, "talks", lead_id="l7", customer="+74951230101"),
        ),
        {},
        {
            "deals": {("crm", "d1"): {"customer": "+74951230101", "lead_id": "l7"}},
            "stage_stays": {
                ("crm", "e00"): {"customer": "+74951230101"}, ("crm", "e02"): {"customer": "+74951230101"}
            },
        },
    ),
    Case(
        "deals of two sources under one id are two",
        [*deal(stage(0, "won")), *({**e, "source": "amo"} for e in deal(stage(0, "won", "m3")))],
        {"deal_won": [each("m1", 0), each("m3", 0)]},
        {"deals": {("crm", "d1"): {"manager": "m1"}, ("amo", "d1"): {"manager": "m3"}}},
    ),
]  # fmt: skip

CASES = [*MOVES, *STAYS, *WINS, *MONEY, *OTHERS]
