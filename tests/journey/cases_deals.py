"""Deals, case by case: what moves, what waits, what is proposed, what never was."""

from tests.journey.cases import (
    DAY,
    HOUR,
    Case,
    Json,
    at,
    deal,
    each,
    events,
    group_only,
    none_of,
    own,
    stage,
    t,
)

_WON = ("deal_won", "won_amount", "deal_win", "win_amount", "deal_cycle")
_MOVES = ("stage_move", "stage_move_back")


def changed(seconds: float, manager: str = "", **fields: str) -> Json:
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
        {
            "stage_stays": {
                ("crm", "e00"): {
                    "manager": "m3",
                    "owners": [
                        [t(0), "m1", "sales"], [t(1000), "m3", "support"], [t(1500), "m1", "sales"],
                        [t(2000), "m3", "support"],
                    ],
                },
                ("crm", "e04"): {"manager": "m3", "owners": [[t(3000), "m3", "support"]]},
                ("crm", "e05"): {"manager": "m1", "owners": [[t(4000), "m1", "sales"]]},
            }
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

MEETINGS = [
    Case(
        "past its limit, it is not stalled while a meeting is to come; its stay is late all the same",
        deal(stage(0, "new"), at(1800, "meeting.scheduled", "m1")),
        {
            "limited_deal": [each("m1", 0, 0)], "stalled_deal": [],
            "stage_judged": [each("m1", HOUR)], "stage_on_time": [],
        },
        {
            "stage_stays": {("crm", "e00"): {"meeting_ahead": [[t(1800), 0]], "due_at": t(HOUR)}},
            "deals": {("crm", "d1"): {"due_at": t(HOUR)}},
        },
    ),
    Case(
        "held before the limit, it changes nothing",
        deal(stage(0, "new"), at(600, "meeting.scheduled", "m1"), at(1800, "meeting.held", "m1")),
        {"stalled_deal": [each("m1", HOUR, 0)], "meeting_held": [each("m1", 1800)]},
        {"stage_stays": {("crm", "e00"): {"meeting_ahead": [[t(600), t(1800)]]}}},
    ),
    Case(
        "stalled, then with a meeting ahead, then stalled again since it was missed",
        deal(
            stage(0, "new"), at(2 * HOUR, "meeting.scheduled", "m1"),
            at(2.5 * HOUR, "meeting.scheduled", "m3"), at(3 * HOUR, "meeting.missed", "m1"),
        ),
        {"stalled_deal": [each("m1", 3 * HOUR, 0)]},
        {"stage_stays": {("crm", "e00"): {"meeting_ahead": [[t(2 * HOUR), t(3 * HOUR)]]}}},
    ),
    Case(
        "a meeting that names no deal, or another one, holds none",
        [
            *deal(stage(0, "new")),
            *events(
                at(60, "meeting.scheduled", "m1", event_id="x"),
                at(60, "meeting.scheduled", "m1", event_id="y", deal_id="d2"),
            ),
        ],
        {"stalled_deal": [each("m1", HOUR, 0)], "open_deal": [each("m1", 0, 0)]},
    ),
    Case(
        "a meeting stands beside those stays alone during which it lay ahead",
        deal(
            stage(0, "new"), stage(600, "offer"), at(700, "meeting.scheduled", "m1"), stage(800, "talks"),
            at(900, "meeting.held", "m1"), stage(1000, "offer"),
        ),
        {"stalled_deal": [each("m1", 1000 + DAY, 0)]},
        {
            "stage_stays": {
                ("crm", "e00"): {"meeting_ahead": []},
                ("crm", "e01"): {"meeting_ahead": [[t(700), t(900)]]},
                ("crm", "e03"): {"meeting_ahead": [[t(700), t(900)]]},
                ("crm", "e05"): {"meeting_ahead": []},
            }
        },
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
        "a proposal is in the currency of its deal, even one that came before it",
        deal(
            at(0, "proposal.sent", "m1", amount="1"), stage(60, "talks", currency="USD", amount="7"),
            at(90, "proposal.sent", "m1", amount="2"), changed(120, currency="RUB"),
            at(150, "proposal.sent", "m1", amount="4"),
            at(180, "proposal.sent", "m1", amount="4", currency="USD"),
        ),
        {
            "proposal_amount": [
                each("m1", 0, 9_050), each("m1", 90, 18_100), each("m1", 150, 400), each("m1", 180, 36_200),
            ]
        },
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

CASES = [*MOVES, *STAYS, *MEETINGS, *OTHERS]
