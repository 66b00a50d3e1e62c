"""KPI of calling back: how soon a missed customer is called, who does it, who still waits."""

from streams.kpis.formulas import Count, Formula, OpenAge, OpenCount, Quantile, Ratio
from streams.kpis.kpi import NOW, ROLLING, Direction, Input, Kpi, Unit

_BOTH: frozenset[Input] = frozenset({"inbound", "outbound"})


def _kpi(
    id: str,
    title: str,
    unit: Unit,
    good: Direction,
    formula: Formula,
    help: str,
    *,
    subjects: str = "ga",
    windows: tuple[str, ...] = ROLLING,
    min_n: int = 1,
) -> Kpi:
    return Kpi(
        id=id,
        title=title,
        unit=unit,
        good=good,
        subjects=subjects,
        formula=formula,
        needs=_BOTH,
        personal="m" in subjects,
        windows=windows,
        min_n=min_n,
        help=help,
    )


_SPEED = (
    _kpi(
        "callback_p50_s",
        "Median time to call back",
        "s",
        "down",
        Quantile("callback", 50),
        "Working time from the end of a missed call to the first attempt, per missed customer; half "
        "took no longer. One who was never called counts when he is given up (practice.md D6).",
        min_n=10,
    ),
    _kpi(
        "callback_p95_s",
        "Time to call back, 95 %",
        "s",
        "down",
        Quantile("callback", 95),
        "The same; 95 % took no longer (practice.md D6).",
        min_n=20,
    ),
    _kpi(
        "callback_within_20m",
        "Called back within 20 min",
        "share",
        "up",
        Ratio("callback_in_time", of=("callback_due",)),
        "Missed customers attempted within 20 working minutes / those whose 20 minutes have passed "
        "and who did not get through themselves before; counted at the deadline (practice.md D6).",
        min_n=10,
    ),
    _kpi(
        "response_p50_s",
        "Median response to a call",
        "s",
        "down",
        Quantile("response", 50),
        "Response to a customer's call: the wait if answered, else the time to the first attempt to "
        "call back, calendar time (kpi.md #10).",
        min_n=10,
    ),
    _kpi(
        "response_p95_s",
        "Response to a call, 95 %",
        "s",
        "down",
        Quantile("response", 95),
        "The same; 95 % took no longer (kpi.md #10).",
        min_n=20,
    ),
)

_WORK = (
    _kpi(
        "callbacks_made",
        "Callbacks made",
        "count",
        "up",
        Count("callback_made"),
        "Outbound calls to customers with a missed item, by whoever makes them: who helps is never "
        "punished (practice.md D6).",
        subjects="mga",
    ),
    _kpi(
        "callbacks_reached",
        "Callbacks that reached",
        "count",
        "up",
        Count("callback_reached"),
        "Such calls that became a conversation (practice.md D6).",
        subjects="mga",
    ),
)

_NOW = (
    _kpi(
        "open_missed",
        "Missed, not yet reached",
        "count",
        "down",
        OpenCount("open_missed"),
        "Customers with a missed call whom nobody has talked to since (kpi.md part 0.2).",
        windows=NOW,
    ),
    _kpi(
        "open_missed_oldest_s",
        "Oldest missed, not yet reached",
        "s",
        "down",
        OpenAge("open_missed"),
        "Working time since the first missed call of the one who waits longest.",
        windows=NOW,
    ),
    _kpi(
        "uncalled_missed",
        "Missed, not yet called back",
        "count",
        "down",
        OpenCount("uncalled_missed"),
        "Customers with a missed call whom nobody has even tried to call (practice.md D7).",
        windows=NOW,
    ),
    _kpi(
        "uncalled_missed_oldest_s",
        "Oldest missed, not yet called back",
        "s",
        "down",
        OpenAge("uncalled_missed"),
        "Working time since the first missed call of the one who waits longest for an attempt.",
        windows=NOW,
    ),
)

#: In the order of the tables and views.
KPIS: tuple[Kpi, ...] = (*_SPEED, *_WORK, *_NOW)
