"""A comparison in lines for people: every difference, then what the numbers of the report are made of."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from streams.reports.comparing import Comparison, Judgement

#: Order of the parts of a sum; what is not named here follows.
_FIRST = ("answered", "missed in hours", "not answered", "short", "menu", "missed off hours")


def lines_of(comparison: Comparison, zone: ZoneInfo) -> Iterator[str]:
    """The lines, in order; times are of the report's zone."""
    for judged in comparison.differences:
        yield f"{_call(judged, zone)}  {judged.reason}{'' if judged.explained else '  [not explained]'}"
    if comparison.differences:
        yield ""
    for answered, name in ((False, "not answered"), (True, "answered")):
        buckets = Counter(
            each.bucket
            for each in comparison.reported
            if each.reported and each.reported.answered == answered
        )
        if buckets:
            yield f"{buckets.total()} {name} in the report = {_sum(buckets)}"
    if comparison.unreported:
        yield f"{len(comparison.unreported)} here and not in the report: " + _sum(
            Counter(each.bucket for each in comparison.unreported)
        )
    for why, count in sorted(comparison.left_out.items()):
        yield f"{count} here were not looked for: {why}"
    told = len(comparison.differences)
    yield f"{told} differ, {comparison.unexplained} of them not explained" if told else "no difference"


def _sum(buckets: Counter[str]) -> str:
    order = sorted(buckets, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    return " + ".join(f"{buckets[name]} {name}" for name in order)


def _call(judged: Judgement, zone: ZoneInfo) -> str:
    reported, stored = judged.reported, judged.stored
    at = reported.at if reported is not None else None
    if at is None and stored is not None:
        at = stored.at
    when = (
        f"{datetime.fromtimestamp(at / 1000, UTC).astimezone(zone):%Y-%m-%d %H:%M:%S}"
        if at is not None
        else "?"
    )
    line = f"line {reported.line}" if reported is not None else "not in it"
    id = (reported.call_id if reported is not None else "") or (stored.call_id if stored is not None else "")
    return f"{when}  {line:<10}  {id or 'without an id'}"
