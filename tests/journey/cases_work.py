"""Activities, and what became of missed customers and of leads, case by case."""

from typing import Any

from tests.journey.cases import (
    DAY,
    HOUR,
    Case,
    Json,
    at,
    each,
    events,
    group_only,
    own,
    t,
)


def rated(seconds: float, score: float, manager: str = "m1", **fields: Any) -> Json:
    return at(seconds, "call.rated", manager, call_id="k1", score=score, **fields)


ACTIVITIES = [
    Case(
        "meetings are of who has them",
        events(
            at(0, "meeting.scheduled", "m1"), at(60, "meeting.held", "m3"), at(120, "meeting.missed", "m9")
        ),
        {
            "meeting_scheduled": [each("m1", 0)], "meeting_held": [each("m3", 60)],
            "meeting_missed": [each("m9", 120)],
        },
    ),
    Case(
        "a complaint is the group's; the manager's only when it was justified",
        events(
            at(0, "complaint.created", "m1"), at(60, "complaint.created"),
            at(120, "complaint.closed", "m1", justified=True),
            at(180, "complaint.closed", "m3", justified=False),
            at(240, "complaint.closed", justified=True), at(300, "complaint.closed", "m3"),
        ),
        {
            "complaint": [group_only("sales", 0), group_only("unassigned", 60)],
            "complaint_justified": [own("m1", 120)],
        },
    ),
    Case(
        "marks on a scale of 5 in thousandths: customers', reviewers', never a machine's",
        events(
            rated(0, 4), rated(60, 7, score_max=10, rated_by="reviewer"), rated(120, 1, score_max=3),
            rated(180, 5, rated_by="machine"), rated(240, 2), rated(240, 3), rated(240, 1, "m3"),
        ),
        {
            "csat": [
                each("m1", 0, 4000), each("m1", 120, 1667), each("m1", 240, 3000), each("m3", 240, 1000)
            ],
            "qa": [each("m1", 60, 3500)],
        },
    ),
    Case(
        "an action is of who did it; robots do not act",
        [
            *events(
                at(0, "customer.contacted", "m1", via="visit"),
                at(60, "meeting.held", "m1", actor="m3"),
                at(120, "meeting.held", "m1", actor="system"),
                at(180, "lead.assigned", "m1", lead_id="l1"),
                at(240, "lead.disqualified", lead_id="l1"),
                at(300, "lead.disqualified", lead_id="l1", actor="m5"),
                at(360, "complaint.created", "m1"),
                at(420, "lead.created", "m1", lead_id="l1"),
            )
        ],
        {"crm_action": [each("m1", 0), each("m3", 60), each("m1", 180), each("m5", 300)]},
    ),
]  # fmt: skip


def call(call_id: str, *steps: Json) -> list[Json]:
    """The events of a call."""
    return [
        {**e, "event_id": f"{call_id}-{e['event_id']}"} for e in events(*steps, source="pbx", call_id=call_id)
    ]


def missed(end: float) -> list[Json]:
    """A call to `sales` that nobody answered."""
    start = at(end - 30, "call.started", direction="in", group="sales")
    return call("k1", start, at(end, "call.ended", reason="hangup"))


def dialled(call_id: str, start: float, answer: float | None, end: float) -> list[Json]:
    """A call of m1 to the customer."""
    answered = [] if answer is None else [at(answer, "call.answered", "m1")]
    return call(
        call_id,
        at(start, "call.started", "m1", direction="out"),
        *answered,
        at(end, "call.ended", reason="hangup"),
    )


#: Friday 18:00, the closing time of the next working day; and of the third, Tuesday.
_FRIDAY = 30 * HOUR
_TUESDAY = 126 * HOUR

MISSED = [
    Case(
        "nobody calls: lost on Friday evening, given up on Tuesday evening",
        missed(0),
        {
            "missed_item": [group_only("sales", 0, t(_FRIDAY))],
            "missed_item_reached": [],
            "lost_caller": [group_only("sales", _FRIDAY)],
            "span_missed": [group_only("sales", 0, t(_TUESDAY))],
            "span_uncalled": [group_only("sales", 0, t(_TUESDAY))],
        },
    ),
    Case(
        "tried after 10 minutes and reached on Friday at 17:00",
        [
            *missed(0),
            *dialled("k2", 600, None, 630),
            *dialled("k3", 29 * HOUR - 9, 29 * HOUR, 29 * HOUR + 60),
        ],
        {
            "missed_item": [group_only("sales", 0, t(_FRIDAY))],
            "missed_item_reached": [group_only("sales", 0, t(_FRIDAY))],
            "lost_caller": [],
            "span_missed": [group_only("sales", 0, t(29 * HOUR))],
            "span_uncalled": [group_only("sales", 0, t(600))],
        },
    ),
    Case(
        "given up after three attempts, he is reached in time all the same",
        [
            *missed(0),
            *(e for n in (2, 3, 4) for e in dialled(f"k{n}", n * 100, None, n * 100 + 30)),
            *dialled("k5", 2 * HOUR, 2 * HOUR + 10, 2 * HOUR + 90),
        ],
        {
            "missed_item_reached": [group_only("sales", 0, t(_FRIDAY))],
            "lost_caller": [],
            "span_missed": [group_only("sales", 0, t(430))],
            "span_uncalled": [group_only("sales", 0, t(200))],
        },
    ),
    Case(
        "reached on Monday at 10:00 is too late, and he was lost on Friday",
        [*missed(0), *dialled("k2", 94 * HOUR, 94 * HOUR + 5, 94 * HOUR + 65)],
        {
            "missed_item": [group_only("sales", 0, t(_FRIDAY))],
            "missed_item_reached": [],
            "lost_caller": [group_only("sales", _FRIDAY)],
            "span_missed": [group_only("sales", 0, t(94 * HOUR + 5))],
            "span_uncalled": [group_only("sales", 0, t(94 * HOUR))],
        },
    ),
    Case(
        "who got a message is not lost, but nobody has talked to him",
        [*missed(0), *events(at(600, "customer.contacted", "m1", via="messenger"))],
        {
            "missed_item": [group_only("sales", 0, t(_FRIDAY))],
            "missed_item_reached": [],
            "lost_caller": [],
            "span_missed": [group_only("sales", 0, t(600))],
            "span_uncalled": [group_only("sales", 0, t(600))],
        },
    ),
]

LEADS = [
    Case(
        "a lead waits until it is tried, with each who had it",
        [
            *events(
                at(0, "lead.created", group="sales", channel="web_form", lead_id="l1"),
                at(100, "lead.assigned", "m1", lead_id="l1"),
                at(400, "lead.assigned", "m2", lead_id="l1"),
            ),
            *dialled("k1", 500, None, 530),
        ],
        {
            "span_lead": [
                group_only("sales", 0, t(500)), own("m1", 100, t(400)), own("m2", 400, t(500)),
            ]
        },
    ),
    Case(
        "disqualified or closed, it waits no more; given away later, it never waited with him",
        events(
            at(0, "lead.created", "m1", group="sales", channel="web_form", lead_id="l1"),
            at(200, "item.closed", "m1", item_id="crm/l1"),
            at(300, "lead.disqualified", "m1", lead_id="l1"),
            at(400, "lead.assigned", "m2", lead_id="l1"),
        ),
        {"span_lead": [group_only("sales", 0, t(200)), own("m1", 0, t(200))]},
    ),
    Case(
        "never tried, it waits for 90 days; a call that was running already leaves nothing to wait for",
        [
            *events(at(0, "lead.created", group="sales", channel="chat", lead_id="l1")),
            *({**e, "customer": "+74951230102"} for e in dialled("k1", -60, -50, 300)),
            *events(
                at(0, "lead.created", group="sales", channel="chat", lead_id="l2", event_id="l2"),
                customer="+74951230102",
            ),
        ],
        {"span_lead": [group_only("sales", 0, t(90 * DAY))]},
    ),
    Case(
        "a lead that came by telephone waits for nothing",
        events(at(0, "lead.created", "m1", channel="call", lead_id="l1")),
        {"span_lead": []},
    ),
]  # fmt: skip

CASES = [*ACTIVITIES, *MISSED, *LEADS]
