"""KPI of what people do: offers, ring, talk, dials. For managers, groups and all."""

from streams.kpis.formulas import Count, Mean, Quantile, Ratio, Sum, WindowFormula
from streams.kpis.kpi import Direction, Input, Kpi, Unit

_OFFERS: frozenset[Input] = frozenset({"inbound", "offers"})
_OUT: frozenset[Input] = frozenset({"outbound"})
_BOTH: frozenset[Input] = frozenset({"inbound", "outbound"})


def _kpi(
    id: str,
    title: str,
    unit: Unit,
    good: Direction,
    formula: WindowFormula,
    needs: frozenset[Input],
    help: str,
    *,
    personal: bool = True,
    min_n: int = 1,
) -> Kpi:
    return Kpi(
        id=id,
        title=title,
        unit=unit,
        good=good,
        subjects="mga",
        formula=formula,
        needs=needs,
        personal=personal,
        min_n=min_n,
        help=help,
    )


_RUNG = (
    _kpi(
        "offers",
        "Offers",
        "count",
        "neutral",
        Count("offer"),
        _OFFERS,
        "Different calls that rang at this manager alone, at the first ring. How many come is not in "
        "his power (practice.md 1.2).",
        personal=False,
    ),
    _kpi(
        "offers_missed",
        "Missed offers",
        "count",
        "down",
        Count("offer_missed"),
        _OFFERS,
        "Such calls that he let ring for 5 s or more or declined while free; what rang at several at "
        "once is nobody's (kpi.md part 0.2, practice.md 1.2).",
    ),
    _kpi(
        "offers_missed_share",
        "Missed share of offers",
        "share",
        "down",
        Ratio("offer_missed", "offer_answered"),
        _OFFERS,
        "Missed offers / (missed + answered ones), different calls (practice.md 1.2).",
        min_n=10,
    ),
    _kpi(
        "ring_p50_s",
        "Median ring",
        "s",
        "down",
        Quantile("ring", 50),
        _OFFERS,
        "Half of the own answered offers rang no longer (practice.md 1.2).",
        min_n=10,
    ),
    _kpi(
        "ring_p95_s",
        "Ring, 95 %",
        "s",
        "down",
        Quantile("ring", 95),
        _OFFERS,
        "95 % of the own answered offers rang no longer (practice.md 1.2).",
        min_n=20,
    ),
)

_TALKED = (
    _kpi(
        "calls_handled",
        "Calls handled",
        "count",
        "up",
        Count("handled"),
        _BOTH,
        "Different calls, in and out, in which the subject talked, at its first answer (kpi.md #1, "
        "practice.md 1.2).",
    ),
    _kpi(
        "talk_s",
        "Talk time",
        "s",
        "up",
        Sum("talk"),
        _BOTH,
        "Talk of own parts of calls, in and out, hold inside, at each part's end (kpi.md #8).",
    ),
    _kpi(
        "avg_talk_s",
        "Average talk",
        "s",
        "neutral",
        Mean("talk"),
        _BOTH,
        "Talk time / parts of calls that ended, so that both count at one moment (kpi.md #7).",
        min_n=5,
    ),
    _kpi(
        "quality_calls",
        "Quality calls",
        "count",
        "up",
        Count("quality"),
        _BOTH,
        "Calls with at least 60 s of own talk, at the end of it (kpi.md #21).",
    ),
)

_DIALLED = (
    _kpi(
        "dials",
        "Dials",
        "count",
        "up",
        Count("dial"),
        _OUT,
        "Outbound calls to the outside, at their start (kpi.md #3).",
    ),
    _kpi(
        "dials_answered",
        "Dials answered",
        "count",
        "up",
        Count("dial_answered"),
        _OUT,
        "Dials that the customer's side picked up, robots and voicemail too (practice.md D1, D4).",
        personal=False,
    ),
    _kpi(
        "dials_answered_share",
        "Answered share of dials",
        "share",
        "up",
        Ratio("dial_answered", of=("dial",)),
        _OUT,
        "Dials answered / dials; depends on who is rung and when (kpi.md 2.2, ASR).",
        personal=False,
        min_n=10,
    ),
    _kpi(
        "dials_conversations",
        "Conversations dialled",
        "count",
        "up",
        Count("dial_conversation"),
        _OUT,
        "Dials with at least 15 s of talk, or the group's own limit (practice.md D4).",
    ),
    _kpi(
        "early_hangup_share",
        "Early hang-ups",
        "share",
        "down",
        Ratio("dial_early_hangup", of=("dial_answered",)),
        _OUT,
        "Answered dials that ended in less than 10 s / answered dials (kpi.md #20).",
        min_n=10,
    ),
)

#: In the order of the tables and views.
KPIS: tuple[Kpi, ...] = (*_RUNG, *_TALKED, *_DIALLED)
