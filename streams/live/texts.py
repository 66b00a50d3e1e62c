"""Figures as people read them."""

from collections.abc import Sequence
from datetime import datetime

_BARS = " ▁▂▃▄▅▆▇█"
_MINUTE = 60
_HOUR = 60 * _MINUTE
_SHORT = 10  #: seconds that are told with a decimal
NONE = "–"


def count(value: float | None) -> str:
    """A count, or a dash."""
    return NONE if value is None else f"{value:,.0f}".replace(",", " ")


def share(value: float | None) -> str:
    """A share as per cent, or a dash."""
    return NONE if value is None else f"{value:.0%}".replace("%", " %")


def seconds(value: float | None) -> str:
    """A short time with one decimal, a longer one as m:ss or h:mm:ss, or a dash."""
    if value is None:
        return NONE
    if value < _SHORT:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < _MINUTE:
        return f"{whole} s"
    hours, rest = divmod(whole, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def sparkline(counts: Sequence[int]) -> str:
    """One bar for each count, the highest one full; a blank for none."""
    highest = max(counts, default=0)
    if highest <= 0:
        return " " * len(counts)
    last = len(_BARS) - 1
    return "".join(_BARS[-(-each * last // highest) if each > 0 else 0] for each in counts)


def age(since: datetime | None, now: datetime) -> float | None:
    """Seconds that have passed, never negative."""
    return None if since is None else max(0.0, (now - since).total_seconds())


def clock(at: datetime | None) -> str:
    """Time of day where the view runs, or a dash."""
    return NONE if at is None else f"{at.astimezone():%H:%M:%S}"
