"""The kinds of formula that a KPI can have, over named measurements.

A value always comes with its n, the number of facts that it rests on. Without facts the value is
None and n is 0: an empty window is no 0 %, no 100 % and no 0 s. All but the formulas of what is open
now, and of records, are quotients of whole numbers (`Quotient`, `ServiceLevel`), a histogram or a
set; `streams.kpis.sql` writes the same in SQL.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from streams.kpis.levels import VARIANTS, LevelSettings, Raw
from streams.windows import seconds
from streams.windows.histogram import quantile, size

Value = tuple[float | None, int]
#: Working time of a group between two moments: (group, since, now) -> ms.
WorkingAge = Callable[[str, int, int], int]


class WindowTotals(Protocol):
    """Sums of a window; `streams.windows.totals.Totals` is one."""

    def count(self, name: str) -> int: ...
    def total(self, name: str) -> int: ...
    def histogram(self, name: str) -> Mapping[int, int]: ...
    def distinct(self, name: str) -> int: ...


class OpenNow(Protocol):
    """What is open now; `streams.windows.items.OpenItems` is one."""

    def count(self, name: str) -> int: ...
    def begun(self, name: str, now: int) -> int:
        """How many have begun at a moment; of those that are known before their time."""
        ...

    def oldest(self, name: str) -> Iterable[tuple[str, int]]:
        """By group: the start of its oldest open item."""
        ...


@dataclass(frozen=True, slots=True)
class Term:
    """Counts or totals of measurements, added up."""

    names: tuple[str, ...]
    of: Literal["count", "total"] = "count"

    def value(self, totals: WindowTotals) -> int:
        """The sum over a window."""
        read = totals.count if self.of == "count" else totals.total
        return sum(read(name) for name in self.names)


@dataclass(frozen=True, slots=True)
class Quotient:
    """`upper`, or with `shared` `upper` divided by n; n is the term `n`."""

    upper: Term
    n: Term
    shared: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The measurements it reads, each once."""
        return tuple(dict.fromkeys(self.upper.names + self.n.names))

    def evaluate(self, totals: WindowTotals, divisor: int) -> Value:
        """Value over a window; `divisor` turns the unit inside (ms) into the one outside (s)."""
        n = self.n.value(totals)
        if not n:
            return None, 0
        return self.upper.value(totals) / ((n if self.shared else 1) * divisor), n


def Count(*names: str) -> Quotient:  # noqa: N802 - reads as one of the kinds
    """How many facts; of several measurements together."""
    return Quotient(Term(names), Term(names))


def Sum(name: str) -> Quotient:  # noqa: N802
    """Sum of the facts' values; n is how many facts."""
    return Quotient(Term((name,), "total"), Term((name,)))


def Ratio(part: str, *others: str, of: tuple[str, ...] = ()) -> Quotient:  # noqa: N802
    """Share of `part` in itself and `others`, or in `of`, which then contains it; n is the whole."""
    return Quotient(Term((part,)), Term(of or (part, *others)), shared=True)


def Mean(name: str) -> Quotient:  # noqa: N802
    """Mean of the facts' values, each fact weighing the same."""
    return Quotient(Term((name,), "total"), Term((name,)), shared=True)


@dataclass(frozen=True, slots=True)
class Quantile:
    """Value at nearest rank (`windows.histogram.quantile`), within 3.2 %."""

    name: str
    percent: int

    @property
    def names(self) -> tuple[str, ...]:
        """The measurement it reads."""
        return (self.name,)

    def evaluate(self, totals: WindowTotals, divisor: int) -> Value:
        """Value over a window."""
        histogram = totals.histogram(self.name)
        found = quantile(histogram, self.percent)
        return (None, 0) if found is None else (found / divisor, size(histogram))


def Maximum(name: str) -> Quantile:  # noqa: N802
    """Greatest value, within 3.2 %: maxima cannot be taken back, histograms can."""
    return Quantile(name, 100)


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different customers; n is the same."""

    name: str

    @property
    def names(self) -> tuple[str, ...]:
        """The measurement it reads."""
        return (self.name,)

    def evaluate(self, totals: WindowTotals, divisor: int) -> Value:
        """Value over a window."""
        n = totals.distinct(self.name)
        return (n / divisor, n) if n else (None, 0)


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """Service level by the subject's own variant and limits (`levels`); n is its denominator.

    `answered` and `abandoned` are waits in exact seconds, `voicemail` counts.
    """

    answered: str
    abandoned: str
    voicemail: str

    @property
    def names(self) -> tuple[str, ...]:
        """The measurements it reads."""
        return (self.answered, self.abandoned, self.voicemail)

    def evaluate(self, totals: WindowTotals, settings: LevelSettings) -> Value:
        """Value over a window."""
        upper, n = VARIANTS[settings.sl_variant].parts(self._raw(totals, settings))
        return (upper / n, n) if n else (None, 0)

    def _raw(self, totals: WindowTotals, settings: LevelSettings) -> dict[Raw, int]:
        answered, abandoned = totals.histogram(self.answered), totals.histogram(self.abandoned)
        t, s = seconds.limit(settings.answer_within_ms), seconds.limit(settings.short_abandon_ms)
        return {
            "answered": size(answered),
            "answered_in_t": seconds.within(answered, t),
            "abandoned": size(abandoned) + totals.count(self.voicemail),
            "abandoned_in_t": seconds.within(abandoned, t),
            "abandoned_in_s": seconds.within(abandoned, s),
        }


@dataclass(frozen=True, slots=True)
class OpenCount:
    """How many items are open now. None open is a known state: the value is then 0, not None."""

    name: str

    def evaluate_now(self, items: OpenNow, _now: int, _working_age: WorkingAge) -> Value:
        """Value now, whenever that is."""
        n = items.count(self.name)
        return float(n), n


@dataclass(frozen=True, slots=True)
class OpenAge:
    """Age in seconds of the oldest item open now, None without one; n is how many are open.

    On the working clock of the item's group, or the calendar's where people wait on the line.
    """

    name: str
    clock: Literal["working", "calendar"] = "working"

    def evaluate_now(self, items: OpenNow, now: int, working_age: WorkingAge) -> Value:
        """Value at `now`; an item dated after `now` has age 0."""
        working = self.clock == "working"
        ages = [
            working_age(group, since, now) if working else now - since
            for group, since in items.oldest(self.name)
        ]
        return (max(0, *ages) / 1000, items.count(self.name)) if ages else (None, 0)


@dataclass(frozen=True, slots=True)
class OpenDue:
    """How many items have begun by now, of those known before their time, such as stalled deals.

    `among` names the items that could ever be due: without one of them the value is None, for then
    nothing is known to be in time either; n is how many there are.
    """

    name: str
    among: str = ""

    def evaluate_now(self, items: OpenNow, now: int, _working_age: WorkingAge) -> Value:
        """Value at `now` (ms)."""
        due = items.begun(self.name, now)
        if not self.among:
            return float(due), due
        n = items.count(self.among)
        return (float(due), n) if n else (None, 0)


@dataclass(frozen=True, slots=True)
class FromRecords:
    """Computed by ClickHouse from the records, by what `streams.kpis.sql_records` says of the KPI's id.

    A `count`, a `share` or a `median` has days and periods alone; a `state` is what holds now and at the
    end of a day. The live windows know none of them, so no rule can watch them.
    """

    shape: Literal["count", "share", "median", "state"]


WindowFormula = Quotient | Quantile | Distinct | ServiceLevel
NowFormula = OpenCount | OpenAge | OpenDue
Formula = WindowFormula | NowFormula | FromRecords
