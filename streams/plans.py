"""What is planned: `plans.csv`, with the columns of the contract, section 6.

Plans say nothing of what an event means, so they are no part of the configuration's version.
"""

from collections.abc import Collection, Mapping
from datetime import date

import msgspec

from streams.alerts.limits import limit, suggestion
from streams.config_csv import Row, read_csv
from streams.config_text import Node
from streams.kpis.kpi import SUBJECT_KINDS, Kpi

FILE = "plans.csv"
_COLUMNS = ("subject_kind", "subject", "kpi", "period_start", "period_end", "value")
_LETTERS = {kind: letter for letter, kind in SUBJECT_KINDS.items()}


class Plan(msgspec.Struct, frozen=True):
    """How much of a KPI a subject is to reach over some days, both included."""

    subject_kind: str  #: manager, group or all
    subject: str
    kpi: str
    period_start: date
    period_end: date
    value: float  #: in the unit of the KPI

    @property
    def of(self) -> tuple[str, str, str]:
        """What is planned of whom."""
        return self.subject_kind, self.subject, self.kpi


def read_plans(text: str, subjects: Mapping[str, Collection[str]], kpis: Mapping[str, Kpi]) -> list[Plan]:
    """What `plans.csv` says. `subjects`: ids by kind; `kpis`: those that can be planned, by id.

    A year, its quarters and its months may all have a plan. Refused are the same days twice, and days
    that overlap others without lying within them. Raises `ConfigError` naming line and column.
    """
    plans: list[Plan] = []
    above: dict[tuple[str, str, str], list[Plan]] = {}
    for row in read_csv(FILE, text, _COLUMNS):
        plan = _read(row, subjects, kpis)
        for other in above.setdefault(plan.of, []):
            if _at_odds(plan, other):
                raise row["period_start"].fault(
                    f"days that no other plan for {plan.kpi} of {plan.subject} overlaps in part; one above"
                    f" is for {other.period_start} to {other.period_end}"
                )
        above[plan.of].append(plan)
        plans.append(plan)
    return plans


def _read(row: Row, subjects: Mapping[str, Collection[str]], kpis: Mapping[str, Kpi]) -> Plan:
    kind = _one_of(row["subject_kind"], subjects)
    subject = _one_of(row["subject"], subjects[kind])
    kpi = kpis[_one_of(row["kpi"], kpis)]
    if _LETTERS[kind] not in kpi.subjects:
        kinds = ", ".join(SUBJECT_KINDS[letter] for letter in kpi.subjects)
        raise row["kpi"].fault(f"a KPI of this kind of subject ({kpi.id} is of: {kinds})")
    start, end = row["period_start"].date(), row["period_end"].date()
    if end < start:
        raise row["period_end"].fault(f"a day not before {start}")
    value = limit(row["value"], kpi)
    if value <= 0:
        raise row["value"].fault("a number above 0")
    return Plan(kind, subject, kpi.id, start, end, value)


def _one_of(node: Node, known: Collection[str]) -> str:
    text = node.text("an id")
    if text not in known:
        some = ", ".join(sorted(known)[:8]) or "none: none is listed"
        raise node.fault(f"one of {some}{suggestion(text, known)}")
    return text


def _at_odds(one: Plan, other: Plan) -> bool:
    """Whether the days are the same, or overlap and neither lie within the others."""
    if (one.period_start, one.period_end) == (other.period_start, other.period_end):
        return True
    first, second = sorted((one, other), key=lambda plan: (plan.period_start, -plan.period_end.toordinal()))
    return first.period_start < second.period_start <= first.period_end < second.period_end
