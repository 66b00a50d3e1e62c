"""A call as a report tells it, and how the words and times of reports are read."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

#: Number as it is written in the report -> what stands for the customer here; empty when that is nobody.
Customers = Callable[[str], str]

ANSWERED, MISSED = "answered", "missed"
#: Words of reports, in lower case.
WORDS = {
    **dict.fromkeys(
        "answered answer success successful completed accepted ok принят принятый отвечен отвечено "
        "отвеченный успешный успешно состоялся состоявшийся".split(),
        ANSWERED,
    ),
    **dict.fromkeys(
        (
            "missed",
            "no answer",
            "no_answer",
            "noanswer",
            "not answered",
            "unanswered",
            "abandoned",
            "abandon",
        ),
        MISSED,
    ),
    **dict.fromkeys(("lost", "cancel", "canceled", "cancelled", "busy", "failed", "congestion"), MISSED),
    **dict.fromkeys(
        "пропущен пропущенный пропущено неотвеченный неотвечен потерян потерянный".split(), MISSED
    ),
    **dict.fromkeys(("не отвечен", "не отвечено", "не принят", "нет ответа", "занято", "отменен"), MISSED),
}
DIRECTIONS = {
    **dict.fromkeys(("in", "inbound", "incoming", "входящий", "входящие", "вх"), "in"),
    **dict.fromkeys(("out", "outbound", "outgoing", "исходящий", "исходящие", "исх"), "out"),
    **dict.fromkeys(("internal", "local", "внутренний", "внутренние"), "internal"),
}

_FORMS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")
_EPOCH = re.compile(r"([0-9]{9,10})(?:\.[0-9]+)?|([0-9]{13})", re.ASCII)
_NO_SECONDS = re.compile(r".*[ T][0-9]{1,2}:[0-9]{2}", re.ASCII)


class ReportFault(ValueError):
    """The report cannot be used; the message says where, what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A call of the report; of several rows with one id, all of them together."""

    line: int  #: of its first row
    call_id: str  #: empty when the report has none
    at: int | None  #: start, ms since the epoch; None when the report has no times
    answered: bool
    word: str  #: class as the report says it
    customer: str = ""  #: key; empty when it is not known
    direction: str = ""  #: in, out, internal; empty when the report does not say
    machine: str = ""  #: what picked up, where the report says that no person did
    whole_minutes: bool = False  #: the report's times have no seconds


def moment(text: str, zone: ZoneInfo) -> tuple[int, bool]:
    """Ms since the epoch, and whether it is told in whole minutes only. Raises ValueError."""
    text = text.strip()
    if epoch := _EPOCH.fullmatch(text):
        return int(epoch[2]) if epoch[2] else int(epoch[1]) * 1000, False
    found = _read(text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    return round(found.astimezone(UTC).timestamp() * 1000), bool(_NO_SECONDS.fullmatch(text))


def _read(text: str) -> datetime:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the report's zone is added by the caller
        except ValueError:
            continue
    return datetime.fromisoformat(text)


def is_answered(line: int, word: str, further: Mapping[str, str]) -> bool:
    """Whether the report's word for a class says that somebody answered. Raises ReportFault."""
    known = further.get(word.strip().lower()) or WORDS.get(word.strip().lower())
    if known is None:
        raise ReportFault(
            f"line {line}: {word!r} is no class known here: say what it means with "
            f"--classes {word.strip()!r}=answered or =missed"
        )
    return known == ANSWERED


def merged(rows: Iterable[Reported]) -> list[Reported]:
    """Rows of one id as one call: answered when any row is, from the earliest start."""
    calls: dict[object, Reported] = {}
    for row in rows:
        key: object = row.call_id or ("line", row.line)
        first = calls.get(key)
        calls[key] = row if first is None else _together(first, row)
    return list(calls.values())


def _together(first: Reported, row: Reported) -> Reported:
    """A person who answered in any row counts more than a machine that did."""
    told = row if (row.answered, not row.machine) > (first.answered, not first.machine) else first
    starts = [each.at for each in (first, row) if each.at is not None]
    return replace(
        told,
        line=first.line,
        at=min(starts, default=None),
        customer=first.customer or row.customer,
        direction=first.direction or row.direction,
    )
