"""What is counted: every measurement is declared here, once.

A measurement is one countable fact about a call, an item or a lead. Journeys emit it, panes add it up, KPI
are formulas over the totals. Where and when each is counted follows `docs/contract.md`, section 3
("Meanings"): counts take all hours, `*_hours` only calls whose wait began in the working hours of
their group.
"""

from dataclasses import dataclass
from typing import Literal

#: n: how many. sum: how many and their total. hist: besides, how the values are spread.
#: seconds: the same, spread over whole seconds, exact for limits of up to 10 minutes.
#: set: distinct tags (customers). item: something open now, with its age; not part of panes.
#: span: from its moment to that in its value (ms), stored to be counted at a past moment; not part of
#: panes either.
Kind = Literal["n", "sum", "hist", "seconds", "set", "item", "span"]
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
    Measurement("call_answered_in_t", "n", "count", "no longer counted: answered within T, in working hours"),
    Measurement("call_answered_in_t_all", "n", "count", "no longer counted: answered within T, at any hour"),
    Measurement("call_answered_by", "n", "count", "an inbound call that this manager answered first"),
    Measurement("call_missed", "n", "count", "an inbound call that nobody answered, at its end"),
    Measurement("call_missed_hours", "n", "count", "the same for calls that came in working hours"),
    Measurement("missed_caller", "set", "count", "the customer of a missed call; hidden numbers never"),
    Measurement("short_abandon", "n", "count", "a caller who gave up within 5 s, at the end"),
    Measurement("handled", "n", "count", "a call in which the subject talked, at its own first answer"),
    Measurement("talk", "sum", "ms", "talk of a manager's own part of a call, at the part's end"),
    Measurement("quality", "n", "count", "a call in which the subject talked for at least 60 s"),
    Measurement("offer", "n", "count", "a call that rang at this manager alone, at its first offer"),
    Measurement(
        "offer_missed", "n", "count", "such a call that he let ring for 5 s or more or declined while free"
    ),
    Measurement("offer_answered", "n", "count", "such a call that he answered, at his answer"),
    Measurement("offer_missed_hours", "n", "count", "a missed offer of a call of working hours"),
    Measurement("offer_answered_hours", "n", "count", "an answered offer of a call of working hours"),
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
    Measurement("stage_move", "n", "count", "a deal that moved on to a stage new to it, at the move"),
    Measurement("stage_move_back", "n", "count", "a deal that went back to an open stage, at the move"),
    Measurement("stage_dwell", "hist", "ms", "a finished stay in an open stage, at its end"),
    Measurement(
        "stage_judged", "n", "count", "a stay in a stage with a limit, at its end or the limit", ahead=True
    ),
    Measurement("stage_on_time", "n", "count", "the same, if it ended within the limit"),
    Measurement("deal_won", "sum", "count", "1 for a deal won, -1 for a won deal reopened, each at its time"),
    Measurement("won_amount", "sum", "count", "its amount, in minor units of the company currency"),
    Measurement("deal_win", "n", "count", "a deal won, at the win, whatever becomes of it"),
    Measurement("win_amount", "sum", "count", "its amount, in minor units of the company currency"),
    Measurement("deal_cycle", "hist", "ms", "from a deal's first stage to its win, at the win"),
    Measurement("deal_lost", "n", "count", "a deal lost, at the loss"),
    Measurement("deal_lost_rated", "n", "count", "the same, unless its reason is to be ignored"),
    Measurement("deal_lost_after", "hist", "ms", "from a deal's first stage to its loss, at the loss"),
    Measurement("deal_reopened", "n", "count", "a won or lost deal that is open again, at that moment"),
    Measurement("proposal", "n", "count", "a proposal, when it was sent"),
    Measurement("proposal_amount", "sum", "count", "its amount, in minor units of the company currency"),
    Measurement("open_deal", "item", "ms", "a deal in an open stage"),
    Measurement("limited_deal", "item", "ms", "the same, if its stage has a limit"),
    Measurement("stalled_deal", "item", "ms", "the same, from the limit on", ahead=True),
    Measurement("task_done", "n", "count", "a task, when it was done"),
    Measurement("task_due", "n", "count", "a task, when it was due, or done before", ahead=True),
    Measurement("task_in_time", "n", "count", "the same, if it was done by then"),
    Measurement("overdue_task", "item", "ms", "a task not done, from its due time on", ahead=True),
    Measurement("meeting_scheduled", "n", "count", "a meeting, when it was arranged"),
    Measurement("meeting_held", "n", "count", "a meeting that took place"),
    Measurement("meeting_missed", "n", "count", "a meeting to which the customer did not come"),
    Measurement("complaint", "n", "count", "a complaint, when it came"),
    Measurement("complaint_justified", "n", "count", "a complaint found justified, of who caused it"),
    Measurement("csat", "sum", "count", "a customer's rating, thousandths on a scale of 5, when given"),
    Measurement("qa", "sum", "count", "a reviewer's rating, thousandths on a scale of 5, when given"),
    Measurement("crm_action", "n", "count", "something done in the CRM or a call taken, at its time"),
    Measurement(
        "missed_item", "span", "ms", "a missed customer, from the miss to the next working day's end"
    ),
    Measurement("missed_item_reached", "span", "ms", "the same, if he was talked to by then"),
    Measurement("lost_caller", "set", "count", "a missed customer whom nobody reached by then", ahead=True),
    Measurement("span_missed", "span", "ms", "a missed customer, as long as he waited to be reached"),
    Measurement("span_uncalled", "span", "ms", "a missed customer, as long as nobody called him back"),
    Measurement("span_lead", "span", "ms", "a lead, as long as nobody had tried to reach it"),
    Measurement(
        "wait_answered_hours", "seconds", "ms", "wait of an answered call of working hours, at its answer"
    ),
    Measurement("wait_answered_all", "seconds", "ms", "the same at any hour"),
    Measurement(
        "wait_abandoned_hours",
        "seconds",
        "ms",
        "wait of a caller of working hours who gave up or was dropped, at the end",
    ),
    Measurement("wait_abandoned_all", "seconds", "ms", "the same at any hour"),
    Measurement(
        "voicemail_hours", "n", "count", "a call of working hours that went to voicemail, at its end"
    ),
    Measurement("voicemail_all", "n", "count", "the same at any hour"),
    Measurement("dial_hours", "n", "count", "an outbound call of working hours, at its start"),
    Measurement("dial_answered_hours", "n", "count", "the same that the customer's side picked up"),
    Measurement(
        "dial_early_hangup_hours", "n", "count", "the same that was answered and ended in less than 10 s"
    ),
    Measurement("task_put_off", "n", "count", "a task not done whose due time was put off, at that moment"),
    Measurement(
        "span_offer_missed", "span", "ms", "an own offer that he let ring or declined, as long as it rang"
    ),
    Measurement(
        "span_offer_excused", "span", "ms", "the same, while he was on another call or paused: no miss"
    ),
)

#: Kinds that panes do not count.
NOT_IN_PANES: frozenset[Kind] = frozenset({"item", "span"})
#: All measurements by name, in the order of the columns of `kpi_minutes`.
MEASUREMENTS: dict[str, Measurement] = {measurement.name: measurement for measurement in _DECLARED}
#: Kind by name: the hot path of panes looks up nothing else.
KINDS: dict[str, Kind] = {name: measurement.kind for name, measurement in MEASUREMENTS.items()}
