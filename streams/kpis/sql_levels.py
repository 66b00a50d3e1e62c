"""Service level in SQL: raw counts of panes, the settings of a subject, and what they make of them.

Settings are read when a value is: whoever changes variant, T or S of a group changes its past too.
"""

from collections.abc import Iterable

from streams.directory_entries import GroupSettings
from streams.kpis.formulas import ServiceLevel
from streams.kpis.kpi import Kpi
from streams.kpis.levels import VARIANTS, Raw
from streams.kpis.sql_days import GROUPS
from streams.kpis.sql_panes import column
from streams.windows.seconds import LONGEST

_STANDARD = GroupSettings()
_KNOWN = ", ".join(f"'{name}'" for name in VARIANTS)
#: A raw map holds answered calls by the second of their wait, abandoned ones at this much more, and
#: calls that went to voicemail, which are abandoned and within no limit, at the last key.
_ABANDONED = 1024
_VOICEMAIL = 2 * _ABANDONED - 1

#: T and S of a level, in s.
_T, _S = "level.2", "level.3"
#: Ranges of keys, in the order in which the weights of a variant speak of them.
_RANGES: dict[Raw, str] = {
    "answered": f"(0, {_ABANDONED - 1})",
    "answered_in_t": f"(0, {_T})",
    "abandoned": f"({_ABANDONED}, {_VOICEMAIL})",
    "abandoned_in_t": f"({_ABANDONED}, {_ABANDONED} + {_T})",
    "abandoned_in_s": f"({_ABANDONED}, {_ABANDONED} + {_S})",
}


def levels_among(kpis: Iterable[Kpi]) -> list[tuple[Kpi, ServiceLevel]]:
    """The KPI that are service levels."""
    return [(kpi, formula) for kpi in kpis if isinstance(formula := kpi.formula, ServiceLevel)]


def raw_counts(formula: ServiceLevel) -> str:
    """Map(UInt16, Int64) of raw counts over the columns of panes; maps of several panes add up."""
    answered, abandoned = column(formula.answered, "hist"), column(formula.abandoned, "hist")
    voicemail = column(formula.voicemail, "n")
    return (
        f"mapConcat({answered}, "
        f"mapApply((second, count) -> (toUInt16(second + {_ABANDONED}), count), {abandoned}), "
        f"mapFilter((second, count) -> count != 0, map(toUInt16({_VOICEMAIL}), toInt64({voicemail}))))"
    )


def known_levels() -> str:
    """Scalars that `levelled` reads: subjects such as `g:sales`, and their levels after the directory's own."""
    standard = _level(f"'{_STANDARD.sl_variant}'", _STANDARD.answer_within_ms, _STANDARD.short_abandon_ms)
    return f"""    assumeNotNull((SELECT groupArray((concat('g:', `group`), {_OWN})) FROM {GROUPS} FINAL)) AS known_levels,
    arrayMap(known -> known.1, known_levels) AS levelled_subjects,
    arrayMap(known -> known.2, known_levels) AS levels_of_subjects,
    arrayPushFront(levels_of_subjects, if(has(levelled_subjects, 'g:unassigned'),
        levels_of_subjects[indexOf(levelled_subjects, 'g:unassigned')], {standard})) AS levels"""


def levelled(rows: str, subject: str) -> str:
    """SELECT of rows with `level`: variant, T and S (s) of a subject such as `g:sales`.

    It is the directory's of all that is no listed group. Levels of groups are looked up in a scalar: a join
    would take longer to plan than all the rest of the level.
    """
    return f"""SELECT rows.*, levels[indexOf(levelled_subjects, rows.{subject}) + 1] AS level
FROM ({rows}) AS rows"""


def _level(
    variant: str, within: int | str = "answer_within_ms", short: int | str = "short_abandon_ms"
) -> str:
    """Tuple of variant, T and S in s."""
    seconds = ", ".join(f"toUInt16(least(intDiv({limit}, 1000), {LONGEST}))" for limit in (within, short))
    return f"(toString({variant}), {seconds})"


#: Level of a row of the groups.
_OWN = _level(f"if(sl_variant IN ({_KNOWN}), sl_variant, '{_STANDARD.sl_variant}')")


def level_parts(counts: str) -> str:
    """Tuple of numerator and denominator: a map of raw counts reckoned by what stands in `level`."""
    held = f"mapFilter((key, count) -> key BETWEEN range.1 AND range.2, {counts})"
    numbers = f"arrayMap(range -> arraySum(mapValues({held})), [{', '.join(_RANGES.values())}])"
    upper = [[variant.upper.count(raw) for raw in _RANGES] for variant in VARIANTS.values()]
    lower = [
        [variant.lower.count(raw) - variant.less.count(raw) for raw in _RANGES]
        for variant in VARIANTS.values()
    ]
    return f"({_weighed(upper, numbers)}, {_weighed(lower, numbers)})"


def _weighed(weights: list[list[int]], numbers: str) -> str:
    """Sum of the numbers, each as often as the variant in `level` says."""
    return (
        f"arrayDotProduct(CAST('{weights}', 'Array(Array(Int64))')[indexOf([{_KNOWN}], level.1)], {numbers})"
    )


def level_param() -> str:
    """What stands in `level`, for people: `SL6 T=20 s S=5 s`."""
    short = ", ".join(f"'{name}'" for name, variant in VARIANTS.items() if variant.short)
    return (
        f"concat(level.1, ' T=', toString({_T}), ' s', "
        f"if(level.1 IN ({short}), concat(' S=', toString({_S}), ' s'), ''))"
    )
