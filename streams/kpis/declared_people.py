"""KPI of what people do: offers, ring, talk, dials. For managers, groups and all."""

from functools import partial

from streams.kpis.formulas import Count, Mean, Quantile, Ratio, Sum
from streams.kpis.kpi import Input, Kpi

_OFFERS: frozenset[Input] = frozenset({"inbound", "offers"})
_OUT: frozenset[Input] = frozenset({"outbound"})
_BOTH: frozenset[Input] = frozenset({"inbound", "outbound"})


#: What people do themselves; those that they do not decide say so.
_kpi = partial(Kpi, subjects="mga", personal=True)

_RUNG = (
    _kpi(
        id="offers",
        title="Offers",
        unit="count",
        good="neutral",
        formula=Count("offer"),
        needs=_OFFERS,
        help="Different calls that rang at this manager alone, at the first ring. How many come is not in "
        "his power.",
        personal=False,
    ),
    _kpi(
        id="offers_missed",
        title="Missed offers",
        unit="count",
        good="down",
        formula=Count("offer_missed"),
        needs=_OFFERS,
        help="Such calls that he let ring for 5 s or more or declined while free; what rang at several at "
        "once is nobody's.",
    ),
    _kpi(
        id="offers_missed_share",
        title="Missed share of offers",
        unit="share",
        good="down",
        formula=Ratio("offer_missed_hours", "offer_answered_hours"),
        needs=_OFFERS,
        help="Missed offers / (missed + answered ones), different calls of working hours.",
        min_n=10,
    ),
    _kpi(
        id="offers_missed_share_all_hours",
        title="Missed share of offers, all hours",
        unit="share",
        good="down",
        formula=Ratio("offer_missed", "offer_answered"),
        needs=_OFFERS,
        help="The same over calls of all hours.",
        min_n=10,
    ),
    _kpi(
        id="ring_p50_s",
        title="Median ring",
        unit="s",
        good="down",
        formula=Quantile("ring", 50),
        needs=_OFFERS,
        help="Half of the own answered offers rang no longer.",
        min_n=10,
    ),
    _kpi(
        id="ring_p95_s",
        title="Ring, 95 %",
        unit="s",
        good="down",
        formula=Quantile("ring", 95),
        needs=_OFFERS,
        help="95 % of the own answered offers rang no longer.",
        min_n=20,
    ),
)

_TALKED = (
    _kpi(
        id="calls_handled",
        title="Calls handled",
        unit="count",
        good="up",
        formula=Count("handled"),
        needs=_BOTH,
        help="Different calls, in and out, in which the subject talked, at its first answer.",
    ),
    _kpi(
        id="talk_s",
        title="Talk time",
        unit="s",
        good="up",
        formula=Sum("talk"),
        needs=_BOTH,
        help="Talk of own parts of calls, in and out, hold inside, at each part's end.",
    ),
    _kpi(
        id="avg_talk_s",
        title="Average talk",
        unit="s",
        good="neutral",
        formula=Mean("talk"),
        needs=_BOTH,
        help="Talk time / parts of calls that ended, so that both count at one moment.",
        min_n=5,
    ),
    _kpi(
        id="quality_calls",
        title="Quality calls",
        unit="count",
        good="up",
        formula=Count("quality"),
        needs=_BOTH,
        help="Calls with at least 60 s of own talk, at the end of it.",
    ),
)

_DIALLED = (
    _kpi(
        id="dials",
        title="Dials",
        unit="count",
        good="up",
        formula=Count("dial"),
        needs=_OUT,
        help="Outbound calls to the outside, at their start.",
    ),
    _kpi(
        id="dials_answered",
        title="Dials answered",
        unit="count",
        good="up",
        formula=Count("dial_answered"),
        needs=_OUT,
        help="Dials that the customer's side picked up, robots and voicemail too.",
        personal=False,
    ),
    _kpi(
        id="dials_answered_share",
        title="Answered share of dials",
        unit="share",
        good="up",
        formula=Ratio("dial_answered_hours", of=("dial_hours",)),
        needs=_OUT,
        help="Dials answered / dials, of working hours; depends on who is rung and when.",
        personal=False,
        min_n=10,
    ),
    _kpi(
        id="dials_answered_share_all_hours",
        title="Answered share of dials, all hours",
        unit="share",
        good="up",
        formula=Ratio("dial_answered", of=("dial",)),
        needs=_OUT,
        help="The same over dials of all hours.",
        personal=False,
        min_n=10,
    ),
    _kpi(
        id="dials_conversations",
        title="Conversations dialled",
        unit="count",
        good="up",
        formula=Count("dial_conversation"),
        needs=_OUT,
        help="Dials with at least 15 s of talk, or the group's own limit.",
    ),
    _kpi(
        id="early_hangup_share",
        title="Early hang-ups",
        unit="share",
        good="down",
        formula=Ratio("dial_early_hangup_hours", of=("dial_answered_hours",)),
        needs=_OUT,
        help="Answered dials that ended in less than 10 s / answered dials, of working hours.",
        min_n=10,
    ),
    _kpi(
        id="early_hangup_share_all_hours",
        title="Early hang-ups, all hours",
        unit="share",
        good="down",
        formula=Ratio("dial_early_hangup", of=("dial_answered",)),
        needs=_OUT,
        help="The same over dials of all hours.",
        min_n=10,
    ),
)

#: In the order of the tables and views.
KPIS: tuple[Kpi, ...] = (*_RUNG, *_TALKED, *_DIALLED)
