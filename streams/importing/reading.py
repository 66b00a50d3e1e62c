"""What a format of files consists of: a reader, and how to recognise it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from streams.events import Invalid
from streams.importing.lines import Line
from streams.records import Event

#: Reason of a dead letter for a line that an adapter cannot read.
BAD_LINE = "bad_line"


class Told(msgspec.Struct, frozen=True):
    """An event that a line tells: as written, or made by an adapter."""

    line: int
    event: bytes | dict[str, Any]
    parsed: Event | None = None  #: where the reader had to read it as an event to judge it


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that cannot be used."""

    line: Line
    fault: Invalid


class Reader(Protocol):
    """Reads the files of one import, in the order given."""

    def read(self, path: Path, lines: Iterable[Line]) -> Iterator[Told | Refused]:
        """Events and faults of the next file. Raises `NotThisFormat` before the first event."""
        ...

    def finish(self) -> Iterator[Told | Refused]:
        """What can be told only after the last file."""
        ...

    def notes(self) -> Mapping[str, int]:
        """What else is worth knowing, with how often: lines that tell no event, and why."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """What a reader may need to know that does not stand in the files."""

    now: int  #: ms: when the import began
    source: str = ""  #: name of the source; empty: the format's own
    country: str = "RU"  #: ISO 3166: where numbers without a country's code are


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files."""

    name: str
    about: str  #: for the help of the command
    reader: Callable[[Options], Reader]
    #: Whether a line may be of this format, for hints when a file is of another than was said.
    resembles: Callable[[bytes], bool]
