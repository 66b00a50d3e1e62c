"""One import: from files to records for the topics, counted. Knows no Kafka."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from streams.event_types import EVENT_TYPES
from streams.events import Invalid, parse
from streams.importing.formats import resembled
from streams.importing.lines import Line, NotThisFormat, lines_of
from streams.importing.reading import Format, Options, Refused, Told
from streams.intake.dead_letters import dead_letter, encode
from streams.topics import DEAD_LETTERS

_JSON = msgspec.json.Encoder()


class Writer(Protocol):
    """Where records go."""

    def put(self, topic: str, key: bytes | None, value: bytes) -> None:
        """Takes a record; raises when records cannot be written."""
        ...


@dataclass(slots=True)
class Counts:
    """What came of an import."""

    lines: int = 0  #: read, blank ones left out
    accepted: int = 0  #: events
    reasons: Counter[str] = field(default_factory=Counter)  #: of dead letters
    notes: dict[str, int] = field(default_factory=dict)  #: the reader's own

    @property
    def dead_lettered(self) -> int:
        """Lines and events that became dead letters."""
        return self.reasons.total()


class Import:
    """Reads files of one format, in the order given, and hands on what they tell."""

    def __init__(self, kind: Format, options: Options, writer: Writer) -> None:
        self._kind = kind
        self._options = options
        self._writer = writer
        self._equals: Counter[str] = Counter()
        self.counts = Counts()

    def run(self, paths: Sequence[Path], advanced: Callable[[int], None] = lambda _: None) -> Counts:
        """Imports the files. `advanced` is told how many bytes were read further.

        Raises `NotThisFormat` when a file is something else, before anything of it is handed on.
        """
        reader = self._kind.reader(self._options)
        for path in paths:
            # Equal lines of one file are told apart by their ordinal, those of two files are the same.
            self._equals.clear()
            try:
                self._take(reader.read(path, self._counted(lines_of(path, advanced))))
            except NotThisFormat as fault:
                raise self._with_hint(fault) from None
        self._take(reader.finish())
        self.counts.notes = dict(reader.notes())
        return self.counts

    def _with_hint(self, fault: NotThisFormat) -> NotThisFormat:
        other = resembled(fault.text)
        if other is None or other is self._kind:
            return fault
        hint = f"It looks like {other.about}: salespulse import {other.name} {fault.file}"
        return NotThisFormat(fault.file, fault.line, fault.detail, hint)

    def _counted(self, lines: Iterable[Line]) -> Iterator[Line]:
        for line in lines:
            self.counts.lines += 1
            yield line

    def _take(self, found: Iterable[Told | Refused]) -> None:
        for each in found:
            if isinstance(each, Refused):
                self._refuse(each.line, each.fault)
            else:
                self._accept(each)

    def _accept(self, told: Told) -> None:
        raw = told.event if isinstance(told.event, bytes) else _encoded(told.event)
        event = told.parsed or parse(raw, logged_at=self._options.now)
        if isinstance(event, Invalid):
            self._refuse(Line(told.line, raw, len(raw)), event)
            return
        self._writer.put(EVENT_TYPES[event.type].topic, event.customer.encode() or None, raw)
        self.counts.accepted += 1

    def _refuse(self, line: Line, fault: Invalid) -> None:
        digest = line.digest
        self._equals[digest] += 1
        origin = f"import/{digest}/{self._equals[digest]}"
        detail = f"line {line.number}: {fault.detail}"
        letter = dead_letter(
            line.data,
            Invalid(fault.reason, detail, fault.source or self._options.source),
            origin=origin,
            received_at=self._options.now,
            topic="import",
        )
        if line.sha256:
            letter = msgspec.structs.replace(letter, size=line.size, sha256=line.sha256)
        self._writer.put(DEAD_LETTERS, origin.encode(), encode(letter))
        self.counts.reasons[fault.reason] += 1


def _encoded(event: dict[str, Any]) -> bytes:
    """The event as JSON; bytes of its line that were no UTF-8 become the sign for that."""
    try:
        return _JSON.encode(event)
    except UnicodeEncodeError:
        return _JSON.encode({name: _readable(value) for name, value in event.items()})


def _readable(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
