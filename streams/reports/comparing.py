"""Compares the calls of a report with the stored ones.

A call is recognised by its id; one without an id here or there by customer and start, within 5 s, or
at the same distance from a whole number of hours (a report in another time zone). What differs is
either explained by the meanings of the contract (a short abandon is no missed call), or it is not:
a call that one side lacks, another time, another end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from streams.reports.report import Reported

#: Starts may differ by so much, ms: the report rounds, clocks differ.
NEAR_MS = 5_000
_MINUTE, _HOUR = 60_000, 3_600_000
#: Time zones are at most so many hours apart.
_APART = 26


@dataclass(frozen=True, slots=True)
class Stored:
    """A call as view `calls` has it."""

    call_id: str
    customer: str
    direction: str  #: empty while its start is unknown
    at: int | None  #: start, else answer or end, ms
    outcome: str
    in_hours: bool | None
    excluded: str
    wait_s: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a call is here, and why it differs from the report, if it does."""

    reported: Reported | None
    stored: Stored | None
    bucket: str  #: for the sum: `missed in hours`, `short`, `missing here`, ...
    reason: str = ""  #: empty when it does not differ
    explained: bool = True  #: whether the meanings of the contract explain it


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every call of both sides, once."""

    reported: list[Judgement]  #: in the order of the report
    unreported: list[Judgement]  #: stored calls that the report should have and has not, by their start
    left_out: dict[str, int]  #: stored calls that such a report does not hold, and how many

    @property
    def differences(self) -> list[Judgement]:
        """Calls that differ, those of the report first."""
        return [each for each in (*self.reported, *self.unreported) if each.reason]

    @property
    def unexplained(self) -> int:
        """How many of them nothing explains."""
        return sum(not each.explained for each in self.differences)


def compare(report: Sequence[Reported], stored: Sequence[Stored], first: int, last: int) -> Comparison:
    """Calls of the report against stored ones.

    `stored` may reach further back and ahead; the report is to hold those that started at `first` to
    before `last` (ms).
    """
    pairs = _pairs(report, stored)
    paired = {id(call) for call in pairs.values()}
    judged = [_judge(reported, pairs.get(number)) for number, reported in enumerate(report)]
    rest = [
        call for call in stored if id(call) not in paired and call.at is not None and first <= call.at < last
    ]
    left_out: dict[str, int] = {}
    missing = []
    for call in sorted(rest, key=lambda each: each.at or 0):
        why = _not_of_this_report(report, call)
        if why:
            left_out[why] = left_out.get(why, 0) + 1
        else:
            missing.append(
                Judgement(None, call, bucket(call), f"{bucket(call)} here, not in the report", False)
            )
    return Comparison(judged, missing, left_out)


def bucket(call: Stored) -> str:
    """What a call is here, in a word or two."""
    if not call.direction:
        return "without a start"
    if call.direction == "internal" or call.excluded == "internal":
        return "internal"
    if call.excluded:
        return f"excluded ({call.excluded})"
    if call.direction == "out":
        return {"answered": "answered", "no_answer": "not answered"}.get(call.outcome, call.outcome)
    named = _NAMED.get(call.outcome, call.outcome.replace("_", " "))
    if call.outcome == "missed":
        return "missed in hours" if call.in_hours is not False else "missed off hours"
    return named if call.in_hours is not False or call.outcome == "answered" else f"{named} off hours"


_NAMED = {"short_abandon": "short", "ivr_only": "menu", "in_progress": "running", "unknown": "without an end"}


def _judge(reported: Reported, call: Stored | None) -> Judgement:
    word = f"{reported.word.lower()} in the report"
    if call is None:
        return Judgement(reported, None, "missing here", f"{word}, not here", explained=False)
    here = bucket(call)
    shift = _shift(reported, call)
    if shift and not _near(reported, shift):
        return Judgement(reported, call, here, _told_shift(reported, shift), explained=False)
    reason, explained = _class(reported, call)
    return Judgement(reported, call, here, f"{word}, {reason}" if reason else "", explained)


def _class(reported: Reported, call: Stored) -> tuple[str, bool]:
    """Why the class differs, and whether that is explained; empty when it does not."""
    if not call.direction:
        return "its start never came here: it is in no KPI", False
    if call.excluded or call.direction == "internal":
        return f"left out of the KPI here: {call.excluded or 'internal'}", True
    if call.outcome in ("in_progress", "unknown"):
        return "without an end here", False
    answered = call.outcome == "answered"
    if reported.answered and not answered:
        if reported.machine:
            return f"{bucket(call)} here: {reported.machine} picked up, nobody talked", True
        return f"{bucket(call)} here: no answer of a manager came", False
    if not reported.answered and answered:
        return "answered here", False
    if answered or call.direction == "out":
        return "", True
    return _unanswered(call)


def _unanswered(call: Stored) -> tuple[str, bool]:
    waited = "" if call.wait_s is None else f": waited {call.wait_s:g} s"
    if call.outcome == "short_abandon":
        return f"short abandon here{waited}", True
    if call.outcome == "ivr_only":
        return "ended in the menu here: it never waited for a person", True
    if call.outcome != "missed":
        return f"{call.outcome.replace('_', ' ')} here", True
    return ("missed outside working hours here", True) if call.in_hours is False else ("", True)


def _shift(reported: Reported, call: Stored) -> int:
    """Start here less start in the report, ms; 0 when one of them is unknown."""
    return 0 if reported.at is None or call.at is None or not call.direction else call.at - reported.at


def _near(reported: Reported, shift: int) -> bool:
    """Whether both may be one moment; whole minutes in the report are rounded down or to the nearest."""
    slack = _MINUTE if reported.whole_minutes else 0
    return -NEAR_MS - slack // 2 <= shift <= NEAR_MS + slack


def _told_shift(reported: Reported, shift: int) -> str:
    way = "later" if shift > 0 else "earlier"
    hours = round(shift / _HOUR)
    if hours and _near(reported, shift - hours * _HOUR):
        return f"started {abs(hours)} h {way} here: another time zone? see --zone; it may fall on another day"
    return f"started {abs(shift) / 1000:g} s {way} here"


def _pairs(report: Sequence[Reported], stored: Sequence[Stored]) -> dict[int, Stored]:
    """Number of a reported call -> the stored one."""
    by_id = {call.call_id: call for call in stored}
    pairs = {number: by_id[each.call_id] for number, each in enumerate(report) if each.call_id in by_id}
    taken = {id(call) for call in pairs.values()}
    left = [number for number in range(len(report)) if number not in pairs]
    for apart in (0, *(hours * sign for hours in range(1, _APART + 1) for sign in (1, -1))):
        for number, call in _closest(report, left, [c for c in stored if id(c) not in taken], apart * _HOUR):
            pairs[number] = call
            taken.add(id(call))
        left = [number for number in left if number not in pairs]
    return pairs


def _closest(
    report: Sequence[Reported], numbers: Iterable[int], stored: Sequence[Stored], apart: int
) -> list[tuple[int, Stored]]:
    """Calls of one customer `apart` from each other, the closest first, each in one pair."""
    of: dict[str, list[Stored]] = {}
    for call in stored:
        of.setdefault(call.customer, []).append(call)
    candidates = sorted(
        (abs(shift), number, place, call)
        for number in numbers
        if (each := report[number]).customer and each.at is not None
        for place, call in enumerate(of.get(each.customer, ()))
        if call.at is not None
        and not (each.direction and call.direction and each.direction != call.direction)
        and _near(each, shift := call.at - each.at - apart)
    )
    found: dict[int, Stored] = {}
    used: set[int] = set()
    for _, number, _, call in candidates:
        if number not in found and id(call) not in used:
            found[number] = call
            used.add(id(call))
    return list(found.items())


def _not_of_this_report(report: Sequence[Reported], call: Stored) -> str:
    """Why such a report does not hold a call, or empty: many are of missed or of inbound calls alone."""
    directions = {each.direction for each in report}
    if call.direction == "internal" and "internal" not in directions:
        return "internal: the report has none"
    if "" not in directions and call.direction and call.direction not in directions:
        return f"{call.direction}bound: the report has none"
    if call.outcome == "answered" and not any(each.answered for each in report):
        return "answered: the report has none"
    if call.outcome != "answered" and all(each.answered for each in report):
        return "not answered: the report has none"
    return ""
