"""KPI of calling back: how soon a missed customer is called, who does it, who still waits."""

from functools import partial

from streams.kpis.formulas import Count, Distinct, OpenAge, OpenCount, Quantile, Ratio
from streams.kpis.kpi import NOW, Input, Kpi

_BOTH: frozenset[Input] = frozenset({"inbound", "outbound"})


#: Nobody alone is to blame for a customer who waits.
_kpi = partial(Kpi, subjects="ga", needs=_BOTH, personal=False)

_SPEED = (
    _kpi(
        id="callback_p50_s",
        title="Median time to call back",
        unit="s",
        good="down",
        formula=Quantile("callback", 50),
        help="Working time from the end of a missed call to the first attempt, per missed customer; half "
        "took no longer. One who was never called counts when he is given up.",
        min_n=10,
    ),
    _kpi(
        id="callback_p95_s",
        title="Time to call back, 95 %",
        unit="s",
        good="down",
        formula=Quantile("callback", 95),
        help="The same; 95 % took no longer.",
        min_n=20,
    ),
    _kpi(
        id="callback_within_20m",
        title="Called back within 20 min",
        unit="share",
        good="up",
        formula=Ratio("callback_in_time", of=("callback_due",)),
        help="Missed customers attempted within 20 working minutes / those whose 20 minutes have passed "
        "and who did not get through themselves before; counted at the deadline.",
        min_n=10,
    ),
    _kpi(
        id="response_p50_s",
        title="Median response to a call",
        unit="s",
        good="down",
        formula=Quantile("response", 50),
        help="Response to a customer's call: the wait if answered, else the time to the first attempt to "
        "call back, calendar time.",
        min_n=10,
    ),
    _kpi(
        id="response_p95_s",
        title="Response to a call, 95 %",
        unit="s",
        good="down",
        formula=Quantile("response", 95),
        help="The same; 95 % took no longer.",
        min_n=20,
    ),
)

_LOST = (
    _kpi(
        id="lost_callers",
        title="Lost customers",
        unit="count",
        good="down",
        formula=Distinct("lost_caller"),
        help="Different missed customers whom nobody had reached by the end of the next working day; counted "
        "then.",
    ),
)

_WORK = (
    _kpi(
        id="callbacks_made",
        title="Callbacks made",
        unit="count",
        good="up",
        formula=Count("callback_made"),
        help="Outbound calls to customers with a missed item, by whoever makes them: who helps is never "
        "punished.",
        subjects="mga",
        personal=True,
    ),
    _kpi(
        id="callbacks_reached",
        title="Callbacks that reached",
        unit="count",
        good="up",
        formula=Count("callback_reached"),
        help="Such calls that became a conversation.",
        subjects="mga",
        personal=True,
    ),
)

_NOW = (
    _kpi(
        id="open_missed",
        title="Missed, not yet reached",
        unit="count",
        good="down",
        formula=OpenCount("open_missed"),
        help="Customers with a missed call whom nobody has talked to since.",
        windows=NOW,
    ),
    _kpi(
        id="open_missed_oldest_s",
        title="Oldest missed, not yet reached",
        unit="s",
        good="down",
        formula=OpenAge("open_missed"),
        help="Working time since the first missed call of the one who waits longest.",
        windows=NOW,
    ),
    _kpi(
        id="uncalled_missed",
        title="Missed, not yet called back",
        unit="count",
        good="down",
        formula=OpenCount("uncalled_missed"),
        help="Customers with a missed call whom nobody has even tried to call.",
        windows=NOW,
    ),
    _kpi(
        id="uncalled_missed_oldest_s",
        title="Oldest missed, not yet called back",
        unit="s",
        good="down",
        formula=OpenAge("uncalled_missed"),
        help="Working time since the first missed call of the one who waits longest for an attempt.",
        windows=NOW,
    ),
)

#: In the order of the tables and views.
KPIS: tuple[Kpi, ...] = (*_SPEED, *_LOST, *_WORK, *_NOW)
