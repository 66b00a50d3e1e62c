"""KPI of deals: how they move through their stages, what is won and lost, what stands open.

A win counts for who is responsible at that moment. A reopened win counts -1 at the moment of its
reopening, so that a day that was reported stays as it was. Amounts are in the company currency.
"""

from functools import partial

from streams.kpis.formulas import Count, Mean, OpenCount, OpenDue, Quantile, Ratio, Sum
from streams.kpis.kpi import NOW, Input, Kpi

_DEALS: frozenset[Input] = frozenset({"deals"})

_kpi = partial(Kpi, subjects="mga", needs=_DEALS)

_MOVES = (
    _kpi(
        id="stage_moves",
        title="Moves to a further stage",
        unit="count",
        good="up",
        formula=Count("stage_move"),
        help="Deals that came to an open or won stage that was new to them and no earlier one of the "
        "pipeline, at the move; of a manager those that he moved. What robots moved is nobody's.",
        personal=True,
    ),
    _kpi(
        id="stage_moves_back",
        title="Moves back",
        unit="count",
        good="down",
        formula=Count("stage_move_back"),
        help="Other moves to an open stage: an earlier one, one that the deal had been in, or reopened.",
        personal=False,
    ),
    _kpi(
        id="stage_dwell_p50_s",
        title="Median stay in a stage",
        unit="s",
        good="down",
        formula=Quantile("stage_dwell", 50),
        help="Finished stays in open stages, at their end, by the calendar; of a manager the part for which "
        "he was responsible. Half took no longer.",
        personal=False,
        min_n=10,
    ),
    _kpi(
        id="stage_on_time_share",
        title="Stays within the limit",
        unit="share",
        good="up",
        formula=Ratio("stage_on_time", of=("stage_judged",)),
        help="Stays that ended within their stage's longest allowed / those that ended so or passed it, "
        "the ones still running included; counted at the end, or when the limit passes.",
        personal=False,
        min_n=10,
    ),
)

_CLOSING = (
    _kpi(
        id="deals_won",
        title="Deals won",
        unit="count",
        good="up",
        formula=Sum("deal_won"),
        help="Deals won, at the win; a won deal that is reopened counts -1 at that moment.",
        personal=True,
    ),
    _kpi(
        id="deals_reopened",
        title="Deals reopened",
        unit="count",
        good="neutral",
        formula=Count("deal_reopened"),
        help="Won or lost deals that came back to an open stage, at that moment.",
        personal=False,
    ),
    _kpi(
        id="won_amount",
        title="Amount won",
        unit="money",
        good="up",
        formula=Sum("won_amount"),
        help="Amounts of the deals won, as known at the end of the won stage, at the win; taken off when "
        "such a deal is reopened. Deals without a known amount add nothing.",
        personal=True,
    ),
    _kpi(
        id="avg_deal",
        title="Average deal",
        unit="money",
        good="up",
        formula=Mean("win_amount"),
        help="Mean amount of the wins whose amount is known.",
        personal=False,
        min_n=5,
    ),
    _kpi(
        id="deals_lost",
        title="Deals lost",
        unit="count",
        good="down",
        formula=Count("deal_lost"),
        help="Deals lost, at the loss.",
        personal=False,
    ),
    _kpi(
        id="win_rate",
        title="Win rate",
        unit="share",
        good="up",
        formula=Ratio("deal_win", "deal_lost_rated"),
        help="Wins / (wins + losses), each at its moment; losses with a reason that is to be ignored "
        "(duplicates, tests) are left out.",
        personal=True,
        min_n=10,
    ),
    _kpi(
        id="cycle_p50_s",
        title="Median sales cycle",
        unit="s",
        good="down",
        formula=Quantile("deal_cycle", 50),
        help="From a deal's first stage to its win, at the win; half took no longer.",
        personal=False,
        min_n=5,
    ),
    _kpi(
        id="lost_after_p50_s",
        title="Median time to a loss",
        unit="s",
        good="neutral",
        formula=Quantile("deal_lost_after", 50),
        help="From a deal's first stage to its loss, at the loss; half took no longer.",
        personal=False,
        min_n=5,
    ),
)

_OPEN = (
    _kpi(
        id="open_deals",
        title="Open deals",
        unit="count",
        good="neutral",
        formula=OpenCount("open_deal"),
        help="Deals in an open stage.",
        personal=False,
        windows=NOW,
    ),
    _kpi(
        id="stalled_deals",
        title="Stalled deals",
        unit="count",
        good="down",
        formula=OpenDue("stalled_deal", among="limited_deal"),
        help="Open deals that are longer in their stage than its limit and have no meeting ahead (arranged "
        "for them, and none held or missed since); null where no open deal has one; n is those that do.",
        personal=True,
        windows=NOW,
    ),
)

_PROPOSALS = (
    _kpi(
        id="proposals_sent",
        title="Proposals sent",
        unit="count",
        good="up",
        formula=Count("proposal"),
        needs=frozenset[Input]({"proposals"}),
        help="Proposals, when they were sent.",
        personal=True,
    ),
    _kpi(
        id="proposal_amount",
        title="Amount of proposals",
        unit="money",
        good="up",
        formula=Sum("proposal_amount"),
        needs=frozenset[Input]({"proposals"}),
        help="Amounts of the proposals sent, in the company currency.",
        personal=True,
    ),
)

#: In the order of the tables and views.
KPIS: tuple[Kpi, ...] = (*_MOVES, *_CLOSING, *_OPEN, *_PROPOSALS)
