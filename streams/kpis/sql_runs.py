"""Runs: a window's sums from one change to the next.

A pane at minute p joins window W at p and leaves it at p + W (`today`: at the next local midnight).
These changes, added up in the order of time, give the sums. A tag of a set leaves when it is seen
again, if that is earlier, so that it counts once.
"""

from collections.abc import Iterable, Mapping

from streams.kpis.formulas import Distinct, Quantile, Quotient
from streams.kpis.kpi import Kpi
from streams.kpis.sql_day_counts import known_parts
from streams.kpis.sql_formulas import divisor, quantile, size
from streams.kpis.sql_levels import level_parts, levelled, levels_among
from streams.kpis.sql_pane_arrays import NUMBERS, SETS, SPREADS, set_places
from streams.kpis.sql_panes import PANES
from streams.kpis.sql_zoned import IN_SPAN, with_midnight
from streams.windows.rolling import SLIDING, TODAY

#: The moments at which a fact joins and leaves a window; `begins` is its pane's minute, `again` when the
#: same tag is seen next.
_ENDS = [(name, f"begins + {60 * length}") for name, length in SLIDING.items()] + [(TODAY, "midnight")]
_MOVES = (
    "["
    + ", ".join(
        f"('{name}', begins, 1), ('{name}', least(toUInt32({end}), again), -1)" for name, end in _ENDS
    )
    + "]"
)
_NEVER = "toUInt32(4294967295)"

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

    Sums, histograms and sets of all KPI move in the same rows: each question plans the zones, the days and
    the moves once, which is most of its time.
    """
    rolling = [kpi for kpi in kpis.values() if kpi.rolling]
    distincts = [(kpi, f) for kpi in rolling if isinstance(f := kpi.formula, Distinct)]
    counted = [kpi for kpi in rolling if not isinstance(kpi.formula, Distinct)]
    facts = ([_counted(counted)] if counted else []) + ([_seen_once(distincts)] if distincts else [])
    return f"""    runs AS
    (
{_valued(rolling, _moves("UNION ALL".join(facts)))}
    )"""


def _moves(facts: str) -> str:
    return f"""
SELECT
    subject, kpi, move.1 AS window, move.2 AS at, move.3 * upper AS upper, move.3 * n AS n,
    toInt64(move.3) AS sign, spread
FROM ({with_midnight("subject, begins, again, kpi, upper, n, spread", facts)})
ARRAY JOIN {_MOVES} AS move"""


def _counted(counted: Iterable[Kpi]) -> str:
    """What panes count: subject, begins, again, kpi, upper, n, spread."""
    return f"""
SELECT
    subject, begins, {_NEVER} AS again, part.kpi AS kpi,
    arraySum(arrayMap(place -> {NUMBERS}[place], part.uppers)) AS upper,
    arraySum(arrayMap(place -> {NUMBERS}[place], part.ns)) AS n, {SPREADS}[part.histogram] AS spread
FROM (SELECT {_PANE}, {NUMBERS}, {SPREADS} FROM {PANES} FINAL WHERE {IN_SPAN})
ARRAY JOIN {known_parts(counted)} AS part
WHERE upper != 0 OR n != 0 OR notEmpty(spread)
"""


def _seen_once(distincts: Iterable[tuple[Kpi, Distinct]]) -> str:
    """The same of sets: each tag counts from where it is seen to where it is seen again."""
    places = set_places((kpi.id, formula.name) for kpi, formula in distincts)
    return f"""
SELECT
    subject, begins, leadInFrame(begins, 1, {_NEVER}) OVER (PARTITION BY subject, kpi, tag
        ORDER BY begins ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS again,
    kpi, toInt64(1) AS upper, toInt64(1) AS n, {_NO_HISTOGRAM} AS spread
FROM
(
    SELECT {_PANE}, toString(part.1) AS kpi, arrayJoin({SETS}[part.2]) AS tag
    FROM {PANES} FINAL
    ARRAY JOIN {places} AS part
    WHERE {IN_SPAN}
)
"""


def _valued(rolling: list[Kpi], moves: str) -> str:
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


def _summed(moves: str) -> str:
    return f"""
SELECT
    {_RUN}, at, sum(upper) {_OVER} AS upper, sum(n) {_OVER} AS facts, sumMap(histogram) {_OVER} AS histogram,
    {_NEXT} AS next
FROM
(
    SELECT {_RUN}, at, sum(upper) AS upper, sum(n) AS n,
        sumMap(mapApply((bucket, count) -> (bucket, count * sign), spread)) AS histogram
    FROM ({moves})
    GROUP BY {_RUN}, at
)"""


def _among(ids: Iterable[str]) -> str:
    listed = ", ".join(f"'{id}'" for id in ids)
    return f"has([{listed}], kpi)"
