"""Runs: a window's sums from one change to the next.

A pane at minute p joins window W at p and leaves it at p + W (`today`: at the next local midnight).
These changes, added up in the order of time, give the sums. A tag of a set leaves when it is seen
again, if that is earlier, so that it counts once.
"""

from collections.abc import Iterable, Mapping

from streams.kpis.formulas import Distinct, Quantile, Quotient
from streams.kpis.kpi import Kpi
from streams.kpis.sql_day_counts import NUMBERS, SPREADS, known_parts
from streams.kpis.sql_formulas import divisor, quantile, size
from streams.kpis.sql_levels import level_parts, levelled, levels_among
from streams.kpis.sql_panes import PANES, column
from streams.kpis.sql_zoned import IN_SPAN, with_midnight
from streams.windows.rolling import SLIDING, TODAY

#: A window's life, and the moments at which a pane joins and leaves; `begins` is the pane's minute.
_ENDS = [(name, f"begins + {60 * length}") for name, length in SLIDING.items()] + [(TODAY, "midnight")]
_STAYS = "[" + ", ".join(f"('{name}', toUInt32({end}))" for name, end in _ENDS) + "]"
_MOVES = (
    "[" + ", ".join(f"('{name}', begins, 1), ('{name}', toUInt32({end}), -1)" for name, end in _ENDS) + "]"
)

_NO_HISTOGRAM = "CAST(map(), 'Map(UInt16, Int64)')"
_PANE = "subject, toUnixTimestamp(minute) AS begins"
_RUN = "subject, kpi, window"
_OVER = f"OVER (PARTITION BY {_RUN} ORDER BY at)"
_NEXT = (
    "leadInFrame(at, 1, toUInt32(last + 60)) "
    f"OVER (PARTITION BY {_RUN} ORDER BY at ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)"
)


def runs(kpis: Mapping[str, Kpi]) -> str:
    """CTE `runs`: subject, kpi, window, at, next (s, not included), value, n.

    Sums and histograms of all KPI move in the same rows: panes are read once for them, and a question
    is planned in half the time that a query for each kind of formula takes.
    """
    rolling = [kpi for kpi in kpis.values() if kpi.rolling]
    distincts = [(kpi, f) for kpi in rolling if isinstance(f := kpi.formula, Distinct)]
    counted = [kpi for kpi in rolling if not isinstance(kpi.formula, Distinct)]
    moves = ([_moves(counted)] if counted else []) + ([_distinct_moves(distincts)] if distincts else [])
    return f"""    runs AS
    (
{_valued(rolling, moves)}
    )"""


def _moves(counted: Iterable[Kpi]) -> str:
    facts = f"""
SELECT
    subject, begins, part.kpi AS kpi, arraySum(arrayMap(place -> numbers[place], part.uppers)) AS upper,
    arraySum(arrayMap(place -> numbers[place], part.ns)) AS n, spreads[part.histogram] AS spread
FROM (SELECT {_PANE}, {NUMBERS} AS numbers, {SPREADS} AS spreads FROM {PANES} FINAL WHERE {IN_SPAN})
ARRAY JOIN {known_parts(counted)} AS part
WHERE upper != 0 OR n != 0 OR notEmpty(spread)"""
    return f"""
SELECT
    subject, kpi, move.1 AS window, move.2 AS at, move.3 * upper AS upper, move.3 * n AS n,
    toInt64(move.3) AS sign, spread
FROM ({with_midnight("subject, begins, kpi, upper, n, spread", facts)})
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
SELECT
    subject, kpi, window, move.1 AS at, toInt64(move.2) AS upper, toInt64(move.2) AS n,
    toInt64(1) AS sign, {_NO_HISTOGRAM} AS spread
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


def _valued(rolling: list[Kpi], moves: Iterable[str]) -> str:
    """SELECT of the runs with their values; of a quantile or service level from the histogram."""
    shared = [k.id for k in rolling if isinstance(k.formula, Quotient) and k.formula.shared]
    quantiles = [(kpi, f) for kpi in rolling if isinstance(f := kpi.formula, Quantile)]
    is_level = _among(kpi.id for kpi, _ in levels_among(rolling))
    is_quantile = _among(kpi.id for kpi, _ in quantiles)
    ids = ", ".join(f"'{kpi.id}'" for kpi, _ in quantiles) or "''"
    percents = ", ".join(str(formula.percent) for _, formula in quantiles) or "0"
    middle = quantile("histogram", f"transform(kpi, [{ids}], [{percents}], 0)")
    return f"""
SELECT
    {_RUN}, at, next,
    multiIf(n = 0, NULL, {is_level}, parts.1 / parts.2, {is_quantile}, {middle} / divisor,
        upper / (if({_among(shared)}, n, 1) * divisor)) AS value,
    n
FROM
(
    SELECT
        {_RUN}, at, next, histogram, upper, {level_parts("histogram")} AS parts, {divisor(rolling)} AS divisor,
        multiIf({is_level}, parts.2, {is_quantile}, {size("histogram")}, facts) AS n
    FROM ({levelled(_summed(moves), "subject")})
)"""


def _summed(moves: Iterable[str]) -> str:
    union = "\nUNION ALL\n".join(moves)
    return f"""
SELECT
    {_RUN}, at, sum(upper) {_OVER} AS upper, sum(n) {_OVER} AS facts, sumMap(histogram) {_OVER} AS histogram,
    {_NEXT} AS next
FROM
(
    SELECT {_RUN}, at, sum(upper) AS upper, sum(n) AS n,
        sumMap(mapApply((bucket, count) -> (bucket, count * sign), spread)) AS histogram
    FROM ({union})
    GROUP BY {_RUN}, at
)"""


def _among(ids: Iterable[str]) -> str:
    listed = ", ".join(f"'{id}'" for id in ids)
    return f"has([{listed}], kpi)"
