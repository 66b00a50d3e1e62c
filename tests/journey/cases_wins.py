"""Wins and losses, case by case, and what money they are."""

from tests.journey.cases import Case, Json, at, deal, each, none_of, stage, t

_WON = ("deal_won", "won_amount", "deal_win", "win_amount", "deal_cycle")
_LOST = ("deal_lost", "deal_lost_rated", "deal_lost_after")
_MOVES = ("stage_move", "stage_move_back")


def changed(seconds: float, manager: str = "", **fields: str) -> Json:
    return at(seconds, "deal.changed", manager, **fields)


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

CASES = [*WINS, *MONEY]
