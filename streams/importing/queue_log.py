"""Reads Asterisk's queue_log by the adapter `streams.sources.queue_log`."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from streams.events import Invalid
from streams.importing.lines import Line, NotThisFormat
from streams.importing.reading import BAD_LINE, Format, Options, Refused, Told
from streams.sources.queue_log import Fault, NotAQueueLog, QueueLog


class QueueLogReader:
    """Reads files of one log, oldest first."""

    def __init__(self, options: Options) -> None:
        self._log = QueueLog(options.source or "asterisk", country=options.country)
        self._now = options.now

    def read(self, path: Path, lines: Iterable[Line]) -> Iterator[Told | Refused]:
        """Events and faults of the next file. Raises `NotThisFormat`."""
        numbers = _Numbers(lines)
        try:
            for found in self._log.read(numbers):
                if isinstance(found, Fault):
                    yield numbers.refused(found)
                else:
                    yield Told(found[0], found[1])
        except NotAQueueLog as fault:
            detail = str(fault).partition(": ")[2]
            mend = "Is it the file /var/log/asterisk/queue_log, or one rotated from it?"
            raise NotThisFormat(path, fault.line_no, detail, mend, numbers.first) from None

    def finish(self) -> Iterator[Told | Refused]:
        """Ends of the calls that left a queue last."""
        for line, event in self._log.finish(self._now):
            yield Told(line, event)

    def notes(self) -> Mapping[str, int]:
        """Lines that the adapter does not tell, and why."""
        return self._log.counts


class _Numbers:
    """Lines as the adapter wants them: text, blank ones included so that its count is the file's."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = lines
        self.first = b""

    def __iter__(self) -> Iterator[str]:
        number = 0
        for line in self._lines:
            yield from [""] * (line.number - number - 1)
            number = line.number
            self.first = self.first or line.data
            # Bytes that are no UTF-8 go through unchanged, so that the line keeps its identity.
            yield line.data.decode("utf-8", "surrogateescape")

    @staticmethod
    def refused(fault: Fault) -> Refused:
        """The line that the adapter could not use."""
        data = fault.text.encode("utf-8", "surrogateescape")
        return Refused(Line(fault.line_no, data, len(data)), Invalid(BAD_LINE, fault.detail))


_FIELDS = 5

FORMAT = Format(
    name="queue_log",
    about="Asterisk's queue_log (rotated files oldest first)",
    reader=QueueLogReader,
    resembles=lambda line: line[:1].isdigit() and line.count(b"|") >= _FIELDS - 1,
)
