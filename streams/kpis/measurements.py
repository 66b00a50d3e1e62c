"""What is counted: every measurement is declared here, once.

A measurement is one countable fact about a call, an item or a lead. Journeys emit it, panes add it up, KPI
are formulas over the totals. Where and when each is counted follows `docs/contract.md`, section 3
("Meanings"): counts take all hours, `*_hours` only calls whose wait began in the working hours of
their group.
"""

from dataclasses import dataclass
from typing import Literal

#: n: how many. sum: how many and their total. hist: besides, how the values are spread.
#: set: distinct tags (customers). item: something open now, with its age; not part of panes.
Kind = Literal["n", "sum", "hist", "set", "item"]
Unit = Literal["count", "ms"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One kind of fact: `unit` is that of its value, `help` says what one fact is and when it counts.

    Some are dated `ahead`, at a deadline: known before their moment, and true when it comes.
    """

    name: str
    kind: Kind
    unit: Unit
    help: str
    ahead: bool = False


_DECLARED = (
    Measurement("call_in", "n", "count", "an inbound call, at its start"),
    Measurement("call_answered", "hist", "ms", "wait of an answered inbound call, at its answer"),
    Measurement("call_answered_hours", "hist", "ms", "the same for calls that came in working hours"),
    Measurement("call_answered_in_t", "n", "count", "answered within the group's T, in working hours"),
    Measurement("call_answered_in_t_all", "n", "count", "answered within the group's T, at any hour"),
    Measurement("call_answered_by", "n", "count", "an inbound call that this manager answered first"),
    Measurement("call_missed", "n", "count", "an inbound call that nobody answered, at its end"),
    Measurement("call_missed_hours", "n", "count", "the same for calls that came in working hours"),
    Measurement("missed_caller", "set", "count", "the customer of a missed call; hidden numbers never"),
    Measurement("short_abandon", "n", "count", "a caller who gave up within 5 s, at the end"),
    Measurement("handled", "n", "count", "a call in which the subject talked, at its own first answer"),
    Measurement("talk", "sum", "ms", "talk of a manager's own part of a call, at the part's end"),
    Measurement("quality", "n", "count", "a call in which the subject talked for at least 60 s"),
    Measurement("offer", "n", "count", "a call that rang at this manager alone, at its first offer"),
    Measurement("offer_missed", "n", "count", "such a call that he let ring for 5 s or more, or declined"),
    Measurement("offer_answered", "n", "count", "such a call that he answered, at his answer"),
    Measurement(
        "offer_missed_shared",
        "n",
        "count",
        "a call that rang at several managers and none answered",
    ),
    Measurement("ring", "hist", "ms", "ring of an own answered offer, at the answer"),
    Measurement("dial", "n", "count", "an outbound call, at its start"),
    Measurement("dial_answered", "n", "count", "a dial that the customer's side picked up"),
    Measurement("dial_conversation", "n", "count", "a dial that became a conversation (15 s or more)"),
    Measurement("dial_early_hangup", "n", "count", "a dial that was answered and ended in less than 10 s"),
    Measurement(
        "callback",
        "hist",
        "ms",
        "working time from a missed call to the first attempt to call back",
        ahead=True,
    ),
    Measurement(
        "callback_due", "n", "count", "a missed item, when its 20 working minutes have passed", ahead=True
    ),
    Measurement("callback_in_time", "n", "count", "the same, if it was attempted by then", ahead=True),
    Measurement("callback_made", "n", "count", "an outbound call to a customer with a missed item"),
    Measurement("callback_reached", "n", "count", "such a call that became a conversation"),
    Measurement("response", "hist", "ms", "wait if answered, else from the missed call to the first attempt"),
    Measurement("open_missed", "item", "ms", "a customer missed and not yet reached"),
    Measurement("uncalled_missed", "item", "ms", "a customer missed and not yet called back"),
    Measurement("waiting", "item", "ms", "a caller whom nobody has answered yet"),
    Measurement("lead_new", "n", "count", "a lead, at its creation; of a manager, when it first became his"),
    Measurement("lead_response", "hist", "ms", "working time from a lead to the first attempt, at it"),
    Measurement("lead_response_cal", "hist", "ms", "the same by the calendar"),
    Measurement(
        "lead_due_5m", "n", "count", "a lead, when its first 5 working minutes have passed", ahead=True
    ),
    Measurement("lead_in_5m", "n", "count", "the same, if it was attempted by then", ahead=True),
    Measurement("lead_due_1h", "n", "count", "a lead, when its first working hour has passed", ahead=True),
    Measurement("lead_in_1h", "n", "count", "the same, if it was attempted by then", ahead=True),
    Measurement("lead_due_5m_cal", "n", "count", "a lead, when its first 5 minutes have passed", ahead=True),
    Measurement("lead_in_5m_cal", "n", "count", "the same, if it was attempted by then", ahead=True),
    Measurement("lead_due_1h_cal", "n", "count", "a lead, when its first hour has passed", ahead=True),
    Measurement("lead_in_1h_cal", "n", "count", "the same, if it was attempted by then", ahead=True),
    Measurement("lead_contact_due", "n", "count", "a lead, 24 h after its creation", ahead=True),
    Measurement(
        "lead_contacted", "n", "count", "the same, if the customer was talked to by then", ahead=True
    ),
    Measurement("lead_touches", "sum", "count", "a lead's conversations in 24 h, at their end", ahead=True),
    Measurement(
        "lead_attempts", "sum", "count", "its outbound calls until contact in 24 h, at their end", ahead=True
    ),
    Measurement("lead_disqualified", "n", "count", "a disqualified lead, dated as the new lead is"),
    Measurement("lead_disqualified_untouched", "n", "count", "the same, if nobody had tried to reach it"),
    Measurement("open_lead", "item", "ms", "a lead that nobody has tried to reach"),
)

#: All measurements by name, in the order of the columns of `kpi_minutes`.
MEASUREMENTS: dict[str, Measurement] = {measurement.name: measurement for measurement in _DECLARED}
#: Kind by name: the hot path of panes looks up nothing else.
KINDS: dict[str, Kind] = {name: measurement.kind for name, measurement in MEASUREMENTS.items()}
