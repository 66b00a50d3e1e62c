"""What each KPI adds up over a day of a subject, from its panes or, for lines, from the calls.

Panes are summed as their three arrays, of numbers, histograms and sets, and each KPI is a row of constants
that says which elements it takes: so the text of a query, and the time to plan it, hardly grow with the
number of KPI. The columns of what comes out, which is also a row of table `kpi_days`:

- kpi, day, subject (such as `g:sales`),
- upper: what is added up, or stands above the line of a share or mean,
- n: how many it rests on; due: and how many it will rest on, deadlines ahead included,
- counts: histogram of a quantile or raw counts of a service level, tags: whom to count once, foreseen: whom
  at deadlines ahead; empty for all others,
- revised_at: when the newest of the rows was stored that the subject's day rests on,
- percent, shared, divisor: how the value follows (`value`).

A line (the number that was called) has KPI from the stored calls: panes do not know lines. They are
dated like those of a group, a call at its start, an answer at the answer, a missed call at its end,
and its day is that of the group that the call came in for.
"""

import hashlib
from collections.abc import Iterable, Mapping

from streams.kpis.formulas import Distinct, Quantile, Quotient, ServiceLevel, WindowFormula
from streams.kpis.kpi import Kpi
from streams.kpis.measurements import MEASUREMENTS
from streams.kpis.sql_days import dated
from streams.kpis.sql_formulas import quantile, size
from streams.kpis.sql_levels import raw_counts
from streams.kpis.sql_pane_arrays import (
    NUMBERS,
    SET_COUNT,
    SETS,
    SPREAD_COUNT,
    SPREADS,
    number_places,
    pane_arrays_sql,
    set_place,
    spread_place,
)
from streams.kpis.sql_panes import PANES, column

CALLS = "sales_rows.calls"
DAYS = "sales_rows.kpi_days"

#: Constants of the types of `counts` and `tags`.
NO_COUNTS = "CAST(map(), 'Map(UInt16, Int64)')"
NO_TAGS = "CAST([], 'Array(String)')"

#: One KPI: for which kinds of subject it is, which numbers make its upper term and its n, its histogram and its set (from 1, 0: none),
#: whether it counts facts that are dated ahead, and how its value follows.
_KNOWN_TYPE = (
    "Array(Tuple(kpi String, subjects String, uppers Array(UInt16), ns Array(UInt16), histogram UInt16, "
    "tagged UInt16, ahead UInt8, percent UInt8, shared UInt8, divisor Int64))"
)
_KNOWN = "kpi subjects uppers ns histogram tagged ahead percent shared divisor".split()

_MISSED = "(answered_at IS NULL AND outcome IN ('missed', 'voicemail'))"
_ANSWERED = "answered_at IS NOT NULL"
#: KPI of lines: when a call counts, which do, and which of these stand above the line of a share.
_OF_LINES = {
    "calls_in": ("started_at", "1", "1"),
    "calls_answered": ("answered_at", _ANSWERED, "1"),
    "calls_missed": ("ended_at", _MISSED, "1"),
    "missed_share": ("ifNull(answered_at, ended_at)", f"in_hours AND ({_ANSWERED} OR {_MISSED})", _MISSED),
}
_SHARES_OF_LINES = ("missed_share",)
#: KPI that lines have, in order: id, whether it is a share.
LINE_KPIS = tuple((kpi, int(kpi in _SHARES_OF_LINES)) for kpi in _OF_LINES)


def known(kpis: Mapping[str, Kpi]) -> str:
    """SELECT of the columns of `_KNOWN_TYPE`, a row per KPI that panes count."""
    columns = ", ".join(f"row.{name} AS {name}" for name in _KNOWN)
    return f"SELECT {columns} FROM (SELECT arrayJoin({known_parts(kpis.values())}) AS row)"


def known_parts(kpis: Iterable[Kpi]) -> str:
    """Array of `_KNOWN_TYPE`, an element per KPI that panes count."""
    rows = ", ".join(_known(kpi) for kpi in kpis if kpi.rolling)
    # As text: one constant is planned some twenty times faster than a thousand.
    text = f"[{rows}]".replace("'", "\\'")
    return f"CAST('{text}', '{_KNOWN_TYPE}')"


def _known(kpi: Kpi) -> str:
    formula = kpi.formula
    if not isinstance(formula, WindowFormula):
        raise TypeError(f"{kpi.id} is not counted in panes")
    ahead = int(any(MEASUREMENTS[name].ahead for name in formula.names))
    uppers: list[int] = []
    ns: list[int] = []
    histogram = tagged = percent = shared = 0
    if isinstance(formula, Quotient):
        uppers, ns, shared = number_places(formula.upper), number_places(formula.n), int(formula.shared)
    elif isinstance(formula, Quantile):
        histogram, percent = spread_place(column(formula.name, "hist")), formula.percent
    elif isinstance(formula, ServiceLevel):
        histogram, shared = spread_place(raw_counts(formula)), 1
    elif isinstance(formula, Distinct):
        tagged = set_place(formula.name)
    return (
        f"('{kpi.id}', '{kpi.subjects}', {uppers}, {ns}, {histogram}, {tagged}, {ahead}, "
        f"{percent}, {shared}, {kpi.divisor})"
    )


def dated_panes(moments: str, where: str) -> str:
    """SELECT of panes of days that have begun, with their numbers, histograms and sets, `day` and `today`.

    `moments` is a condition over minute, `where` one over subject, day and today.
    """
    rows = f"""SELECT toString(subject) AS subject, minute, inserted_at, version, {NUMBERS}, {SPREADS}, {SETS}
FROM {PANES} FINAL
WHERE {moments}"""
    return dated(rows, f"day <= today AND {where}", "minute", "subject")


def summed_panes(rows: str, further: str, by: str) -> str:
    """SELECT that adds up what `dated_panes` gives, with `further` expressions, grouped `by` columns.

    Facts count from their minute on; `later` has the numbers, sizes and sets of those that are ahead.
    """
    spreads = [f"panes.{SPREADS}[{place + 1}]" for place in range(SPREAD_COUNT)]
    histograms = ", ".join(f"sumMapIf({spread}, {BEGUN})" for spread in spreads)
    sizes = ", ".join(f"sumIf({size(spread)}, NOT {BEGUN})" for spread in spreads)
    return f"""SELECT {further},
    sumForEachIf(panes.{NUMBERS}, {BEGUN}) AS numbers, [{histograms}] AS histograms, [{_sets(BEGUN)}] AS sets,
    sumForEachIf(panes.{NUMBERS}, NOT {BEGUN}) AS later_numbers,
    [{sizes}] AS later_sizes, [{_sets(f"NOT {BEGUN}")}] AS later_sets,
    max(inserted_at) AS revised_at
FROM ({rows}) AS panes
GROUP BY {by}"""


def _sets(which: str) -> str:
    return ", ".join(
        f"groupUniqArrayArrayIf(panes.{SETS}[{place + 1}], {which})" for place in range(SET_COUNT)
    )


#: Whether the minute of a pane has come.
BEGUN = "(minute <= now('UTC'))"
#: Value columns of a KPI, over the columns of `known` and of `summed_panes`.
COUNTED = f"""if(tagged != 0, toInt64(length(sets[tagged])), arraySum(arrayMap(place -> numbers[place], uppers))) AS upper,
    multiIf(tagged != 0, toInt64(length(sets[tagged])), histogram != 0, {size("histograms[histogram]")},
        arraySum(arrayMap(place -> numbers[place], ns))) AS n,
    histograms[histogram] AS counts, sets[tagged] AS tags, if(ahead = 1, later_sets[tagged], {NO_TAGS}) AS foreseen,
    multiIf(ahead = 0, n, tagged != 0, toInt64(length(arrayDistinct(arrayConcat(tags, foreseen)))),
        histogram != 0, n + later_sizes[histogram], n + arraySum(arrayMap(place -> later_numbers[place], ns))) AS due"""
#: Condition that the KPI is for the subject.
CONCERNS = "position(subjects, substring(subject, 1, 1)) != 0"
#: The value, over the columns of a row; null without facts. `shared` says how it follows: 1 upper / n,
#: 2 to 4 a state (see `sql_states`).
VALUE = f"""multiIf(shared = 2, upper / divisor, n = 0 OR shared = 4, NULL, percent != 0, {quantile("counts", "percent")} / divisor,
        upper / (if(shared = 1, n, 1) * divisor))"""


def dated_calls(moments: str, where: str) -> str:
    """SELECT of what calls count for their line: subject, kpi, at, upper, day, and columns of the call.

    `moments` is a condition over the columns of the calls, `where` one over subject and day.
    """
    parts = ", ".join(
        f"('{kpi}', {at}, {which}, toInt64({upper}))" for kpi, (at, which, upper) in _OF_LINES.items()
    )
    rows = f"""SELECT concat('l:', line) AS subject, concat('g:', `group`) AS zoned, source, call_id,
    part.1 AS kpi, toDateTime(assumeNotNull(part.2), 'UTC') AS at, ifNull(part.4, 0) AS upper, inserted_at, version
FROM {CALLS} FINAL
ARRAY JOIN [{parts}] AS part
WHERE direction = 'in' AND excluded_reason = '' AND line != '' AND started_at IS NOT NULL
    AND part.2 IS NOT NULL AND part.3 AND part.2 <= now64(3, 'UTC') AND ({moments})"""
    return dated(rows, where)


def calls_between(first: str, last: str) -> str:
    """Condition that a call has a moment from `first` to `last` (DateTime); the table skips the rest."""
    return " OR ".join(
        f"{moment} BETWEEN {first} AND {last}" for moment in ("started_at", "answered_at", "ended_at")
    )


def declared(kpis: Mapping[str, Kpi]) -> str:
    """Hash of everything that decides what the rows of `kpi_days` hold."""
    text = (
        known(kpis)
        + COUNTED
        + CONCERNS
        + str(LINE_KPIS)
        + summed_panes("", "", "")
        + "".join(pane_arrays_sql())
        + dated_calls("", "")
        + dated_panes("", "")
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]
