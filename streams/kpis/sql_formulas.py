"""Formulas in SQL, over the columns of `kpi_minutes` after they have been summed.

Counts and sums are added with `sum`, histograms and sets with `sumMap`, which sorts its keys.
"""

from collections.abc import Iterable

from streams.kpis.formulas import Distinct, FromRecords, NowFormula, Quotient, ServiceLevel, Term
from streams.kpis.kpi import Kpi
from streams.kpis.sql_levels import level_parts, raw_counts
from streams.kpis.sql_panes import column, pane_columns


def summed_columns() -> str:
    """Select list that sums all columns of panes under their own names."""
    return ",\n    ".join(
        f"{'sumMap' if kind.startswith('Map') else 'sum'}({name}) AS {name}" for name, kind in pane_columns()
    )


def value_and_n(kpi: Kpi) -> tuple[str, str]:
    """Expressions of a KPI's value (null without facts) and n. Raises TypeError for what is not in panes.

    That of a service level reads column `level` (`sql_levels.levelled`).
    """
    formula = kpi.formula
    if isinstance(formula, NowFormula | FromRecords):
        raise TypeError(f"{kpi.id} has no panes")
    if isinstance(formula, Quotient):
        n = term(formula.n)
        below = f"({n}) * {kpi.divisor}" if formula.shared else str(kpi.divisor)
        return f"if({n} = 0, NULL, ({term(formula.upper)}) / ({below}))", n
    if isinstance(formula, Distinct):
        n = f"length({column(formula.name, 'set')})"
        return f"if({n} = 0, NULL, toFloat64({n}))", n
    if isinstance(formula, ServiceLevel):
        parts = level_parts(raw_counts(formula))
        return f"if({parts}.2 = 0, NULL, {parts}.1 / {parts}.2)", f"{parts}.2"
    histogram = column(formula.name, "hist")
    n = size(histogram)
    return f"if({n} = 0, NULL, {quantile(histogram, str(formula.percent))} / {kpi.divisor})", n


def term(term: Term) -> str:
    """A term over pane columns."""
    part = "n" if term.of == "count" else "sum"
    return " + ".join(column(name, part) for name in term.names)


def size(histogram: str) -> str:
    """How many values a histogram holds."""
    return f"arraySum(mapValues({histogram}))"


def quantile(histogram: str, percent: str) -> str:
    """`streams.windows.histogram.quantile` of a non-empty map with sorted keys."""
    rank = f"greatest(1, intDiv({size(histogram)} * {percent} + 99, 100))"
    reached = f"arrayCumSum(mapValues({histogram}))"
    found = f"mapKeys({histogram})[arrayFirstIndex(count -> count >= {rank}, {reached})]"
    return representative(found)


def representative(bucket: str) -> str:
    """`streams.windows.histogram.representative`."""
    shift = "greatest(intDiv(b, 16), 1) - 1"
    middle = f"bitShiftLeft(toInt64(16 + b % 16), {shift}) + intDiv(bitShiftLeft(toInt64(1), {shift}), 2)"
    return f"arrayMap(b -> if(b < 32, toInt64(b), {middle}), [{bucket}])[1]"


def divisor(kpis: Iterable[Kpi]) -> str:
    """By how much the value of the KPI in column `kpi` is divided to be in its unit."""
    by_divisor: dict[int, list[str]] = {}
    for kpi in kpis:
        if kpi.divisor != 1:
            by_divisor.setdefault(kpi.divisor, []).append(f"'{kpi.id}'")
    cases = [f"has([{', '.join(ids)}], kpi), {number}" for number, ids in sorted(by_divisor.items())]
    return f"multiIf({', '.join(cases)}, 1)" if cases else "1"
