"""Each KPI on facts worked by hand."""

import pytest

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import evaluate
from streams.records import PaneState
from streams.windows.items import OpenItems
from streams.windows.pane import apply
from streams.windows.totals import Totals

#: (measurement, value in ms or 1, how often); tags of sets count up
Facts = list[tuple[str, int, int]]


def totals(facts: Facts) -> Totals:
    pane = PaneState()
    for name, value, times in facts:
        for number in range(times):
            apply(pane, name, None, value, f"c{number}")
    return Totals(pane)


def value(id: str, facts: Facts) -> tuple[float | None, int]:
    return evaluate(KPIS[id], totals(facts), OpenItems(), 0, lambda _g, a, b: b - a)


#: Of 1000 calls 860 were answered within 20 s; 60 were abandoned, 10 of them within 5 s (short
#: abandons, which are no missed calls). All in working hours.
SERVICE: Facts = [
    ("call_answered_hours", 8_000, 860),
    ("call_answered_hours", 40_000, 140),
    ("call_missed_hours", 1, 50),
    ("short_abandon", 1, 10),
    ("wait_answered_hours", 8_000, 860),
    ("wait_answered_hours", 40_000, 140),
    ("wait_abandoned_hours", 3_000, 10),
    ("wait_abandoned_hours", 40_000, 50),
]


CASES: list[tuple[str, Facts, float | None, int]] = [
    ("calls_in", [("call_in", 1, 7)], 7.0, 7),
    ("calls_answered", [("call_answered", 4_000, 3)], 3.0, 3),
    ("calls_answered", [("call_answered_by", 1, 2)], 2.0, 2),
    ("calls_missed", [("call_missed", 1, 4), ("short_abandon", 1, 9)], 4.0, 4),
    ("short_abandons", SERVICE, 10.0, 10),
    ("missed_callers", [("missed_caller", 1, 5), ("missed_caller", 1, 3)], 5.0, 5),
    ("offers_missed_shared", [("offer_missed_shared", 1, 2)], 2.0, 2),
    ("missed_share", SERVICE, 50 / 1050, 1050),
    ("missed_share", [("call_missed", 1, 5)], None, 0),
    ("missed_share_all_hours", [("call_missed", 1, 1), ("call_answered", 0, 3)], 0.25, 4),
    ("missed_share_all_hours", [("call_answered", 0, 3)], 0.0, 3),
    ("service_level", SERVICE, 860 / 1050, 1050),  # by default variant SL6; the others in test_levels
    (
        "service_level_all_hours",
        [("wait_answered_all", 20_000, 1), ("wait_answered_all", 20_001, 1), ("wait_answered_hours", 1, 9)],
        0.5,
        2,
    ),
    ("answer_wait_avg_s", SERVICE, (860 * 8 + 140 * 40) / 1000, 1000),
    ("answer_wait_p50_s", [("call_answered_hours", 10, 2), ("call_answered_hours", 30, 1)], 0.01, 3),
    ("answer_wait_p95_s", [("call_answered_hours", 10, 19), ("call_answered_hours", 30, 1)], 0.01, 20),
    ("answer_wait_p95_s", [("call_answered_hours", 10, 18), ("call_answered_hours", 30, 2)], 0.03, 20),
    ("answer_wait_max_s", [("call_answered_hours", 10, 9), ("call_answered_hours", 31, 1)], 0.031, 10),
    ("answer_wait_avg_s_all_hours", [("call_answered", 20, 1), ("call_answered", 40, 3)], 0.035, 4),
    ("answer_wait_p50_s_all_hours", [("call_answered", 20, 1)], 0.02, 1),
    ("answer_wait_p95_s_all_hours", [("call_answered", 10, 19), ("call_answered", 30, 1)], 0.01, 20),
    ("answer_wait_max_s_all_hours", [("call_answered", 10, 9), ("call_answered", 31, 1)], 0.031, 10),
    ("offers", [("offer", 1, 6)], 6.0, 6),
    ("offers_missed", [("offer_missed", 1, 2)], 2.0, 2),
    (
        "offers_missed_share",
        [("offer_missed_hours", 1, 1), ("offer_answered_hours", 1, 3), ("offer_missed", 1, 9)],
        0.25,
        4,
    ),
    (
        "offers_missed_share_all_hours",
        [("offer_missed", 1, 1), ("offer_answered", 1, 3), ("offer", 1, 9)],
        0.25,
        4,
    ),
    ("ring_p50_s", [("ring", 0, 1)], 0.0, 1),
    ("ring_p95_s", [("ring", 3, 1), ("ring", 12, 1)], 0.012, 2),
    ("calls_handled", [("handled", 1, 8)], 8.0, 8),
    ("talk_s", [("talk", 90_000, 2), ("talk", 500, 1)], 180.5, 3),
    ("talk_s", [("talk", 0, 2)], 0.0, 2),
    ("avg_talk_s", [("talk", 90_000, 2), ("talk", 30_000, 1)], 70.0, 3),
    ("quality_calls", [("quality", 1, 3)], 3.0, 3),
    ("dials", [("dial", 1, 20)], 20.0, 20),
    ("dials_answered", [("dial_answered", 1, 11)], 11.0, 11),
    (
        "dials_answered_share",
        [("dial_hours", 1, 20), ("dial_answered_hours", 1, 5), ("dial", 1, 30)],
        0.25,
        20,
    ),
    ("dials_answered_share", [("dial", 1, 20), ("dial_answered", 1, 5)], None, 0),
    ("dials_answered_share_all_hours", [("dial", 1, 20), ("dial_answered", 1, 5)], 0.25, 20),
    ("dials_conversations", [("dial_conversation", 1, 4)], 4.0, 4),
    ("early_hangup_share", [("dial_answered_hours", 1, 10), ("dial_early_hangup_hours", 1, 1)], 0.1, 10),
    ("early_hangup_share_all_hours", [("dial_answered", 1, 10), ("dial_early_hangup", 1, 1)], 0.1, 10),
    ("callback_p50_s", [("callback", 16, 1), ("callback", 31, 2)], 0.031, 3),
    ("callback_p95_s", [("callback", 16, 1)], 0.016, 1),
    ("callback_within_20m", [("callback_due", 1, 8), ("callback_in_time", 1, 6)], 0.75, 8),
    ("response_p50_s", [("response", 5, 1), ("response", 6, 1)], 0.005, 2),
    ("response_p95_s", [("response", 5, 1), ("response", 6, 1)], 0.006, 2),
    ("callbacks_made", [("callback_made", 1, 3)], 3.0, 3),
    ("callbacks_reached", [("callback_reached", 1, 1)], 1.0, 1),
    ("leads_new", [("lead_new", 1, 6)], 6.0, 6),
    ("lead_response_p50_s", [("lead_response", 16, 1), ("lead_response", 31, 2)], 0.031, 3),
    ("lead_response_p95_s", [("lead_response", 16, 19), ("lead_response", 31, 1)], 0.016, 20),
    ("lead_response_p50_s_cal", [("lead_response_cal", 5, 1), ("lead_response_cal", 6, 1)], 0.005, 2),
    ("lead_response_p95_s_cal", [("lead_response_cal", 5, 1), ("lead_response_cal", 6, 1)], 0.006, 2),
    ("lead_within_5m", [("lead_due_5m", 1, 8), ("lead_in_5m", 1, 2)], 0.25, 8),
    ("lead_within_1h", [("lead_due_1h", 1, 8), ("lead_in_1h", 1, 6)], 0.75, 8),
    ("lead_within_5m_cal", [("lead_due_5m_cal", 1, 8)], 0.0, 8),
    ("lead_within_1h_cal", [("lead_due_1h_cal", 1, 4), ("lead_in_1h_cal", 1, 4)], 1.0, 4),
    ("contact_rate", [("lead_contact_due", 1, 5), ("lead_contacted", 1, 3)], 0.6, 5),
    ("touches_per_lead", [("lead_touches", 0, 2), ("lead_touches", 3, 2)], 1.5, 4),
    ("attempts_per_lead", [("lead_attempts", 0, 3), ("lead_attempts", 4, 1)], 1.0, 4),
    ("disqualified_share", [("lead_new", 1, 10), ("lead_disqualified", 1, 3)], 0.3, 10),
    ("disqualified_untouched", [("lead_disqualified_untouched", 1, 2)], 2.0, 2),
    ("lost_callers", [("lost_caller", 1, 4), ("lost_caller", 1, 2)], 4.0, 4),
    ("stage_moves", [("stage_move", 1, 3)], 3.0, 3),
    ("stage_moves_back", [("stage_move_back", 1, 2)], 2.0, 2),
    ("stage_dwell_p50_s", [("stage_dwell", 16, 1), ("stage_dwell", 31, 2)], 0.031, 3),
    ("stage_on_time_share", [("stage_judged", 1, 8), ("stage_on_time", 1, 6)], 0.75, 8),
    # Five won, two of them reopened: both are facts of their own.
    ("deals_won", [("deal_won", 1, 5), ("deal_won", -1, 2)], 3.0, 7),
    ("deals_reopened", [("deal_reopened", 1, 2)], 2.0, 2),
    # 1 000 000.00 / 100 000.00 = 10 deals (kpi.md, golden numbers).
    ("won_amount", [("won_amount", 10_000_000, 10)], 1_000_000.0, 10),
    ("won_amount", [("won_amount", 150_050, 1), ("won_amount", -50, 1)], 1500.0, 2),
    ("avg_deal", [("win_amount", 10_000_000, 9), ("win_amount", 20_000_000, 1)], 110_000.0, 10),
    ("deals_lost", [("deal_lost", 1, 4)], 4.0, 4),
    ("win_rate", [("deal_win", 1, 3), ("deal_lost_rated", 1, 9), ("deal_lost", 1, 12)], 0.25, 12),
    ("cycle_p50_s", [("deal_cycle", 31, 1)], 0.031, 1),
    ("lost_after_p50_s", [("deal_lost_after", 30, 1)], 0.03, 1),
    ("proposals_sent", [("proposal", 1, 2)], 2.0, 2),
    ("proposal_amount", [("proposal_amount", 250_000, 2)], 5000.0, 2),
    ("meetings_scheduled", [("meeting_scheduled", 1, 3)], 3.0, 3),
    ("meetings_held", [("meeting_held", 1, 2)], 2.0, 2),
    ("meetings_missed", [("meeting_missed", 1, 1)], 1.0, 1),
    ("tasks_done", [("task_done", 1, 6)], 6.0, 6),
    ("tasks_rescheduled", [("task_put_off", 1, 3)], 3.0, 3),
    ("tasks_done_in_time_share", [("task_due", 1, 5), ("task_in_time", 1, 4)], 0.8, 5),
    ("csat_avg", [("csat", 5000, 1), ("csat", 4000, 1)], 4.5, 2),
    ("qa_avg", [("qa", 3500, 2)], 3.5, 2),
    ("complaints", [("complaint", 1, 2)], 2.0, 2),
    ("complaints", [("complaint_justified", 1, 1)], 1.0, 1),
    ("crm_actions", [("crm_action", 1, 4), ("dial", 1, 3), ("call_answered_by", 1, 2)], 9.0, 9),
]


@pytest.mark.parametrize(("id", "facts", "expected", "n"), CASES)
def test_value_and_n(id: str, facts: Facts, expected: float | None, n: int) -> None:
    found, rests_on = value(id, facts)
    assert rests_on == n
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_every_kpi_of_a_window_is_worked_by_hand() -> None:
    assert {case[0] for case in CASES} == {kpi.id for kpi in KPIS.values() if kpi.rolling}


def now(id: str, items: OpenItems, at: int) -> tuple[float | None, int]:
    return evaluate(KPIS[id], totals([]), items, at, lambda _g, a, b: b - a)


def test_what_is_known_ahead_counts_from_its_time_on() -> None:
    items = OpenItems()
    assert now("stalled_deals", items, 50) == (None, 0), "nothing has a limit"
    for number, limit in enumerate((100, 200, 300)):
        items.open("limited_deal", f"sales|crm/{number}", 0)
        items.open("stalled_deal", f"sales|crm/{number}", limit)
    assert now("stalled_deals", items, 99) == (0.0, 3)
    assert now("stalled_deals", items, 100) == (1.0, 3)
    assert now("stalled_deals", items, 300) == (3.0, 3)
    assert now("stalled_deals", items, 250) == (2.0, 3), "asked for an earlier moment"
    items.close("stalled_deal", "sales|crm/0")
    items.close("limited_deal", "sales|crm/0")
    assert now("stalled_deals", items, 250) == (1.0, 2)
    items.open("stalled_deal", "sales|crm/1", 260)
    assert now("stalled_deals", items, 250) == (0.0, 2), "its limit was moved"


def test_tasks_are_overdue_from_their_due_time_on() -> None:
    items = OpenItems()
    assert now("tasks_overdue", items, 50) == (0.0, 0)
    items.open("overdue_task", "sales|crm/t1", 100)
    assert now("tasks_overdue", items, 99) == (0.0, 0)
    assert now("tasks_overdue", items, 100) == (1.0, 1)


#: Hours: the group `sales` works half the time, `support` always.
def working(group: str, since: int, now: int) -> int:
    return (now - since) // 2 if group == "sales" else now - since


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("open_missed", (3.0, 3)),
        ("open_missed_oldest_s", (50.0, 3)),  # sales: half of 80 s; support: 50 s
        ("uncalled_missed", (1.0, 1)),
        ("uncalled_missed_oldest_s", (40.0, 1)),
        ("calls_waiting", (1.0, 1)),
        ("longest_waiting_s", (7.0, 1)),  # on the line nobody asks for the hours
        ("open_leads", (2.0, 2)),
        ("open_leads_oldest_s", (30.0, 2)),  # sales: half of 40 s; support: 30 s
    ],
)
def test_states_of_now(id: str, expected: tuple[float, int]) -> None:
    items = OpenItems()
    items.open("open_missed", "sales|c1", 20_000)
    items.open("open_missed", "sales|c2", 90_000)
    items.open("open_missed", "support|c3", 50_000)
    items.open("uncalled_missed", "sales|c1", 20_000)
    items.open("waiting", "sales|pbx/1", 93_000)
    items.open("open_lead", "sales|crm/l1", 60_000)
    items.open("open_lead", "support|crm/l2", 70_000)
    assert evaluate(KPIS[id], Totals(), items, 100_000, working) == expected


def test_nothing_open_is_a_count_of_0_and_no_age() -> None:
    none = OpenItems()
    assert evaluate(KPIS["open_missed"], Totals(), none, 100, working) == (0.0, 0)
    assert evaluate(KPIS["open_missed_oldest_s"], Totals(), none, 100, working) == (None, 0)


def test_an_item_dated_ahead_has_no_age_yet() -> None:
    items = OpenItems()
    items.open("waiting", "sales|1", 500)
    assert evaluate(KPIS["longest_waiting_s"], Totals(), items, 100, working) == (0.0, 1)
