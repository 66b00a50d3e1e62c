"""KPI of inbound calls, of a group and of all: how many, how many missed, how long they waited."""

from streams.kpis.formulas import (
    Count,
    Distinct,
    Maximum,
    Mean,
    OpenAge,
    OpenCount,
    Quantile,
    Quotient,
    Ratio,
)
from streams.kpis.kpi import NOW, Input, Kpi

_IN: frozenset[Input] = frozenset({"inbound"})

_COUNTS = (
    Kpi(
        id="calls_in",
        title="Inbound calls",
        unit="count",
        good="neutral",
        subjects="ga",
        formula=Count("call_in"),
        needs=_IN,
        personal=False,
        help="Inbound calls from outside, at their start, by the group they came in for (kpi.md #2).",
    ),
    Kpi(
        id="calls_answered",
        title="Answered calls",
        unit="count",
        good="up",
        subjects="mga",
        formula=Count("call_answered", "call_answered_by"),
        needs=_IN,
        personal=False,
        help="Inbound calls that anyone answered, at the answer, each once; for a manager those that "
        "he answered first (kpi.md #4).",
    ),
    Kpi(
        id="calls_missed",
        title="Missed calls",
        unit="count",
        good="down",
        subjects="ga",
        formula=Count("call_missed"),
        needs=_IN,
        personal=False,
        help="Inbound calls that nobody answered, voicemail included, at their end. A missed call has "
        "no manager (kpi.md #5, part 0.3).",
    ),
    Kpi(
        id="short_abandons",
        title="Short abandons",
        unit="count",
        good="neutral",
        subjects="ga",
        formula=Count("short_abandon"),
        needs=_IN,
        personal=False,
        help="Callers who gave up within 5 s of beginning to wait; not missed (contract, outcomes).",
    ),
    Kpi(
        id="missed_callers",
        title="Missed customers",
        unit="count",
        good="down",
        subjects="ga",
        formula=Distinct("missed_caller"),
        needs=_IN,
        personal=False,
        help="Different customers with a missed call; hidden numbers are nobody (practice.md 1.2).",
    ),
    Kpi(
        id="offers_missed_shared",
        title="Missed by all who rang",
        unit="count",
        good="down",
        subjects="ga",
        formula=Count("offer_missed_shared"),
        needs=frozenset({"inbound", "offers"}),
        personal=False,
        help="Calls that rang at several managers at once and that none of them took; charged to no "
        "one person (practice.md 1.2).",
    ),
)

_SHARES = (
    Kpi(
        id="missed_share",
        title="Missed share",
        unit="share",
        good="down",
        subjects="ga",
        formula=Ratio("call_missed_hours", "call_answered_hours"),
        needs=_IN,
        personal=False,
        min_n=10,
        help="Missed / (missed + answered), calls of working hours, short abandons left out (kpi.md #6).",
    ),
    Kpi(
        id="missed_share_all_hours",
        title="Missed share, all hours",
        unit="share",
        good="down",
        subjects="ga",
        formula=Ratio("call_missed", "call_answered"),
        needs=_IN,
        personal=False,
        min_n=10,
        help="Missed / (missed + answered), calls of all hours.",
    ),
    Kpi(
        id="service_level",
        title="Service level",
        unit="share",
        good="up",
        subjects="ga",
        formula=Ratio("call_answered_in_t", of=("call_answered_hours", "call_missed_hours")),
        needs=_IN,
        personal=False,
        min_n=20,
        help="Answered within T / (answered + missed), calls of working hours, short abandons left "
        "out: variant SL6 of kpi.md 2.1; T is 20 s or the group's own.",
    ),
    Kpi(
        id="service_level_all_hours",
        title="Service level, all hours",
        unit="share",
        good="up",
        subjects="ga",
        formula=Ratio("call_answered_in_t_all", of=("call_answered", "call_missed")),
        needs=_IN,
        personal=False,
        min_n=20,
        help="The service level over calls of all hours.",
    ),
)


def _wait(id: str, title: str, formula: Quotient | Quantile, min_n: int, help: str) -> Kpi:
    return Kpi(
        id=id,
        title=title,
        unit="s",
        good="down",
        subjects="ga",
        formula=formula,
        needs=_IN,
        personal=False,
        min_n=min_n,
        help=help,
    )


_WAITS = (
    _wait(
        "answer_wait_avg_s",
        "Average wait",
        Mean("call_answered_hours"),
        5,
        "Mean wait of answered calls of working hours, from the queue (else the first ring, else the "
        "start) to the answer (kpi.md #9).",
    ),
    _wait(
        "answer_wait_p50_s",
        "Median wait",
        Quantile("call_answered_hours", 50),
        10,
        "Half of the answered calls of working hours waited no longer (kpi.md #9).",
    ),
    _wait(
        "answer_wait_p95_s",
        "Wait, 95 %",
        Quantile("call_answered_hours", 95),
        20,
        "95 % of the answered calls of working hours waited no longer (kpi.md #9).",
    ),
    _wait(
        "answer_wait_max_s",
        "Longest wait",
        Maximum("call_answered_hours"),
        1,
        "Longest wait of an answered call of working hours (kpi.md #9).",
    ),
    _wait(
        "answer_wait_p50_s_all_hours",
        "Median wait, all hours",
        Quantile("call_answered", 50),
        10,
        "Half of the answered calls of all hours waited no longer.",
    ),
)

_NOW = (
    Kpi(
        id="calls_waiting",
        title="Callers waiting",
        unit="count",
        good="down",
        subjects="ga",
        formula=OpenCount("waiting"),
        needs=_IN,
        personal=False,
        windows=NOW,
        help="Callers whom nobody has answered yet (practice.md 1.2).",
    ),
    Kpi(
        id="longest_waiting_s",
        title="Longest waiting caller",
        unit="s",
        good="down",
        subjects="ga",
        formula=OpenAge("waiting", "calendar"),
        needs=_IN,
        personal=False,
        windows=NOW,
        help="How long the caller who has waited longest has been waiting (practice.md 3).",
    ),
)

#: In the order of the tables and views.
KPIS: tuple[Kpi, ...] = (*_COUNTS, *_SHARES, *_WAITS, *_NOW)
