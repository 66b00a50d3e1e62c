"""Each KPI straight from the facts, by exact means: what the README's table says, and no more.

Nothing here is shared with `streams/kpis`: shares are shares of facts, quantiles are taken from the
values themselves. The product reads quantiles from a histogram, so they may differ by 5 %.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tests.recount.plain import MINUTE, Counted, FactId, Plain

#: Service level: answered within so much.
_WITHIN = 20_000


class Value(NamedTuple):
    """A KPI's value in its unit (None: nothing to say), and how much it rests on."""

    value: float | None
    n: int


@dataclass(frozen=True)
class _Window:
    """The facts of one subject that count in a window, or that are open at a moment."""

    counted: Counted
    subject: str
    first: int
    last: int
    now: int
    plain: Plain

    def facts(self, name: str) -> list[tuple[FactId, int]]:
        """All of this subject under a name, whenever they count."""
        return [
            (id, value)
            for id, value in self.counted.facts.items()
            if id[1] == name and self.subject in _subjects(id)
        ]

    def values(self, name: str) -> list[int]:
        """Of the window: its first and its last minute are in it, what lies after `now` is not."""
        return [
            value
            for id, value in self.facts(name)
            if self.first <= id[5] // MINUTE <= self.last and id[5] <= self.now
        ]

    def customers(self, name: str) -> set[str]:
        """Different customers of whose calls the facts are."""
        return {
            self.counted.whose[id[:2]]
            for id, _ in self.facts(name)
            if self.first <= id[5] // MINUTE <= self.last and id[5] <= self.now
        }

    def open(self, name: str) -> list[FactId]:
        """What is open now; a value of 0 means that it ends by itself never."""
        return [id for id, value in self.facts(name) if id[5] <= self.now and (not value or self.now < value)]


def _subjects(id: FactId) -> list[str]:
    _, _, manager, group, whole, _ = id
    found = [f"m:{manager}"] if manager else []
    return found + ([f"g:{group}"] if group else []) + (["a:all"] if whole else [])


def kpi_values(
    counted: Counted, subject: str, minutes: tuple[int, int], *, plain: Plain, now: int | None = None
) -> dict[str, Value]:
    """All KPI of a subject (`m:m1`, `g:sales`, `a:all`).

    `minutes`: the first and the last minute of the window, since the epoch; states are those at `now`
    (ms, default: the end of the last minute), and of later facts nothing is counted. `plain` is the
    directory for what is on the working clock.
    """
    end = (minutes[1] + 1) * MINUTE - 1
    window = _Window(counted, subject, *minutes, end if now is None else now, plain)
    return {id: of(window) for id, of in _KPIS.items()}


def kpi_ids() -> set[str]:
    """What `kpi_values` knows."""
    return set(_KPIS)


_Kpi = Callable[[_Window], Value]


def _count(*names: str) -> _Kpi:
    def of(window: _Window) -> Value:
        n = sum(len(window.values(name)) for name in names)
        return Value(n or None, n)

    return of


def _customers(name: str) -> _Kpi:
    def of(window: _Window) -> Value:
        n = len(window.customers(name))
        return Value(n or None, n)

    return of


def _sum(name: str, unit: int) -> _Kpi:
    def of(window: _Window) -> Value:
        values = window.values(name)
        return Value(sum(values) / unit if values else None, len(values))

    return of


def _mean(name: str, unit: int = 1) -> _Kpi:
    def of(window: _Window) -> Value:
        values = window.values(name)
        return Value(sum(values) / len(values) / unit if values else None, len(values))

    return of


def _share(part: str, *whole: str) -> _Kpi:
    def of(window: _Window) -> Value:
        n = sum(len(window.values(name)) for name in whole)
        return Value(len(window.values(part)) / n if n else None, n)

    return of


def _within(name: str, *whole: str) -> _Kpi:
    """A service level: of the whole, those whose wait was short enough."""

    def of(window: _Window) -> Value:
        n = sum(len(window.values(other)) for other in whole)
        good = sum(value <= _WITHIN for value in window.values(name))
        return Value(good / n if n else None, n)

    return of


def _quantile(name: str, percent: int) -> _Kpi:
    """The least value that so many in a hundred do not exceed, in seconds."""

    def of(window: _Window) -> Value:
        values = sorted(window.values(name))
        place = -(-percent * len(values) // 100)
        return Value(values[place - 1] / 1000 if values else None, len(values))

    return of


def _open(name: str) -> _Kpi:
    def of(window: _Window) -> Value:
        n = len(window.open(name))
        return Value(n, n)

    return of


def _oldest(name: str, *, calendar: bool = False) -> _Kpi:
    """How long the one has been open that has been so longest, seconds, on the clock of its group."""

    def of(window: _Window) -> Value:
        found = window.open(name)
        ages = [
            window.now - at
            if calendar
            else window.plain.working(group or window.plain.group_of(manager), at, window.now)
            for _, _, manager, group, _, at in found
        ]
        return Value(max(ages) / 1000 if ages else None, len(ages))

    return of


def _stalled(window: _Window) -> Value:
    """Null when no open deal has a limit."""
    limited = len(window.open("limited_deal"))
    return Value(len(window.open("stalled_deal")) if limited else None, limited)


def _answered(window: _Window) -> Value:
    """Of a manager those that he answered first."""
    return _count("call_answered_by" if window.subject.startswith("m:") else "call_answered")(window)


def _complaints(window: _Window) -> Value:
    """Of a manager those that were found justified."""
    return _count("complaint_justified" if window.subject.startswith("m:") else "complaint")(window)


def _actions(window: _Window) -> Value:
    """What managers do: of calls the dials, and the inbound calls that they answered first."""
    answered = "call_answered_by" if window.subject.startswith("m:") else "call_answered"
    return _count("crm_action", "dial", answered)(window)


_KPIS: dict[str, _Kpi] = {
    # Calls
    "calls_in": _count("call_in"),
    "calls_answered": _answered,
    "calls_missed": _count("call_missed"),
    "short_abandons": _count("short_abandon"),
    "missed_callers": _customers("missed_caller"),
    "lost_callers": _customers("lost_caller"),
    "offers_missed_shared": _count("offer_missed_shared"),
    "missed_share": _share("call_missed_hours", "call_missed_hours", "call_answered_hours"),
    "missed_share_all_hours": _share("call_missed", "call_missed", "call_answered"),
    "service_level": _within("call_answered_hours", "call_answered_hours", "call_missed_hours"),
    "service_level_all_hours": _within("call_answered", "call_answered", "call_missed"),
    "answer_wait_avg_s": _mean("call_answered_hours", 1000),
    "answer_wait_p50_s": _quantile("call_answered_hours", 50),
    "answer_wait_p95_s": _quantile("call_answered_hours", 95),
    "answer_wait_max_s": _quantile("call_answered_hours", 100),
    "answer_wait_avg_s_all_hours": _mean("call_answered", 1000),
    "answer_wait_p50_s_all_hours": _quantile("call_answered", 50),
    "answer_wait_p95_s_all_hours": _quantile("call_answered", 95),
    "answer_wait_max_s_all_hours": _quantile("call_answered", 100),
    "calls_waiting": _open("waiting"),
    "longest_waiting_s": _oldest("waiting", calendar=True),
    "offers": _count("offer"),
    "offers_missed": _count("offer_missed"),
    "offers_missed_share": _share("offer_missed_hours", "offer_missed_hours", "offer_answered_hours"),
    "offers_missed_share_all_hours": _share("offer_missed", "offer_missed", "offer_answered"),
    "ring_p50_s": _quantile("ring", 50),
    "ring_p95_s": _quantile("ring", 95),
    "calls_handled": _count("handled"),
    "talk_s": _sum("talk", 1000),
    "avg_talk_s": _mean("talk", 1000),
    "quality_calls": _count("quality"),
    "dials": _count("dial"),
    "dials_answered": _count("dial_answered"),
    "dials_answered_share": _share("dial_answered_hours", "dial_hours"),
    "dials_answered_share_all_hours": _share("dial_answered", "dial"),
    "dials_conversations": _count("dial_conversation"),
    "early_hangup_share": _share("dial_early_hangup_hours", "dial_answered_hours"),
    "early_hangup_share_all_hours": _share("dial_early_hangup", "dial_answered"),
    # Missed customers
    "callback_p50_s": _quantile("callback", 50),
    "callback_p95_s": _quantile("callback", 95),
    "callback_within_20m": _share("callback_in_time", "callback_due"),
    "response_p50_s": _quantile("response", 50),
    "response_p95_s": _quantile("response", 95),
    "callbacks_made": _count("callback_made"),
    "callbacks_reached": _count("callback_reached"),
    "open_missed": _open("open_missed"),
    "open_missed_oldest_s": _oldest("open_missed"),
    "uncalled_missed": _open("uncalled_missed"),
    "uncalled_missed_oldest_s": _oldest("uncalled_missed"),
    # Leads
    "leads_new": _count("lead_new"),
    "lead_response_p50_s": _quantile("lead_response", 50),
    "lead_response_p95_s": _quantile("lead_response", 95),
    "lead_within_5m": _share("lead_in_5m", "lead_due_5m"),
    "lead_within_1h": _share("lead_in_1h", "lead_due_1h"),
    "lead_response_p50_s_cal": _quantile("lead_response_cal", 50),
    "lead_response_p95_s_cal": _quantile("lead_response_cal", 95),
    "lead_within_5m_cal": _share("lead_in_5m_cal", "lead_due_5m_cal"),
    "lead_within_1h_cal": _share("lead_in_1h_cal", "lead_due_1h_cal"),
    "contact_rate": _share("lead_contacted", "lead_contact_due"),
    "touches_per_lead": _mean("lead_touches"),
    "attempts_per_lead": _mean("lead_attempts"),
    "disqualified_share": _share("lead_disqualified", "lead_new"),
    "disqualified_untouched": _count("lead_disqualified_untouched"),
    "open_leads": _open("open_lead"),
    "open_leads_oldest_s": _oldest("open_lead"),
    # Deals
    "stage_moves": _count("stage_move"),
    "stage_moves_back": _count("stage_move_back"),
    "stage_dwell_p50_s": _quantile("stage_dwell", 50),
    "stage_on_time_share": _share("stage_on_time", "stage_judged"),
    "deals_won": _sum("deal_won", 1),
    "deals_reopened": _count("deal_reopened"),
    "won_amount": _sum("won_amount", 100),
    "avg_deal": _mean("win_amount", 100),
    "deals_lost": _count("deal_lost"),
    "win_rate": _share("deal_win", "deal_win", "deal_lost_rated"),
    "cycle_p50_s": _quantile("deal_cycle", 50),
    "lost_after_p50_s": _quantile("deal_lost_after", 50),
    "open_deals": _open("open_deal"),
    "stalled_deals": _stalled,
    # Work
    "proposals_sent": _count("proposal"),
    "proposal_amount": _sum("proposal_amount", 100),
    "meetings_scheduled": _count("meeting_scheduled"),
    "meetings_held": _count("meeting_held"),
    "meetings_missed": _count("meeting_missed"),
    "tasks_done": _count("task_done"),
    "tasks_done_in_time_share": _share("task_in_time", "task_due"),
    "tasks_rescheduled": _count("task_put_off"),
    "tasks_overdue": _open("overdue_task"),
    "csat_avg": _mean("csat", 1000),
    "qa_avg": _mean("qa", 1000),
    "complaints": _complaints,
    "crm_actions": _actions,
}
