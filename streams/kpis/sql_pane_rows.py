"""What each KPI adds up: one row per pane that counts for it.

Each KPI is a SELECT of its own with its id as a constant, so that a query for one KPI reads the
columns of that one and nothing of the others. Columns: who, zoned (the subject whose zone dates it),
at, kpi, what is added up, inserted_at.

A line (the number that was called) has KPI from the stored calls: panes do not know lines. They are
dated like those of a group, a call at its start, an answer at the answer, a missed call at its end,
and its day is that of the group that the call came in for.
"""

from collections.abc import Iterable

from streams.kpis.formulas import Distinct, Quantile, Quotient, WindowFormula
from streams.kpis.kpi import Kpi
from streams.kpis.measurements import MEASUREMENTS
from streams.kpis.sql_formulas import term
from streams.kpis.sql_panes import PANES, column

CALLS = "sales_rows.calls"

_MISSED = "(answered_at IS NULL AND outcome IN ('missed', 'voicemail'))"
_ANSWERED = "answered_at IS NOT NULL"
#: KPI of lines: when a call counts, which do, and which of these stand above the line of a share.
_OF_LINES = {
    "calls_in": ("started_at", "1", "1"),
    "calls_answered": ("answered_at", _ANSWERED, "1"),
    "calls_missed": ("ended_at", _MISSED, "1"),
    "missed_share": ("ifNull(answered_at, ended_at)", f"in_hours AND ({_ANSWERED} OR {_MISSED})", _MISSED),
}


def quotient_rows(quotients: Iterable[tuple[Kpi, Quotient]]) -> list[str]:
    """SELECTs of `upper` and `rests`, the two terms."""
    return [
        _rows(
            kpi,
            formula,
            f"{term(formula.upper)} AS upper, {term(formula.n)} AS rests",
            f"{term(formula.upper)} != 0 OR {term(formula.n)} != 0",
        )
        for kpi, formula in quotients
    ]


def distinct_rows(distincts: Iterable[tuple[Kpi, Distinct]]) -> list[str]:
    """SELECTs of `tags`, whom to count."""
    sets = [(kpi, formula, column(formula.name, "set")) for kpi, formula in distincts]
    return [
        _rows(kpi, formula, f"mapKeys({tags}) AS tags", f"notEmpty({tags})") for kpi, formula, tags in sets
    ]


def quantile_rows(quantiles: Iterable[tuple[Kpi, Quantile]]) -> list[str]:
    """SELECTs of `counts`, a histogram."""
    spread = [(kpi, formula, column(formula.name, "hist")) for kpi, formula in quantiles]
    return [_rows(kpi, formula, f"{hist} AS counts", f"notEmpty({hist})") for kpi, formula, hist in spread]


def line_rows(kpis: Iterable[Kpi]) -> list[str]:
    """Like `quotient_rows`, of calls that came in on a line."""
    return [
        f"""
        SELECT toLowCardinality(concat('l:', line)) AS who, toLowCardinality(concat('g:', `group`)) AS zoned,
            toDateTime(assumeNotNull({at}), 'UTC') AS at, toLowCardinality('{kpi.id}') AS kpi,
            toInt64({upper}) AS upper, toInt64(1) AS rests, inserted_at
        FROM {CALLS} FINAL
        WHERE direction = 'in' AND excluded_reason = '' AND line != '' AND started_at IS NOT NULL
            AND ({which}) AND {at} <= now64(3, 'UTC')"""
        for kpi in kpis
        if kpi.id in _OF_LINES
        for at, which, upper in (_OF_LINES[kpi.id],)
    ]


def _rows(kpi: Kpi, formula: WindowFormula, added: str, holds: str) -> str:
    ahead = any(MEASUREMENTS[name].ahead for name in formula.names)
    begun = "" if ahead else " AND minute <= now('UTC')"
    return f"""
        SELECT subject AS who, subject AS zoned, minute AS at, toLowCardinality('{kpi.id}') AS kpi,
            {added}, inserted_at
        FROM {PANES} FINAL
        WHERE ({holds}){begun}"""
