"""What each KPI adds up over a day of a subject, from its panes or, for lines, from the calls.

Panes are summed column by column first, all KPI together, and unfolded into one row per KPI then: so
the text of a query, and the time to plan it, hardly grow with the number of KPI. The columns of such a
row, which is also a row of table `kpi_days`:

- kpi, day, subject (such as `g:sales`),
- upper: what is added up, or stands above the line of a share or mean,
- n: how many it rests on,
- counts: histogram of a quantile or raw counts of a service level, tags: whom to count once; empty for
  all others,
- revised_at: when the newest of the rows was stored that the subject's day rests on.

A line (the number that was called) has KPI from the stored calls: panes do not know lines. They are
dated like those of a group, a call at its start, an answer at the answer, a missed call at its end,
and its day is that of the group that the call came in for.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from streams.kpis.formulas import Distinct, NowFormula, Quantile, Quotient, ServiceLevel
from streams.kpis.kpi import Kpi
from streams.kpis.measurements import MEASUREMENTS
from streams.kpis.sql_days import local_day
from streams.kpis.sql_formulas import size, term
from streams.kpis.sql_levels import raw_counts
from streams.kpis.sql_panes import PANES, column, pane_columns

CALLS = "sales_rows.calls"
DAYS = "sales_rows.kpi_days"
#: Value columns of a row, in order.
COUNTS = ("upper", "n", "counts", "tags")

_NO_COUNTS = "no_counts"
_NO_TAGS = "no_tags"
#: Scalars that the rows of counts refer to.
NOTHING = f"""    CAST(map(), 'Map(UInt16, Int64)') AS {_NO_COUNTS},
    CAST([], 'Array(String)') AS {_NO_TAGS}"""

_MISSED = "(answered_at IS NULL AND outcome IN ('missed', 'voicemail'))"
_ANSWERED = "answered_at IS NOT NULL"
#: KPI of lines: when a call counts, which do, and which of these stand above the line of a share.
_OF_LINES = {
    "calls_in": ("started_at", "1", "1"),
    "calls_answered": ("answered_at", _ANSWERED, "1"),
    "calls_missed": ("ended_at", _MISSED, "1"),
    "missed_share": ("ifNull(answered_at, ended_at)", f"in_hours AND ({_ANSWERED} OR {_MISSED})", _MISSED),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """Expressions of a KPI's value columns over the summed columns of panes."""

    upper: str
    n: str
    counts: str = _NO_COUNTS
    tags: str = _NO_TAGS


def counts(kpi: Kpi) -> Counts:
    """What a KPI counts. Raises TypeError for a state: panes know none."""
    formula = kpi.formula
    if isinstance(formula, Quotient):
        return Counts(term(formula.upper), term(formula.n))
    if isinstance(formula, Quantile):
        histogram = column(formula.name, "hist")
        return Counts("0", size(histogram), counts=histogram)
    if isinstance(formula, ServiceLevel):
        raw = raw_counts(formula)
        return Counts("0", size(raw), counts=raw)
    if isinstance(formula, Distinct):
        tags = column(formula.name, "set")
        return Counts(f"length({tags})", f"length({tags})", tags=tags)
    raise TypeError(f"{kpi.id} is not counted in panes")


def counted_in_panes(kpis: Mapping[str, Kpi]) -> list[Kpi]:
    """The KPI that panes count."""
    return [kpi for kpi in kpis.values() if not isinstance(kpi.formula, NowFormula)]


def dated_ahead(kpi: Kpi) -> bool:
    """Whether it counts facts that are known before their moment."""
    names = () if isinstance(kpi.formula, NowFormula) else kpi.formula.names
    return any(MEASUREMENTS[name].ahead for name in names)


def unfolded(kpis: Iterable[Kpi]) -> str:
    """Array of tuples (kpi, *COUNTS) over the summed columns, for ARRAY JOIN."""
    rows = ",\n    ".join(
        f"('{kpi.id}', toInt64({of.upper}), toInt64({of.n}), {of.counts}, {of.tags})"
        for kpi in kpis
        for of in (counts(kpi),)
    )
    return f"[\n    {rows}]"


def summed(rows: str) -> str:
    """Select list that sums the columns of panes, which stand in `rows`, under their own names."""
    return ",\n    ".join(_summed(rows, name, kind) for name, kind in pane_columns())


def _summed(rows: str, name: str, kind: str) -> str:
    if name.endswith("_set"):
        return f"groupUniqArrayArray(mapKeys({rows}.{name})) AS {name}"
    return f"{'sumMap' if kind.startswith('Map') else 'sum'}({rows}.{name}) AS {name}"


def dated_panes(where: str) -> str:
    """SELECT of panes with their local day; `where` is a condition over minute, subject and day."""
    return f"SELECT *, {local_day('minute', 'subject')} AS day FROM {PANES} FINAL WHERE {where}"


def dated_calls(where: str) -> str:
    """SELECT of what calls count for their line: subject, day, kpi, upper, and columns of the call.

    `where` is a condition over the columns of the calls, `at` (DateTime64) and day.
    """
    parts = ", ".join(
        f"('{kpi}', {at}, {which}, toInt64({upper}))" for kpi, (at, which, upper) in _OF_LINES.items()
    )
    return f"""SELECT
    concat('l:', line) AS subject, source, call_id, part.1 AS kpi, assumeNotNull(part.2) AS at,
    ifNull(part.4, 0) AS upper, {local_day("toDateTime(at, 'UTC')", "concat('g:', `group`)")} AS day,
    inserted_at, version
FROM {CALLS} FINAL
ARRAY JOIN [{parts}] AS part
WHERE direction = 'in' AND excluded_reason = '' AND line != '' AND started_at IS NOT NULL
    AND part.2 IS NOT NULL AND part.3 AND at <= now64(3, 'UTC') AND ({where})"""


#: KPI that lines have, in order.
LINE_KPIS = tuple(_OF_LINES)


def calls_between(first: str, last: str) -> str:
    """Condition that a call has a moment between two (DateTime); it lets the table skip the rest."""
    return " OR ".join(
        f"{moment} BETWEEN {first} AND {last}" for moment in ("started_at", "answered_at", "ended_at")
    )


def declared(kpis: Mapping[str, Kpi]) -> str:
    """Hash of everything that decides what the rows of `kpi_days` hold."""
    text = unfolded(counted_in_panes(kpis)) + summed("") + dated_calls("") + dated_panes("")
    return hashlib.sha256(text.encode()).hexdigest()[:16]
