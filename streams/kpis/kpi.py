"""A KPI: one declaration from which the live value, the SQL, panels, rules and tables follow."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from streams.directory_entries import GroupSettings
from streams.kpis.formulas import (
    Formula,
    FromRecords,
    NowFormula,
    OpenNow,
    Quotient,
    ServiceLevel,
    Value,
    WindowFormula,
    WindowTotals,
    WorkingAge,
)
from streams.kpis.levels import LevelSettings
from streams.kpis.measurements import MEASUREMENTS, Kind

Unit = Literal["count", "s", "share", "money", "score"]
Direction = Literal["up", "down", "neutral"]
#: What a source of events must provide for a KPI to mean anything.
Input = Literal[
    "inbound",
    "offers",
    "outbound",
    "leads",
    "deals",
    "proposals",
    "tasks",
    "meetings",
    "ratings",
    "complaints",
    "status",
]
INPUTS: tuple[Input, ...] = get_args(Input)

ROLLING = ("5m", "15m", "30m", "1h", "today")
NOW = ("now",)
#: Name of a subject's kind by the letter that its id starts with.
SUBJECT_KINDS = {"m": "manager", "g": "group", "a": "all"}

_READS: dict[str, tuple[Kind, ...]] = {
    "count": ("n", "sum", "hist", "seconds"),
    "total": ("sum", "hist", "seconds"),
    "Quantile": ("hist",),
    "ServiceLevel": ("seconds",),
    "Distinct": ("set",),
    "OpenCount": ("item",),
    "OpenAge": ("item",),
    "OpenDue": ("item",),
}
#: What holds where a directory says nothing.
_STANDARD = GroupSettings()
#: By how much a value inside is divided to be in the KPI's unit: ms, hundredths, thousandths.
_DIVISORS = {"s": 1000, "money": 100, "score": 1000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """What is measured, for whom, how, and how to read it."""

    id: str
    title: str
    unit: Unit  #: of the value: seconds, a share of 1, company currency, a score of 5, or a plain number
    good: Direction  #: which direction is good
    subjects: str  #: letters of the kinds of subject it exists for: m, g, a
    formula: Formula
    needs: frozenset[Input]
    personal: bool  #: within the person's own power; others are refused on managers
    windows: tuple[str, ...] = ROLLING
    min_n: int = 1  #: below this n the value is no basis for comparing or alarming
    help: str  #: definition with its source

    @property
    def divisor(self) -> int:
        """Turns the unit of the measurements (ms, minor units, thousandths) into that of the KPI."""
        return _DIVISORS.get(self.unit, 1)

    @property
    def rolling(self) -> bool:
        """Whether it is counted in panes, and so has windows that roll."""
        return isinstance(self.formula, WindowFormula)

    @property
    def live(self) -> bool:
        """Whether the worker knows its value at every moment."""
        return not isinstance(self.formula, FromRecords)

    def concerns(self, subject: str) -> bool:
        """Whether it exists for a subject such as `g:sales`."""
        return subject[0] in self.subjects


def registry(declared: Iterable[Kpi]) -> dict[str, Kpi]:
    """Declarations by id. Raises ValueError for one that cannot be evaluated."""
    found: dict[str, Kpi] = {}
    for kpi in declared:
        if kpi.id in found:
            raise ValueError(f"KPI {kpi.id} is declared twice")
        _check(kpi)
        found[kpi.id] = kpi
    return found


def _check(kpi: Kpi) -> None:
    if not kpi.subjects or set(kpi.subjects) - set(SUBJECT_KINDS):
        raise ValueError(f"KPI {kpi.id}: subjects are letters of m, g, a")
    allowed = _windows(kpi.formula)
    if bool(kpi.windows) != bool(allowed) or not set(kpi.windows) <= set(allowed):
        raise ValueError(f"KPI {kpi.id}: windows are of {allowed}")
    for name, reading in readings(kpi.formula):
        measurement = MEASUREMENTS.get(name)
        if measurement is None or measurement.kind not in _READS[reading]:
            raise ValueError(f"KPI {kpi.id}: no measurement {name} for {reading}")
        values = reading in ("total", "Quantile", "OpenAge")
        if values and (measurement.unit == "ms") != (kpi.unit == "s"):
            raise ValueError(f"KPI {kpi.id}: unit {kpi.unit} from {name} in {measurement.unit}")


def _windows(formula: Formula) -> tuple[str, ...]:
    """The windows that a formula can have."""
    if isinstance(formula, FromRecords):
        return NOW if formula.shape == "state" else ()
    return NOW if isinstance(formula, NowFormula) else ROLLING


def readings(formula: Formula) -> list[tuple[str, str]]:
    """Each measurement that a formula reads, with what it reads of it."""
    if isinstance(formula, FromRecords):
        return []
    if isinstance(formula, ServiceLevel):
        waits = [(name, "ServiceLevel") for name in (formula.answered, formula.abandoned)]
        return [*waits, (formula.voicemail, "count")]
    if not isinstance(formula, Quotient):
        return [(formula.name, type(formula).__name__)]
    return [(name, term.of) for term in (formula.upper, formula.n) for name in term.names]


def evaluate(
    kpi: Kpi,
    totals: WindowTotals,
    items: OpenNow,
    now: int,
    working_age: WorkingAge,
    settings: LevelSettings = _STANDARD,
) -> Value:
    """Live value and n of a KPI of one subject.

    `totals` are those of the window at hand (not read for KPI of the window `now`), `items` what is
    open for the subject; `working_age(group, since, now)` is working time in ms. `settings` are the
    subject's: of a group its own, of the whole centre those of the directory. Raises TypeError for a
    KPI that is not live.
    """
    if isinstance(kpi.formula, NowFormula):
        return evaluate_now(kpi, items, now, working_age)
    return evaluate_window(kpi, totals, settings)


def evaluate_now(kpi: Kpi, items: OpenNow, now: int, working_age: WorkingAge) -> Value:
    """Value and n of a KPI of what is open; see `evaluate`."""
    formula = kpi.formula
    if not isinstance(formula, NowFormula):
        raise TypeError(f"{kpi.id} is not about what is open now")
    return formula.evaluate_now(items, now, working_age)


def evaluate_window(kpi: Kpi, totals: WindowTotals, settings: LevelSettings = _STANDARD) -> Value:
    """Value and n of a KPI of a window; see `evaluate`."""
    formula = kpi.formula
    if isinstance(formula, Quotient):
        return formula.evaluate(totals, kpi.divisor)
    if isinstance(formula, ServiceLevel):
        return formula.evaluate(totals, settings)
    if isinstance(formula, FromRecords | NowFormula):
        raise TypeError(f"{kpi.id} is computed from records or of what is open: no window has it")
    return formula.evaluate(totals, kpi.divisor)
