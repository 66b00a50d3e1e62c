"""Reports as tables with a line of names above: columns are known by their names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from streams.reports.report import DIRECTIONS, Customers, Reported, ReportFault, is_answered, merged, moment

#: Column -> names under which reports have it, in lower case.
_NAMES = {
    "call_id": ("call_id", "callid", "call id", "uniqueid", "entry_id", "id", "id звонка", "ид звонка"),
    "time": (
        *("time", "start", "started_at", "start_time", "start time", "calldate", "datetime", "date"),
        *("дата и время", "время звонка", "начало", "дата", "время"),
    ),
    "class": ("class", "status", "disposition", "result", "outcome", "статус", "результат", "состояние"),
    "phone": (
        *("phone", "customer", "client", "caller", "from", "src", "number", "callerid", "caller id"),
        *("телефон", "номер", "номер клиента", "клиент", "кто звонил", "откуда"),
    ),
    "direction": ("direction", "type", "call type", "направление", "тип", "тип звонка"),
}
_JOINED = "+"


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions of what is read; a time may stand in two columns, its date and its time."""

    call_id: tuple[int, ...] = ()
    time: tuple[int, ...] = ()
    class_: tuple[int, ...] = ()
    phone: tuple[int, ...] = ()
    direction: tuple[int, ...] = ()


def columns_of(names: Sequence[str], given: Mapping[str, str]) -> Columns:
    """Where the columns stand: as `given` (what -> name, or `date+time`), else by known names.

    Raises ReportFault when there is none for the class, or nothing to recognise calls by.
    """
    lower = [name.strip().lower() for name in names]
    unknown = set(given) - set(_NAMES)
    if unknown:
        raise ReportFault(f"--columns: {', '.join(sorted(unknown))}: expected some of {', '.join(_NAMES)}")
    places = {what: _places(what, lower, given.get(what, "")) for what in _NAMES}
    told = f"the report has the columns {', '.join(name.strip() for name in names)}; name them with --columns"
    if not places["class"]:
        raise ReportFault(f"no column says how calls ended: {told} class=...")
    if not places["call_id"] and not (places["time"] and places["phone"]):
        raise ReportFault(
            f"nothing to recognise calls by: {told} call_id=..., or time=...,phone=... where calls have no id"
        )
    return Columns(places["call_id"], places["time"], places["class"], places["phone"], places["direction"])


def _places(what: str, names: Sequence[str], given: str) -> tuple[int, ...]:
    if not given:
        return next(((names.index(name),) for name in _NAMES[what] if name in names), ())
    wanted = [part.strip().lower() for part in given.split(_JOINED)]
    missing = [part for part in wanted if part not in names]
    if missing:
        raise ReportFault(f"--columns {what}={given}: the report has the columns {', '.join(names)}")
    return tuple(names.index(part) for part in wanted)


def read_table(
    rows: Iterable[tuple[int, Sequence[str]]],
    columns: Columns,
    zone: ZoneInfo,
    customers: Customers,
    classes: Mapping[str, str],
) -> list[Reported]:
    """Calls of the rows, each with the number of its line. Raises ReportFault."""
    return merged(_read(rows, columns, zone, customers, classes))


def _read(
    rows: Iterable[tuple[int, Sequence[str]]],
    columns: Columns,
    zone: ZoneInfo,
    customers: Customers,
    classes: Mapping[str, str],
) -> Iterator[Reported]:
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        word = _cell(line, row, columns.class_)
        at, minutes = _moment(line, _cell(line, row, columns.time), zone)
        yield Reported(
            line=line,
            call_id=_cell(line, row, columns.call_id),
            at=at,
            answered=is_answered(line, word, classes),
            word=word,
            customer=customers(_cell(line, row, columns.phone)) if columns.phone else "",
            direction=DIRECTIONS.get(_cell(line, row, columns.direction).lower(), ""),
            whole_minutes=minutes,
        )


def _cell(line: int, row: Sequence[str], places: tuple[int, ...]) -> str:
    if any(place >= len(row) for place in places):
        raise ReportFault(f"line {line}: {len(row)} columns, fewer than the line of names")
    return " ".join(row[place].strip() for place in places)


def _moment(line: int, text: str, zone: ZoneInfo) -> tuple[int | None, bool]:
    if not text:
        return None, False
    try:
        return moment(text, zone)
    except ValueError:
        raise ReportFault(
            f"line {line}: {text!r} is no time: expected such as 2027-01-18 10:15:30 or 18.01.2027 10:15; "
            "where date and time stand apart, --columns time=DATE+TIME"
        ) from None
