"""KPI of inbound calls, of a group and of all: how many, how many missed, how long they waited."""

from functools import partial

from streams.kpis.formulas import (
    Count,
    Distinct,
    Maximum,
    Mean,
    OpenAge,
    OpenCount,
    Quantile,
    Ratio,
    ServiceLevel,
)
from streams.kpis.kpi import NOW, Input, Kpi

_IN: frozenset[Input] = frozenset({"inbound"})

#: A caller whom nobody answers has no manager: these are of groups and all.
_kpi = partial(Kpi, subjects="ga", needs=_IN, personal=False)

_COUNTS = (
    _kpi(
        id="calls_in",
        title="Inbound calls",
        unit="count",
        good="neutral",
        formula=Count("call_in"),
        help="Inbound calls from outside, at their start, by the group they came in for.",
    ),
    _kpi(
        id="calls_answered",
        title="Answered calls",
        unit="count",
        good="up",
        subjects="mga",
        formula=Count("call_answered", "call_answered_by"),
        help="Inbound calls that anyone answered, at the answer, each once; for a manager those that "
        "he answered first.",
    ),
    _kpi(
        id="calls_missed",
        title="Missed calls",
        unit="count",
        good="down",
        formula=Count("call_missed"),
        help="Inbound calls that nobody answered, voicemail included, at their end. A missed call has "
        "no manager.",
    ),
    _kpi(
        id="short_abandons",
        title="Short abandons",
        unit="count",
        good="neutral",
        formula=Count("short_abandon"),
        help="Callers who gave up within 5 s of beginning to wait; not missed (contract, outcomes).",
    ),
    _kpi(
        id="missed_callers",
        title="Missed customers",
        unit="count",
        good="down",
        formula=Distinct("missed_caller"),
        help="Different customers with a missed call; hidden numbers are nobody.",
    ),
    _kpi(
        id="offers_missed_shared",
        title="Missed by all who rang",
        unit="count",
        good="down",
        formula=Count("offer_missed_shared"),
        needs=frozenset({"inbound", "offers"}),
        help="Calls that rang at several managers at once and that none of them took; charged to no "
        "one person.",
    ),
)

_SHARES = (
    _kpi(
        id="missed_share",
        title="Missed share",
        unit="share",
        good="down",
        formula=Ratio("call_missed_hours", "call_answered_hours"),
        min_n=10,
        help="Missed / (missed + answered), calls of working hours, short abandons left out.",
    ),
    _kpi(
        id="missed_share_all_hours",
        title="Missed share, all hours",
        unit="share",
        good="down",
        formula=Ratio("call_missed", "call_answered"),
        min_n=10,
        help="Missed / (missed + answered), calls of all hours.",
    ),
    _kpi(
        id="service_level",
        title="Service level",
        unit="share",
        good="up",
        formula=ServiceLevel("wait_answered_hours", "wait_abandoned_hours", "voicemail_hours"),
        min_n=20,
        help="Answered within T / (answered + missed), calls of working hours, short abandons left "
        "out of both; T is 20 s, S of a short abandon 5 s. A group may have its own T, S and one of six "
        "variants: they hold for its past too.",
    ),
    _kpi(
        id="service_level_all_hours",
        title="Service level, all hours",
        unit="share",
        good="up",
        formula=ServiceLevel("wait_answered_all", "wait_abandoned_all", "voicemail_all"),
        min_n=20,
        help="The service level over calls of all hours.",
    ),
)


_wait = partial(_kpi, unit="s", good="down")

_WAITS = (
    _wait(
        id="answer_wait_avg_s",
        title="Average wait",
        formula=Mean("call_answered_hours"),
        min_n=5,
        help="Mean wait of answered calls of working hours, from the queue (else the first ring, else the "
        "start) to the answer.",
    ),
    _wait(
        id="answer_wait_p50_s",
        title="Median wait",
        formula=Quantile("call_answered_hours", 50),
        min_n=10,
        help="Half of the answered calls of working hours waited no longer.",
    ),
    _wait(
        id="answer_wait_p95_s",
        title="Wait, 95 %",
        formula=Quantile("call_answered_hours", 95),
        min_n=20,
        help="95 % of the answered calls of working hours waited no longer.",
    ),
    _wait(
        id="answer_wait_max_s",
        title="Longest wait",
        formula=Maximum("call_answered_hours"),
        min_n=1,
        help="Longest wait of an answered call of working hours.",
    ),
    _wait(
        id="answer_wait_avg_s_all_hours",
        title="Average wait, all hours",
        formula=Mean("call_answered"),
        min_n=5,
        help="Mean wait of answered calls of all hours.",
    ),
    _wait(
        id="answer_wait_p50_s_all_hours",
        title="Median wait, all hours",
        formula=Quantile("call_answered", 50),
        min_n=10,
        help="Half of the answered calls of all hours waited no longer.",
    ),
    _wait(
        id="answer_wait_p95_s_all_hours",
        title="Wait, 95 %, all hours",
        formula=Quantile("call_answered", 95),
        min_n=20,
        help="95 % of the answered calls of all hours waited no longer.",
    ),
    _wait(
        id="answer_wait_max_s_all_hours",
        title="Longest wait, all hours",
        formula=Maximum("call_answered"),
        min_n=1,
        help="Longest wait of an answered call of any hour.",
    ),
)

_NOW = (
    _kpi(
        id="calls_waiting",
        title="Callers waiting",
        unit="count",
        good="down",
        formula=OpenCount("waiting"),
        windows=NOW,
        help="Callers whom nobody has answered yet.",
    ),
    _kpi(
        id="longest_waiting_s",
        title="Longest waiting caller",
        unit="s",
        good="down",
        formula=OpenAge("waiting", "calendar"),
        windows=NOW,
        help="How long the caller who has waited longest has been waiting.",
    ),
)

#: In the order of the tables and views.
KPIS: tuple[Kpi, ...] = (*_COUNTS, *_SHARES, *_WAITS, *_NOW)
