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
    ("call_answered_in_t", 1, 860),
    ("call_missed_hours", 1, 50),
    ("short_abandon", 1, 10),
]


def test_service_level_is_variant_sl6_of_the_golden_example() -> None:
    found, n = value("service_level", SERVICE)
    assert n == 1050
    assert found == pytest.approx(860 / 1050, abs=1e-12)
    assert f"{found:.2%}" == "81.90%"


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
    ("service_level_all_hours", [("call_answered_in_t_all", 1, 1), ("call_answered", 1, 2)], 0.5, 2),
    ("answer_wait_avg_s", SERVICE, (860 * 8 + 140 * 40) / 1000, 1000),
    ("answer_wait_p50_s", [("call_answered_hours", 10, 2), ("call_answered_hours", 30, 1)], 0.01, 3),
    ("answer_wait_p95_s", [("call_answered_hours", 10, 19), ("call_answered_hours", 30, 1)], 0.01, 20),
    ("answer_wait_p95_s", [("call_answered_hours", 10, 18), ("call_answered_hours", 30, 2)], 0.03, 20),
    ("answer_wait_max_s", [("call_answered_hours", 10, 9), ("call_answered_hours", 31, 1)], 0.031, 10),
    ("answer_wait_p50_s_all_hours", [("call_answered", 20, 1)], 0.02, 1),
    ("offers", [("offer", 1, 6)], 6.0, 6),
    ("offers_missed", [("offer_missed", 1, 2)], 2.0, 2),
    ("offers_missed_share", [("offer_missed", 1, 1), ("offer_answered", 1, 3), ("offer", 1, 9)], 0.25, 4),
    ("ring_p50_s", [("ring", 0, 1)], 0.0, 1),
    ("ring_p95_s", [("ring", 3, 1), ("ring", 12, 1)], 0.012, 2),
    ("calls_handled", [("handled", 1, 8)], 8.0, 8),
    ("talk_s", [("talk", 90_000, 2), ("talk", 500, 1)], 180.5, 3),
    ("talk_s", [("talk", 0, 2)], 0.0, 2),
    ("avg_talk_s", [("talk", 90_000, 2), ("talk", 30_000, 1)], 70.0, 3),
    ("quality_calls", [("quality", 1, 3)], 3.0, 3),
    ("dials", [("dial", 1, 20)], 20.0, 20),
    ("dials_answered", [("dial_answered", 1, 11)], 11.0, 11),
    ("dials_answered_share", [("dial", 1, 20), ("dial_answered", 1, 5)], 0.25, 20),
    ("dials_conversations", [("dial_conversation", 1, 4)], 4.0, 4),
    ("early_hangup_share", [("dial_answered", 1, 10), ("dial_early_hangup", 1, 1)], 0.1, 10),
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
]


@pytest.mark.parametrize(("id", "facts", "expected", "n"), CASES)
def test_value_and_n(id: str, facts: Facts, expected: float | None, n: int) -> None:
    found, rests_on = value(id, facts)
    assert rests_on == n
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_every_kpi_of_a_window_is_worked_by_hand() -> None:
    assert {case[0] for case in CASES} | {"service_level"} == {kpi.id for kpi in KPIS.values() if kpi.rolling}


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
