"""Writes pipelines, plans, bonus terms and absences into ClickHouse, so that views know them."""

from zoneinfo import ZoneInfo

from clickhouse_connect.driver.client import Client

from streams.absences import whole_days
from streams.config import Planning
from streams.directory import Directory
from streams.kpis.declarations import KPIS
from streams.sinks.listed import write_listed

_STAGES = ("pipeline", "stage", "name", "position", "kind", "max_stay_ms")
_PLANS = ("subject_kind", "subject", "kpi", "period_start", "period_end", "value")
_TERMS = ("group", "kpi", "base", "weight", "target", "cap", "min_n", "direction", "currency")
_ABSENCES = ("manager", "day", "kind")


def write_planning(client: Client, directory: Directory, planning: Planning, now: int) -> None:
    """Writes what is configured at `now` (ms); what is no longer listed goes."""
    stages = [
        [pipeline.id, stage.id, stage.name, stage.order, stage.kind, stage.max_stay_ms]
        for pipeline in directory.funnel.pipelines.values()
        for stage in pipeline.stages.values()
    ]
    plans = [
        [plan.subject_kind, plan.subject, plan.kpi, plan.period_start, plan.period_end, plan.value]
        for plan in planning.plans
    ]
    terms = [
        [formula.group, term.kpi, formula.base, term.weight, term.target, term.cap, term.min_n,
         KPIS[term.kpi].good, formula.currency]
        for formula in planning.bonuses
        for term in formula.terms
    ]  # fmt: skip
    days = [
        [absence.manager, day, absence.kind]
        for absence in directory.absences
        for day in whole_days(absence.period, ZoneInfo(directory.managers[absence.manager].zone))
    ]
    write_listed(client, "funnel_stages", 2, _STAGES, stages, now)
    write_listed(client, "plans", 5, _PLANS, plans, now)
    write_listed(client, "bonus_terms", 2, _TERMS, terms, now)
    write_listed(client, "absences", 2, _ABSENCES, days, now)
