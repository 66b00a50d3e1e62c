"""KPI of leads: how soon somebody tries, whether he gets through, what still waits.

For a manager the clock runs from being assigned, once for each ownership; leads that came by
telephone (channel `call`) are outside all but the counts.
"""

from functools import partial

from streams.kpis.formulas import Count, Mean, OpenAge, OpenCount, Quantile, Ratio
from streams.kpis.kpi import NOW, Input, Kpi

_LEADS: frozenset[Input] = frozenset({"leads"})
_ALL: frozenset[Input] = frozenset({"inbound", "leads", "outbound"})

_kpi = partial(Kpi, subjects="mga", needs=_ALL)

_NEW = (
    _kpi(
        id="leads_new",
        title="New leads",
        unit="count",
        good="neutral",
        formula=Count("lead_new"),
        needs=_LEADS,
        help="Leads at their creation, of every channel; of a manager those that became his, when they "
        "first did.",
        personal=False,
    ),
)

_SPEED = (
    _kpi(
        id="lead_response_p50_s",
        title="Median response to a lead",
        unit="s",
        good="down",
        formula=Quantile("lead_response", 50),
        help="Working time from the lead's creation, or from being assigned, to the first attempt: an "
        "outbound call, an inbound conversation or another contact; half took no longer.",
        personal=True,
        min_n=10,
    ),
    _kpi(
        id="lead_response_p95_s",
        title="Response to a lead, 95 %",
        unit="s",
        good="down",
        formula=Quantile("lead_response", 95),
        help="The same; 95 % took no longer. Leads that nobody has tried yet are in `open_leads`.",
        personal=True,
        min_n=20,
    ),
    _kpi(
        id="lead_within_5m",
        title="Leads tried within 5 min",
        unit="share",
        good="up",
        formula=Ratio("lead_in_5m", of=("lead_due_5m",)),
        help="Leads attempted within 5 working minutes / those whose 5 minutes have passed, never "
        "attempted and disqualified ones included; counted at the deadline.",
        personal=True,
        min_n=10,
    ),
    _kpi(
        id="lead_within_1h",
        title="Leads tried within 1 h",
        unit="share",
        good="up",
        formula=Ratio("lead_in_1h", of=("lead_due_1h",)),
        help="The same for a working hour.",
        personal=True,
        min_n=10,
    ),
)

#: The customer's view: nights and weekends count.
_CALENDAR = (
    _kpi(
        id="lead_response_p50_s_cal",
        title="Median response to a lead, calendar",
        unit="s",
        good="down",
        formula=Quantile("lead_response_cal", 50),
        help="Calendar time from the lead to the first attempt; half took no longer.",
        personal=False,
        min_n=10,
    ),
    _kpi(
        id="lead_response_p95_s_cal",
        title="Response to a lead, 95 %, calendar",
        unit="s",
        good="down",
        formula=Quantile("lead_response_cal", 95),
        help="The same; 95 % took no longer.",
        personal=False,
        min_n=20,
    ),
    _kpi(
        id="lead_within_5m_cal",
        title="Leads tried within 5 min, calendar",
        unit="share",
        good="up",
        formula=Ratio("lead_in_5m_cal", of=("lead_due_5m_cal",)),
        help="Leads attempted within 5 minutes by the calendar / those whose 5 minutes have passed.",
        personal=False,
        min_n=10,
    ),
    _kpi(
        id="lead_within_1h_cal",
        title="Leads tried within 1 h, calendar",
        unit="share",
        good="up",
        formula=Ratio("lead_in_1h_cal", of=("lead_due_1h_cal",)),
        help="The same for an hour.",
        personal=False,
        min_n=10,
    ),
)

_CONTACT = (
    _kpi(
        id="contact_rate",
        title="Leads reached within 24 h",
        unit="share",
        good="up",
        formula=Ratio("lead_contacted", of=("lead_contact_due",)),
        help="Leads with a conversation or another contact within 24 h of their creation / leads whose "
        "24 h have passed; counted then, for whose it was at the first attempt, else at 24 h.",
        personal=False,
        min_n=10,
    ),
    _kpi(
        id="touches_per_lead",
        title="Touches per lead",
        unit="count",
        good="neutral",
        formula=Mean("lead_touches"),
        help="Conversations and other contacts of a lead's first 24 h, mean over the leads whose 24 h have "
        "passed; dated like `contact_rate`.",
        personal=False,
        min_n=10,
    ),
    _kpi(
        id="attempts_per_lead",
        title="Attempts per lead",
        unit="count",
        good="neutral",
        formula=Mean("lead_attempts"),
        help="Outbound calls of a lead's first 24 h, up to the one that made contact; mean over the leads "
        "whose 24 h have passed.",
        personal=False,
        min_n=10,
    ),
    _kpi(
        id="disqualified_share",
        title="Disqualified share of leads",
        unit="share",
        good="down",
        formula=Ratio("lead_disqualified", of=("lead_new",)),
        needs=_LEADS,
        help="Disqualified / new leads; dated at the creation, of a manager when the lead first became his.",
        personal=False,
        min_n=10,
    ),
    _kpi(
        id="disqualified_untouched",
        title="Disqualified without an attempt",
        unit="count",
        good="down",
        formula=Count("lead_disqualified_untouched"),
        help="Such leads that nobody had tried to reach before.",
        personal=True,
    ),
)

_OPEN = (
    _kpi(
        id="open_leads",
        title="Leads that wait",
        unit="count",
        good="down",
        formula=OpenCount("open_lead"),
        help="Leads that nobody has tried to reach, neither disqualified nor closed.",
        personal=True,
        windows=NOW,
    ),
    _kpi(
        id="open_leads_oldest_s",
        title="Oldest lead that waits",
        unit="s",
        good="down",
        formula=OpenAge("open_lead"),
        help="Working time since the creation of the one that waits longest, or since it was assigned.",
        personal=True,
        windows=NOW,
    ),
)

#: In the order of the tables and views.
KPIS: tuple[Kpi, ...] = (*_NEW, *_SPEED, *_CALENDAR, *_CONTACT, *_OPEN)
