"""Failures as ClickHouse reports them: a code, a text, an HTTP status."""

import re
from enum import IntEnum
from typing import Self


class Code(IntEnum):
    """ClickHouse's codes of the failures that the front finds by itself."""

    SYNTAX_ERROR = 62
    BAD_ARGUMENTS = 36
    NOT_IMPLEMENTED = 48
    UNKNOWN_COMPRESSION_METHOD = 89
    READONLY = 164
    REQUIRED_PASSWORD = 194
    TOO_MANY_SIMULTANEOUS_QUERIES = 202
    CANNOT_DECOMPRESS = 271
    CHECKSUM_DOESNT_MATCH = 40
    QUERY_IS_TOO_LARGE = 229
    SESSION_NOT_FOUND = 372
    QUERY_WAS_CANCELLED = 394
    ACCESS_DENIED = 497
    AUTHENTICATION_FAILED = 516
    UNKNOWN_EXCEPTION = 1002


#: HTTP status by error code, as ClickHouse's HTTP handler chooses it; all other codes give 500.
#: (Source: ClickHouse, src/Server/HTTP/exceptionCodeToHTTPStatus.cpp.)
_BAD_REQUEST = (6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223)
_BAD_VALUE = (321, 376, 427, 441, 675, 676)
_FORBIDDEN = (192, 193, 497, 512, 516)
_NOT_FOUND = (46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511)
_STATUS = (
    dict.fromkeys(_BAD_REQUEST + _BAD_VALUE, 400)
    | dict.fromkeys(_FORBIDDEN, 403)
    | dict.fromkeys(_NOT_FOUND, 404)
    | dict.fromkeys((76, 209, 439), 503)
    | {48: 501, 159: 408, 194: 401, 229: 413, 381: 411, 779: 415}
)

_CODE = re.compile(r"Code: (\d+)")
_PREFIX = re.compile(r"^(?:Code: \d+\. DB::Exception: )+")
_VERSION = re.compile(r" \(version [0-9.]+(?: \([^)]*\))?\)")


class QueryFailure(Exception):
    """A failed query: ClickHouse's `code`, and the message with the code's name at its end."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @classmethod
    def named(cls, code: Code, message: str) -> Self:
        """A failure that the front found by itself, in ClickHouse's form."""
        return cls(code, f"{message} ({code.name})")

    @classmethod
    def from_engine(cls, error: Exception) -> Self:
        """What chdb raised: the code stands in its text."""
        text = _VERSION.sub("", str(error))
        found = _CODE.search(text)
        code = int(found[1]) if found else Code.UNKNOWN_EXCEPTION
        return cls(code, _PREFIX.sub("", text).strip())

    @property
    def status(self) -> int:
        """The HTTP status that ClickHouse gives this code."""
        return _STATUS.get(self.code, 500)

    def body(self, version: str) -> bytes:
        """The answer's body."""
        return f"Code: {self.code}. DB::Exception: {self.message} (version {version})\n".encode()
