"""Service level in SQL: raw counts of panes, the settings of a subject, and what they make of them.

Settings are read when a value is: whoever changes variant, T or S of a group changes its past too.
"""

from collections.abc import Iterable

from streams.directory_entries import GroupSettings
from streams.kpis.formulas import ServiceLevel
from streams.kpis.kpi import Kpi
from streams.kpis.levels import VARIANTS, Raw, Variant
from streams.kpis.sql_panes import column
from streams.kpis.sql_zoned import GROUPS
from streams.windows.seconds import LONGEST

_STANDARD = GroupSettings()
_KNOWN = ", ".join(f"'{name}'" for name in VARIANTS)
#: A raw map holds answered calls by the second of their wait, abandoned ones at this much more, and
#: calls that went to voicemail, which are abandoned and within no limit, at the last key.
_ABANDONED = 1024
_VOICEMAIL = 2 * _ABANDONED - 1

#: T and S of a level, in s.
_T, _S = "level.2", "level.3"
_RANGES: dict[Raw, tuple[int, str]] = {
    "answered": (0, str(_ABANDONED - 1)),
    "answered_in_t": (0, _T),
    "abandoned": (_ABANDONED, str(_VOICEMAIL)),
    "abandoned_in_t": (_ABANDONED, f"{_T} + {_ABANDONED}"),
    "abandoned_in_s": (_ABANDONED, f"{_S} + {_ABANDONED}"),
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


def level_lists() -> str:
    """Scalars that `level_of` reads: subjects, and before theirs the level of the directory."""
    standard = _level(f"'{_STANDARD.sl_variant}'", _STANDARD.answer_within_ms, _STANDARD.short_abandon_ms)
    own = _level(f"if(sl_variant IN ({_KNOWN}), sl_variant, '{_STANDARD.sl_variant}')")
    return f"""    (
        SELECT groupArray((concat('g:', `group`), {own}))
        FROM {GROUPS} FINAL
    ) AS known_levels,
    arrayMap(known -> known.1, known_levels) AS level_subjects,
    arrayMap(known -> known.2, known_levels) AS own_levels,
    arrayPushFront(own_levels, arrayPushBack(own_levels, {standard})
        [if(has(level_subjects, 'g:unassigned'), indexOf(level_subjects, 'g:unassigned'), -1)]) AS levels"""


def _level(
    variant: str, within: int | str = "answer_within_ms", short: int | str = "short_abandon_ms"
) -> str:
    """Tuple of variant, T and S in s."""
    seconds = ", ".join(f"toUInt16(least(intDiv({limit}, 1000), {LONGEST}))" for limit in (within, short))
    return f"(toString({variant}), {seconds})"


def level_of(subject: str) -> str:
    """Variant, T and S (s) of a subject such as `g:sales`; the directory's of all that is no listed group."""
    return f"levels[indexOf(level_subjects, toString({subject})) + 1]"


def level_parts(counts: str) -> str:
    """Tuple of numerator and denominator: a map of raw counts reckoned by what stands in `level`."""
    *others, last = VARIANTS.items()
    cases = "".join(f"level.1 = '{name}', {_parts(variant, counts)}, " for name, variant in others)
    return f"multiIf({cases}{_parts(last[1], counts)})"


def _parts(variant: Variant, counts: str) -> str:
    lower = " + ".join(_number(raw, counts) for raw in variant.lower)
    less = "".join(f" - {_number(raw, counts)}" for raw in variant.less)
    upper = " + ".join(_number(raw, counts) for raw in variant.upper)
    return f"(toInt64({upper}), toInt64({lower}{less}))"


def _number(raw: Raw, counts: str) -> str:
    first, last = _RANGES[raw]
    return f"arraySum(mapValues(mapFilter((key, count) -> key BETWEEN {first} AND {last}, {counts})))"


def level_param() -> str:
    """What stands in `level`, for people: `SL6 T=20 s S=5 s`."""
    short = ", ".join(f"'{name}'" for name, variant in VARIANTS.items() if variant.short)
    return (
        f"concat(level.1, ' T=', toString({_T}), ' s', "
        f"if(level.1 IN ({short}), concat(' S=', toString({_S}), ' s'), ''))"
    )
