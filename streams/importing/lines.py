"""Lines of a file, however long, and what files that are no text look like."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from streams.event_types import MAX_RECORD

#: Of a longer line only the beginning is held, with the size and hash of the whole.
_HELD = 4 * MAX_RECORD
_HEAD = 8192
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

#: How a file begins -> what it is, and how to make text of it.
_BEGINNINGS = {
    b"\x1f\x8b": ("a gzip archive", "gunzip --keep {file}"),
    b"BZh": ("a bzip2 archive", "bunzip2 --keep {file}"),
    b"\xfd7zXZ\x00": ("an xz archive", "unxz --keep {file}"),
    b"\x28\xb5\x2f\xfd": ("a zstd archive", "unzstd {file}"),
    b"PK\x03\x04": ("a zip archive or a spreadsheet", "unzip it, or save the sheet as text"),
    b"\xff\xfe": ("UTF-16 text", "iconv -f UTF-16 -t UTF-8 {file} > utf8.txt"),
    b"\xfe\xff": ("UTF-16 text", "iconv -f UTF-16 -t UTF-8 {file} > utf8.txt"),
    b"SQLite format 3": ("an SQLite database", "export the table as text"),
    b"%PDF": ("a PDF document", "export the data as text"),
}


class NotThisFormat(Exception):
    """A file is not what it was said to be; nothing of it was imported."""

    def __init__(self, file: Path, line: int, detail: str, mend: str, text: bytes = b"") -> None:
        """`mend`: what to do about it. `text`: the line, by which another format may be recognised."""
        super().__init__(f"{file}, line {line}: {detail}. {mend}")
        self.file = file
        self.line = line
        self.detail = detail
        self.text = text


class Line(msgspec.Struct, frozen=True, gc=False):
    """A line of a file, without its end."""

    number: int  #: from 1
    data: bytes  #: the beginning, when the line is very long
    size: int  #: bytes of the whole
    sha256: str = ""  #: of the whole, when `data` is not

    @property
    def digest(self) -> str:
        """SHA-256 of the whole line, in hex."""
        return self.sha256 or hashlib.sha256(self.data).hexdigest()


def lines_of(path: Path, advanced: Callable[[int], None]) -> Iterator[Line]:
    """Lines that are not blank. `advanced` is told how many bytes were read further.

    Raises `NotThisFormat` when the file is no text, `OSError` when it cannot be read.
    """
    with path.open("rb") as file:
        _check_text(path, file)
        number = 0
        while start := file.readline(_HELD):
            number += 1
            line = _line(file, number, start)
            advanced(line.size)
            if line.data.strip():
                yield line


def _line(file: BinaryIO, number: int, start: bytes) -> Line:
    if number == 1:
        start = start.removeprefix(_BYTE_ORDER_MARK)
    if len(start) < _HELD or start.endswith(b"\n"):
        data = start.rstrip(b"\r\n")
        return Line(number, data, len(start))
    digest, size = hashlib.sha256(start), len(start)
    while part := file.readline(_HELD):
        size += len(part)
        digest.update(part.rstrip(b"\r\n"))
        if part.endswith(b"\n"):
            break
    return Line(number, start, size, digest.hexdigest())


def _check_text(path: Path, file: BinaryIO) -> None:
    head = file.read(_HEAD)
    file.seek(0)
    for beginning, (what, mend) in _BEGINNINGS.items():
        if head.startswith(beginning):
            how = mend.format(file=path)
            raise NotThisFormat(path, 1, f"expected text, found {what}", f"To mend it: {how}")
    if b"\x00" in head:
        line = head[: head.index(b"\x00")].count(b"\n") + 1
        raise NotThisFormat(path, line, "expected text, found binary data", "Is it the right file?")
