"""KPI of work besides calls and deals: meetings, tasks, quality, complaints, actions in the CRM."""

from functools import partial

from streams.kpis.formulas import Count, Mean, OpenDue, Ratio
from streams.kpis.kpi import NOW, Input, Kpi


def _needs(*inputs: Input) -> frozenset[Input]:
    return frozenset(inputs)


_meetings = partial(Kpi, subjects="mga", needs=_needs("meetings"))
_tasks = partial(Kpi, subjects="mga", needs=_needs("tasks"))
_ratings = partial(Kpi, subjects="mga", needs=_needs("ratings"))

_MEETINGS = (
    _meetings(
        id="meetings_scheduled",
        title="Meetings arranged",
        unit="count",
        good="up",
        formula=Count("meeting_scheduled"),
        help="Meetings, when they were arranged.",
        personal=True,
    ),
    _meetings(
        id="meetings_held",
        title="Meetings held",
        unit="count",
        good="up",
        formula=Count("meeting_held"),
        help="Meetings that took place.",
        personal=True,
    ),
    _meetings(
        id="meetings_missed",
        title="Meetings missed",
        unit="count",
        good="down",
        formula=Count("meeting_missed"),
        help="Meetings to which the customer did not come.",
        personal=False,
    ),
)

_TASKS = (
    _tasks(
        id="tasks_done",
        title="Tasks done",
        unit="count",
        good="up",
        formula=Count("task_done"),
        help="Tasks, when they were done first, by who did them.",
        personal=True,
    ),
    _tasks(
        id="tasks_done_in_time_share",
        title="Tasks done in time",
        unit="share",
        good="up",
        formula=Ratio("task_in_time", of=("task_due",)),
        help="Tasks done by their due time / those done by then or due since; by the due time last named, of "
        "who was to do it when it was done, or when it was due and not done.",
        personal=True,
        min_n=10,
    ),
    _tasks(
        id="tasks_rescheduled",
        title="Tasks put off",
        unit="count",
        good="down",
        formula=Count("task_put_off"),
        help="Due times of tasks not done that were put off, at that moment, by who did it.",
        personal=True,
    ),
    _tasks(
        id="tasks_overdue",
        title="Tasks overdue",
        unit="count",
        good="down",
        formula=OpenDue("overdue_task"),
        help="Tasks not done whose due time has passed.",
        personal=True,
        windows=NOW,
    ),
)

_QUALITY = (
    _ratings(
        id="csat_avg",
        title="Customers' rating",
        unit="score",
        good="up",
        formula=Mean("csat"),
        help="Mean of what customers gave for calls, on a scale of 5, when they gave it.",
        personal=False,
        min_n=5,
    ),
    _ratings(
        id="qa_avg",
        title="Reviewers' rating",
        unit="score",
        good="up",
        formula=Mean("qa"),
        help="Mean of what reviewers gave for calls, on a scale of 5, when they gave it; machines' ratings "
        "count nowhere.",
        personal=True,
        min_n=5,
    ),
    Kpi(
        id="complaints",
        title="Complaints",
        unit="count",
        good="down",
        subjects="mga",
        formula=Count("complaint", "complaint_justified"),
        needs=_needs("complaints"),
        help="Complaints when they came, of a manager those that were found justified, at that moment.",
        personal=False,
    ),
    Kpi(
        id="crm_actions",
        title="Actions",
        unit="count",
        good="neutral",
        subjects="mga",
        formula=Count("crm_action", "dial", "call_answered", "call_answered_by"),
        needs=_needs("inbound", "outbound", "deals"),
        help="What a manager does: changes of leads, deals and tasks, proposals, meetings, contacts, dials, "
        "and inbound calls that he answered first. Robots' actions are nobody's. A drop is an early warning.",
        personal=False,
    ),
)

#: In the order of the tables and views.
KPIS: tuple[Kpi, ...] = (*_MEETINGS, *_TASKS, *_QUALITY)
