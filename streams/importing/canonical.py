"""Reads canonical events, one JSON object a line."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from streams.events import Invalid, parse
from streams.importing.lines import Line, NotThisFormat
from streams.importing.reading import Format, Options, Refused, Told

#: A file that begins with so many lines of which none is an event is something else.
_STRANGE = 20
#: Reasons of lines that are no JSON object at all.
_NO_OBJECT = frozenset({"not_json", "not_an_object", "not_utf8"})


class CanonicalReader:
    """Reads files of canonical events; each line is passed on as it was written."""

    def __init__(self, options: Options) -> None:
        self._now = options.now

    def read(self, path: Path, lines: Iterable[Line]) -> Iterator[Told | Refused]:
        """Events and faults of a file. Raises `NotThisFormat` when it holds none."""
        held: list[Refused] | None = []
        for line in lines:
            found = self._judge(line)
            if held is not None and isinstance(found, Refused):
                held.append(found)
                if len(held) == _STRANGE or _is_one_document(held):
                    raise _not_events(path, held)
                continue
            if held is not None:
                yield from held
                held = None
            yield found
        if held:
            if all(each.fault.reason in _NO_OBJECT for each in held):
                raise _not_events(path, held)
            yield from held

    def finish(self) -> Iterator[Told | Refused]:
        """Nothing: each line stands for itself."""
        return iter(())

    def notes(self) -> Mapping[str, int]:
        """Nothing: each line is an event or a fault."""
        return {}

    def _judge(self, line: Line) -> Told | Refused:
        if line.sha256:
            detail = f"the line has {line.size} bytes; expected at most 65536"
            return Refused(line, Invalid("too_large", detail))
        event = parse(line.data, logged_at=self._now)
        return Refused(line, event) if isinstance(event, Invalid) else Told(line.number, line.data, event)


def _is_one_document(held: list[Refused]) -> bool:
    """Whether the file begins as one JSON document of many lines does."""
    start = held[0].line.data.strip()
    return start.startswith(b"[") or start == b"{"


def _not_events(path: Path, strange: list[Refused]) -> NotThisFormat:
    first = strange[0]
    text = first.line.data.strip()
    mend = 'Expected lines such as {"event_id": "1", "type": "call.started", ...}; see schemas/events'
    if text.startswith(b"["):
        mend = f"This may be one JSON array: jq -c '.[]' {path} > events.jsonl"
    elif text.startswith(b"{") and first.fault.reason == "not_json":
        mend = f"Each object must stand on one line: jq -c . {path} > events.jsonl"
    return NotThisFormat(path, first.line.number, first.fault.detail, mend, text)


FORMAT = Format(
    name="events",
    about="canonical events, one JSON object a line",
    reader=CanonicalReader,
    resembles=lambda line: line.startswith(b'{"'),
)
