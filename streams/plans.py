"""What is planned: `plans.csv`, with the columns of the contract, section 6.

Plans say nothing of what an event means, so they are no part of the configuration's version.
"""

import csv
from collections.abc import Collection, Mapping
from datetime import date

import msgspec

from streams.config_text import ConfigError

FILE = "plans.csv"
_COLUMNS = ("subject_kind", "subject", "kpi", "period_start", "period_end", "value")


class Plan(msgspec.Struct, frozen=True):
    """How much of a KPI a subject is to reach over some days, both included."""

    subject_kind: str  #: manager, group or all
    subject: str
    kpi: str
    period_start: date
    period_end: date
    value: float  #: in the unit of the KPI


def read_plans(text: str, subjects: Mapping[str, Collection[str]], kpis: Collection[str]) -> list[Plan]:
    """What `plans.csv` says. `subjects`: ids by kind; `kpis`: ids of the KPI that can be planned.

    Raises `ConfigError` naming line and column.
    """
    reader = csv.DictReader(text.splitlines(), skipinitialspace=True)
    if reader.fieldnames is not None and tuple(reader.fieldnames) != _COLUMNS:
        found = ", ".join(map(str, reader.fieldnames))
        raise ConfigError(f"{FILE}, line 1: expected the columns {', '.join(_COLUMNS)}, found {found}")
    plans: dict[tuple[str, str, str, date, date], Plan] = {}
    for row in reader:
        plan = _read(f"{FILE}, line {reader.line_num}", row, subjects, kpis)
        key = (plan.subject_kind, plan.subject, plan.kpi, plan.period_start, plan.period_end)
        if key in plans:
            raise ConfigError(
                f"{FILE}, line {reader.line_num}: expected one plan for {plan.kpi} of {plan.subject}"
                f" over the same days, found another above"
            )
        plans[key] = plan
    return list(plans.values())


def _read(
    where: str,
    row: Mapping[str, str | None],
    subjects: Mapping[str, Collection[str]],
    kpis: Collection[str],
) -> Plan:
    kind = _one_of(where, "subject_kind", row["subject_kind"], subjects)
    subject = _one_of(where, "subject", row["subject"], subjects[kind])
    kpi = _one_of(where, "kpi", row["kpi"], kpis)
    start = _day(where, "period_start", row["period_start"])
    end = _day(where, "period_end", row["period_end"])
    if end < start:
        raise ConfigError(f"{where}, period_end: expected a day not before {start}, found {end}")
    return Plan(kind, subject, kpi, start, end, _value(where, row["value"]))


def _one_of(where: str, column: str, found: str | None, known: Collection[str]) -> str:
    if found is None or found not in known:
        some = ", ".join(sorted(known)[:8])
        raise ConfigError(
            f"{where}, {column}: expected one of {some or 'none: none is listed'}, found {found!r}"
        )
    return found


def _day(where: str, column: str, text: str | None) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise ConfigError(f"{where}, {column}: expected a day such as 2027-01-31, found {text!r}") from None


def _value(where: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise ConfigError(f"{where}, value: expected a number above 0, found {text!r}")
    return value
