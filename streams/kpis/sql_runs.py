"""Runs: a window's sums from one change to the next.

A pane at minute p joins window W at p and leaves it at p + W (`today`: at the next local midnight).
These changes, added up in the order of time, give the sums. A tag of a set leaves when it is seen
again, if that is earlier, so that it counts once.
"""

from collections.abc import Iterable, Mapping

from streams.kpis.formulas import Distinct, Quantile, Quotient, ServiceLevel
from streams.kpis.kpi import Kpi
from streams.kpis.sql_formulas import divisor, quantile, size, term
from streams.kpis.sql_levels import level_parts, levelled, levels_among, raw_counts
from streams.kpis.sql_panes import PANES, column
from streams.kpis.sql_zoned import IN_SPAN, with_midnight
from streams.windows.rolling import SLIDING, TODAY

#: A window's life, and the moments at which a pane joins and leaves; `begins` is the pane's minute.
_ENDS = [(name, f"begins + {60 * length}") for name, length in SLIDING.items()] + [(TODAY, "midnight")]
_STAYS = "[" + ", ".join(f"('{name}', toUInt32({end}))" for name, end in _ENDS) + "]"
_MOVES = (
    "[" + ", ".join(f"('{name}', begins, 1), ('{name}', toUInt32({end}), -1)" for name, end in _ENDS) + "]"
)

_PANE = "subject, toUnixTimestamp(minute) AS begins"
_RUN = "subject, kpi, window"
_OVER = f"OVER (PARTITION BY {_RUN} ORDER BY at)"
_NEXT = (
    "leadInFrame(at, 1, toUInt32(last + 60)) "
    f"OVER (PARTITION BY {_RUN} ORDER BY at ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)"
)


def runs(kpis: Mapping[str, Kpi]) -> str:
    """CTE `runs`: subject, kpi, window, at, next (s, not included), value, n."""
    rolling = [kpi for kpi in kpis.values() if kpi.rolling]
    quotients = [(kpi, f) for kpi in rolling if isinstance(f := kpi.formula, Quotient)]
    distincts = [(kpi, f) for kpi in rolling if isinstance(f := kpi.formula, Distinct)]
    quantiles = [(kpi, f) for kpi in rolling if isinstance(f := kpi.formula, Quantile)]
    moves = ([_quotient_moves(quotients)] if quotients else []) + (
        [_distinct_moves(distincts)] if distincts else []
    )
    levels = levels_among(rolling)
    parts = (
        ([_counted(rolling, moves)] if moves else [])
        + ([_spread(quantiles)] if quantiles else [])
        + ([_levels(levels)] if levels else [])
    )
    return f"""    runs AS
    (
{_union(parts)}
    )"""


def _union(parts: Iterable[str]) -> str:
    return "\nUNION ALL\n".join(parts)


def _quotient_moves(quotients: Iterable[tuple[Kpi, Quotient]]) -> str:
    terms = ", ".join(f"('{kpi.id}', {term(formula.upper)}, {term(formula.n)})" for kpi, formula in quotients)
    facts = f"""
SELECT {_PANE}, part.1 AS kpi, part.2 AS upper, part.3 AS n
FROM {PANES} FINAL
ARRAY JOIN [{terms}] AS part
WHERE {IN_SPAN} AND (part.2 != 0 OR part.3 != 0)"""
    return f"""
SELECT subject, kpi, move.1 AS window, move.2 AS at, move.3 * upper AS upper, move.3 * n AS n
FROM ({with_midnight("subject, begins, kpi, upper, n", facts)})
ARRAY JOIN {_MOVES} AS move"""


def _distinct_moves(distincts: Iterable[tuple[Kpi, Distinct]]) -> str:
    sets = ", ".join(f"('{kpi.id}', mapKeys({column(formula.name, 'set')}))" for kpi, formula in distincts)
    again = (
        "leadInFrame(begins, 1, toUInt32(4294967295)) OVER (PARTITION BY subject, kpi, window, tag "
        "ORDER BY begins ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)"
    )
    facts = f"""
SELECT subject, begins, kpi, tag
FROM
(
    SELECT {_PANE}, part.1 AS kpi, part.2 AS tags
    FROM {PANES} FINAL
    ARRAY JOIN [{sets}] AS part
    WHERE {IN_SPAN}
)
ARRAY JOIN tags AS tag"""
    return f"""
SELECT subject, kpi, window, move.1 AS at, toInt64(move.2) AS upper, toInt64(move.2) AS n
FROM
(
    SELECT subject, kpi, window, begins, least(ends, {again}) AS ends
    FROM
    (
        SELECT subject, kpi, tag, begins, stay.1 AS window, stay.2 AS ends
        FROM ({with_midnight("subject, begins, kpi, tag", facts)})
        ARRAY JOIN {_STAYS} AS stay
    )
)
ARRAY JOIN [(begins, 1), (ends, -1)] AS move"""


def _counted(rolling: Iterable[Kpi], moves: Iterable[str]) -> str:
    shared = [k.id for k in rolling if isinstance(k.formula, Quotient) and k.formula.shared]
    below = f"if({_among(shared)}, n, 1) * {divisor(rolling)}"
    return f"""
SELECT {_RUN}, at, next, if(n = 0, NULL, upper / ({below})) AS value, n
FROM
(
    SELECT {_RUN}, at, sum(upper) {_OVER} AS upper, sum(n) {_OVER} AS n, {_NEXT} AS next
    FROM
    (
        SELECT {_RUN}, at, sum(upper) AS upper, sum(n) AS n
        FROM ({_union(moves)})
        GROUP BY {_RUN}, at
    )
)"""


def _spread(quantiles: Iterable[tuple[Kpi, Quantile]]) -> str:
    ids = ", ".join(f"'{kpi.id}'" for kpi, _ in quantiles)
    percents = ", ".join(str(formula.percent) for _, formula in quantiles)
    middle = quantile("histogram", f"transform(kpi, [{ids}], [{percents}], 0)")
    return f"""
SELECT
    {_RUN}, at, next,
    if(n = 0, NULL, {middle} / {divisor(kpi for kpi, _ in quantiles)}) AS value,
    {size("histogram")} AS n
FROM ({_histograms((kpi, column(formula.name, "hist")) for kpi, formula in quantiles)})"""


def _levels(levels: Iterable[tuple[Kpi, ServiceLevel]]) -> str:
    counted = levelled(_histograms((kpi, raw_counts(formula)) for kpi, formula in levels), "subject")
    return f"""
SELECT {_RUN}, at, next, if(parts.2 = 0, NULL, parts.1 / parts.2) AS value, parts.2 AS n
FROM (SELECT {_RUN}, at, next, {level_parts("histogram")} AS parts FROM ({counted}))"""


def _histograms(spread: Iterable[tuple[Kpi, str]]) -> str:
    """SELECT of the runs of histograms, given as expressions over the columns of panes."""
    histograms = ", ".join(f"('{kpi.id}', {histogram})" for kpi, histogram in spread)
    facts = f"""
SELECT {_PANE}, part.1 AS kpi, part.2 AS histogram
FROM {PANES} FINAL
ARRAY JOIN [{histograms}] AS part
WHERE {IN_SPAN} AND notEmpty(part.2)"""
    signed = "mapApply((bucket, count) -> (bucket, count * move.3), histogram)"
    return f"""
SELECT {_RUN}, at, sumMap(histogram) {_OVER} AS histogram, {_NEXT} AS next
FROM
(
    SELECT subject, kpi, move.1 AS window, move.2 AS at, sumMap({signed}) AS histogram
    FROM ({with_midnight("subject, begins, kpi, histogram", facts)})
    ARRAY JOIN {_MOVES} AS move
    GROUP BY {_RUN}, at
)"""


def _among(ids: Iterable[str]) -> str:
    listed = ", ".join(f"'{id}'" for id in ids)
    return f"has([{listed}], kpi)"
