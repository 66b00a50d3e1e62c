"""Writes pipelines, plans, bonus terms and absences into ClickHouse, so that views know them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from clickhouse_connect.driver.client import Client

from streams.config import Planning
from streams.directory import Directory
from streams.kpis.declarations import KPIS
from streams.sinks.connection import ROWS, WRITE_SETTINGS

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
        [absence.manager, absence.first + timedelta(days=number), absence.kind]
        for absence in directory.absences
        for number in range((absence.last - absence.first).days + 1)
    ]
    _replace(client, "funnel_stages", 2, _STAGES, stages, now)
    _replace(client, "plans", 5, _PLANS, plans, now)
    _replace(client, "bonus_terms", 2, _TERMS, terms, now)
    _replace(client, "absences", 2, _ABSENCES, days, now)


def _replace(
    client: Client, table: str, key: int, columns: Sequence[str], rows: list[list[Any]], now: int
) -> None:
    """Writes the rows, and the end of those that are stored under other keys."""
    named = ", ".join(f"`{column}`" for column in columns)
    listed = {tuple(row[:key]) for row in rows}
    stored = client.query(f"SELECT {named} FROM {ROWS}.{table} FINAL").result_rows
    gone = [[*row, now, 1] for row in stored if tuple(row[:key]) not in listed]
    written = [[*row, now, 0] for row in rows] + gone
    if written:
        names = [*columns, "version", "gone"]
        client.insert(table, written, column_names=names, database=ROWS, settings=WRITE_SETTINGS)
