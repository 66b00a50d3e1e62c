"""Takes the body of a request apart into records: one JSON object, an array, or JSON lines. Pure."""

from collections.abc import Sequence
from typing import Any

import msgspec

_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_ANY = msgspec.json.Decoder(msgspec.Raw)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")


def records_in(body: bytes, content_type: str = "") -> Sequence[bytes]:
    """The records in a body, each as the sender wrote it.

    A body that is none of the three forms is one record, which validation will then refuse. The
    content type decides only for JSON lines; senders often leave it wrong.
    """
    start = body.lstrip()[:1]
    if content_type in _LINES:
        return _lines(body)
    if start == b"[":
        return _elements(body)
    if _is(_ANY, body) or not start:
        return [body]
    lines = _lines(body)
    return lines if any(_is(_OBJECT, line) for line in lines) else [body]


def _lines(body: bytes) -> list[bytes]:
    return [line for line in body.splitlines() if line.strip()]


def _elements(body: bytes) -> list[bytes]:
    try:
        return [bytes(element) for element in _ARRAY.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [body]


def _is(decoder: "msgspec.json.Decoder[Any]", text: bytes) -> bool:
    try:
        decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
