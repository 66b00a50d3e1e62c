"""KPI from facts worked out by hand: windows, exact quantiles, what is open, whose it is."""

from tests.recount.kpi_values import Value, kpi_values
from tests.recount.plain import MINUTE, Counted, FactId, Plain

#: `sales` work on the first day of the epoch, a Thursday, from 0:00 to 0:30.
PLAIN = Plain({"m1": "sales"}, {}, {"sales": {3: (0, 30)}}, 0, None)


def fact(name: str, at: int, entity: str = "crm/1", *, manager: str = "m1", group: str = "sales") -> FactId:
    return entity, name, manager, group, bool(group), at


def of(
    id: str, facts: dict[FactId, int], subject: str = "a:all", minutes: tuple[int, int] = (0, 9), **at: int
) -> Value:
    counted = Counted(facts=facts, whose={(key[0], key[1]): key[0][-1] for key in facts})
    return kpi_values(counted, subject, minutes, plain=PLAIN, **at)[id]


def test_both_ends_of_the_window_are_minutes_of_it() -> None:
    facts = {fact("proposal", at): 1 for at in (MINUTE - 1, MINUTE, 3 * MINUTE - 1, 3 * MINUTE)}
    assert of("proposals_sent", facts, minutes=(1, 2)) == (2, 2)
    assert of("proposals_sent", facts, minutes=(1, 2), now=2 * MINUTE) == (1, 1), "the rest is to come"
    assert of("proposals_sent", facts, minutes=(4, 9)) == (None, 0)


def test_facts_count_for_whom_they_say() -> None:
    facts = {fact("stage_move", 0): 1, fact("stage_move", 5, manager="", group="sales"): 1}
    assert of("stage_moves", facts, "m:m1") == (1, 1)
    assert of("stage_moves", facts, "g:sales") == (2, 2)
    assert of("stage_moves", facts, "g:support") == (None, 0)
    alone = {fact("stage_dwell", 0, manager="m1", group=""): 4000}
    assert of("stage_dwell_p50_s", alone, "m:m1") == (4, 1)
    assert of("stage_dwell_p50_s", alone) == (None, 0)


def test_a_quantile_is_a_value_that_was_there() -> None:
    facts = {fact("deal_cycle", n): n * 1000 for n in range(1, 5)}
    assert of("cycle_p50_s", facts) == (2, 4)
    assert of("cycle_p50_s", facts | {fact("deal_cycle", 5): 5000}) == (3, 5)
    many = {fact("ring", n): n for n in range(1, 21)}
    assert of("ring_p95_s", many) == (0.019, 20)
    assert of("ring_p95_s", many | {fact("ring", 21): 21}) == (0.02, 21), "95 % of 21 are 19.95"


def test_money_and_marks_are_in_their_unit() -> None:
    facts = {fact("won_amount", 0): 150_000, fact("won_amount", 1): -100_000, fact("deal_won", 0): 1}
    facts |= {fact("deal_won", 1): -1, fact("win_amount", 0): 150_000, fact("win_amount", 2): 50_050}
    assert of("won_amount", facts) == (500, 2)
    assert of("deals_won", facts) == (0, 2)
    assert of("avg_deal", facts) == (1000.25, 2)
    assert of("csat_avg", {fact("csat", 0): 5000, fact("csat", 1): 4000}) == (4.5, 2)


def test_a_share_rests_on_its_whole() -> None:
    facts = {fact("deal_win", n): 1 for n in range(2)} | {fact("deal_lost_rated", n): 1 for n in range(3)}
    assert of("win_rate", facts) == (0.4, 5)
    assert of("win_rate", {fact("deal_lost", 0): 1}) == (None, 0)
    waits = {fact("call_answered_hours", n): wait for n, wait in enumerate((20_000, 20_001))}
    assert of("service_level", waits | {fact("call_missed_hours", n): 1 for n in range(2)}) == (0.25, 4)


def test_customers_count_once() -> None:
    facts = {fact("lost_caller", n, f"pbx/{n % 2}"): 1 for n in range(5)}
    assert of("lost_callers", facts) == (2, 2)


def test_what_is_open_has_begun_and_not_ended() -> None:
    facts = {fact("limited_deal", 0, f"crm/{n}"): 0 for n in range(3)}
    facts |= {fact("stalled_deal", n * MINUTE, f"crm/{n}"): 0 for n in range(1, 4)}
    assert of("stalled_deals", facts, now=MINUTE - 1) == (0, 3)
    assert of("stalled_deals", facts, now=2 * MINUTE) == (2, 3)
    assert of("stalled_deals", {}) == (None, 0)
    lead = {fact("open_lead", 0): 5 * MINUTE}
    assert of("open_leads", lead, now=5 * MINUTE - 1) == (1, 1)
    assert of("open_leads", lead, now=5 * MINUTE) == (0, 0)


def test_the_oldest_is_on_the_clock_of_its_group() -> None:
    lead = {fact("open_lead", 20 * MINUTE): 0}
    assert of("open_leads_oldest_s", lead, now=50 * MINUTE) == (600, 1), "closed since 0:30"
    his = {fact("open_lead", 20 * MINUTE, manager="m1", group=""): 0}
    assert of("open_leads_oldest_s", his, "m:m1", now=50 * MINUTE) == (600, 1)
    assert of("longest_waiting_s", {fact("waiting", 20 * MINUTE): 0}, now=50 * MINUTE) == (1800, 1)
