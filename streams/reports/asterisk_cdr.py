"""Asterisk's Master.csv (`cdr_csv`): no line of names, sixteen columns and, if switched on, id and userfield.

Several rows may tell one call. A row that is ANSWERED without a second channel was picked up by the
dialplan itself: a menu, a queue's announcement, voicemail.
"""

from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from streams.reports.report import Customers, Reported, ReportFault, merged, moment

_SRC, _DST, _DST_CHANNEL, _LAST_APP, _START, _DISPOSITION, _UNIQUE_ID = 1, 2, 6, 7, 9, 14, 16
_DISPOSITIONS = frozenset({"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION"})
_EXTENSION = "ext:"


def is_cdr(row: Sequence[str]) -> bool:
    """Whether the first row of a file is one of Master.csv."""
    return len(row) > _DISPOSITION and row[_DISPOSITION].strip() in _DISPOSITIONS


def read_cdr(
    rows: Iterable[tuple[int, Sequence[str]]], zone: ZoneInfo, customers: Customers
) -> list[Reported]:
    """Calls of the rows, each with the number of its line. Raises ReportFault."""
    return merged(_read(rows, zone, customers))


def _read(
    rows: Iterable[tuple[int, Sequence[str]]], zone: ZoneInfo, customers: Customers
) -> Iterator[Reported]:
    for line, row in rows:
        if not row:
            continue
        if not is_cdr(row):
            raise ReportFault(
                f"line {line}: expected a row of Asterisk's Master.csv, with its disposition 15th"
            )
        answered = row[_DISPOSITION].strip() == "ANSWERED"
        customer, direction = _parties(customers(row[_SRC]), customers(row[_DST]))
        yield Reported(
            line=line,
            call_id=row[_UNIQUE_ID].strip() if len(row) > _UNIQUE_ID else "",
            at=_start(line, row[_START], zone),
            answered=answered,
            word=row[_DISPOSITION].strip(),
            customer=customer,
            direction=direction,
            machine=row[_LAST_APP].strip() if answered and not row[_DST_CHANNEL].strip() else "",
        )


def _start(line: int, text: str, zone: ZoneInfo) -> int:
    try:
        return moment(text, zone)[0]
    except ValueError:
        raise ReportFault(f"line {line}: {text!r} is no start of a call") from None


def _parties(caller: str, called: str) -> tuple[str, str]:
    """The customer and the direction: who calls from an extension is a colleague."""
    if not caller.startswith(_EXTENSION):
        return caller, "in"
    return (called, "internal") if called.startswith(_EXTENSION) else (called, "out")
