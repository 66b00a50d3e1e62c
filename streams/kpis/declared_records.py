"""KPI that ClickHouse computes from the records: what becomes of enquiries, leads, proposals and deals.

What they count is known only later, or rests on several records at once, so no minute pane can hold
it: they have days and periods, and as states the present and the ends of days. The SQL of each stands in
`streams.kpis.sql_records` under its id. See DECISIONS.md for how each is dated.
"""

from functools import partial

from streams.kpis.formulas import FromRecords
from streams.kpis.kpi import NOW, Input, Kpi

_DEALS: frozenset[Input] = frozenset({"deals"})
_LEADS: frozenset[Input] = frozenset({"leads", "deals"})

_kpi = partial(Kpi, subjects="mga", needs=_DEALS, personal=False, windows=())

#: In the order of the tables and views.
KPIS: tuple[Kpi, ...] = (
    _kpi(
        id="recovered_share",
        title="Missed customers reached",
        unit="share",
        good="up",
        subjects="ga",
        formula=FromRecords("share"),
        needs=frozenset[Input]({"inbound", "outbound"}),
        help="Missed customers whom a conversation reached by the end of the next working day / those "
        "reached so or past that deadline; dated at the end of the missed call.",
        min_n=10,
    ),
    _kpi(
        id="enquiry_to_deal",
        title="Enquiries that became a deal",
        unit="share",
        good="up",
        formula=FromRecords("share"),
        needs=frozenset[Input]({"inbound", "leads", "deals"}),
        help="Enquiries whose customer has won a deal since / all enquiries: leads, and first calls of "
        "customers who had no deal before and no lead until 24 h after; dated at the enquiry.",
        min_n=10,
    ),
    _kpi(
        id="lead_to_proposal",
        title="Leads that came to a proposal",
        unit="share",
        good="up",
        formula=FromRecords("share"),
        needs=_LEADS | {"proposals"},
        help="Leads with a proposal since, in a deal of theirs or of the same customer / leads; dated at the "
        "lead.",
        min_n=10,
    ),
    _kpi(
        id="proposal_to_won",
        title="Proposals won",
        unit="share",
        good="up",
        formula=FromRecords("share"),
        needs=_DEALS | {"proposals"},
        help="Deals with a proposal that are won now / deals with a proposal; dated at the first proposal.",
        min_n=10,
    ),
    _kpi(
        id="deals_won_new",
        title="Deals won, new customers",
        unit="count",
        good="up",
        formula=FromRecords("count"),
        help="Wins of customers who had no earlier win in another deal, at the win; reopening takes none "
        "back.",
    ),
    _kpi(
        id="deals_won_repeat",
        title="Deals won, known customers",
        unit="count",
        good="up",
        formula=FromRecords("count"),
        help="Wins of customers who had an earlier win in another deal, at the win.",
    ),
    _kpi(
        id="lead_handling_p50_s",
        title="Median handling of a lead",
        unit="s",
        good="down",
        formula=FromRecords("median"),
        needs=_LEADS,
        help="From a lead's creation until it was disqualified or became a deal, at that moment, by the "
        "calendar; half took no longer.",
        min_n=10,
    ),
    _kpi(
        id="deals_without_next_step",
        title="Deals without a next step",
        unit="count",
        good="down",
        formula=FromRecords("state"),
        needs=_DEALS | {"tasks", "meetings"},
        help="Open deals whose customer has no open task due in the future and no meeting arranged since the "
        "last one that took place or was missed.",
        personal=True,
        windows=NOW,
    ),
    _kpi(
        id="days_since_win",
        title="Working days since the last win",
        unit="count",
        good="down",
        formula=FromRecords("state"),
        help="Days after that of the last win, up to today, on which the group works and the manager is not "
        "absent; of who has not won, since the first working day. Null while the group has no deals, and of "
        "groups and the centre before their first win.",
        windows=NOW,
    ),
)
