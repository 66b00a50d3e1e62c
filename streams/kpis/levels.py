"""The six ways in which service level is reckoned, over raw counts, in whole numbers.

They differ in what becomes of callers who gave up: abandoned within T, or within S, the limit of a
short abandon. A call that went to voicemail was not given up by its caller: it counts as abandoned
and never as within a limit, so the default is answered within T / (answered + missed).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

#: in_t: answered within T; in_s: given up within S.
Raw = Literal["answered", "answered_in_t", "abandoned", "abandoned_in_t", "abandoned_in_s"]


@dataclass(frozen=True, slots=True)
class Variant:
    """`upper` / (`lower` - `less`), each the sum of raw counts."""

    upper: tuple[Raw, ...]
    lower: tuple[Raw, ...]
    less: tuple[Raw, ...] = ()

    @property
    def short(self) -> bool:
        """Whether S has a part in it."""
        return "abandoned_in_s" in self.upper + self.less

    def parts(self, raw: Mapping[Raw, int]) -> tuple[int, int]:
        """Numerator and denominator."""
        upper = sum(raw[name] for name in self.upper)
        return upper, sum(raw[name] for name in self.lower) - sum(raw[name] for name in self.less)


_ALL: tuple[Raw, ...] = ("answered", "abandoned")

VARIANTS: dict[str, Variant] = {
    "SL1": Variant(("answered_in_t", "abandoned_in_t"), _ALL),
    "SL2": Variant(("answered_in_t",), ("answered",)),
    "SL3": Variant(("answered_in_t",), _ALL),
    "SL4": Variant(("answered_in_t",), _ALL, less=("abandoned_in_t",)),
    "SL5": Variant(("answered_in_t", "abandoned_in_s"), _ALL),
    "SL6": Variant(("answered_in_t",), _ALL, less=("abandoned_in_s",)),
}


class LevelSettings(Protocol):
    """A subject's settings; `streams.directory_entries.GroupSettings` are some."""

    @property
    def sl_variant(self) -> str:
        """One of `VARIANTS`."""
        ...

    @property
    def answer_within_ms(self) -> int:
        """T, a whole number of seconds."""
        ...

    @property
    def short_abandon_ms(self) -> int:
        """S, a whole number of seconds."""
        ...
