"""Dead letters: what could not be used, why, and the untouched payload."""

import base64
import hashlib

import msgspec

from streams.event_types import MAX_RECORD
from streams.events import Invalid

#: `topic`, `partition` and `offset` of what never was a record: partition and offset are NOWHERE.
NOWHERE = -1

_JSON = msgspec.json.Encoder()
_LONGEST_CHARACTER = 4  #: bytes in UTF-8


class DeadLetter(msgspec.Struct, frozen=True):
    """A record on `dead-letters` (JSON, contract section 7), counted once per `origin`."""

    topic: str  #: `gateway` or `import` for what never was a record
    partition: int
    offset: int
    received_at: int  #: ms since the epoch: Kafka's time, or when the gateway or importer had it
    source: str  #: as far as it could be read
    reason: str  #: a key of `streams.events.REASONS`, or `internal`
    detail: str  #: for a person: what was expected, what was found
    payload: str  #: the first 64 KiB as they came
    encoding: str  #: of `payload`: `utf8`, or `base64` when the bytes are not UTF-8
    origin: str
    size: int = 0  #: bytes of the whole payload
    sha256: str = ""  #: of the whole payload


def dead_letter(
    raw: bytes | None,
    fault: Invalid,
    *,
    origin: str,
    received_at: int,
    topic: str,
    partition: int = NOWHERE,
    offset: int = NOWHERE,
) -> DeadLetter:
    """The dead letter for `raw`. A payload over 64 KiB is cut; size and hash are of the whole."""
    whole = raw or b""
    payload, encoding = _text_of(whole)
    return DeadLetter(
        topic=topic,
        partition=partition,
        offset=offset,
        received_at=received_at,
        source=fault.source,
        reason=fault.reason,
        detail=fault.detail,
        payload=payload,
        encoding=encoding,
        origin=origin,
        size=len(whole),
        sha256=hashlib.sha256(whole).hexdigest(),
    )


def encode(letter: DeadLetter) -> bytes:
    """The letter as the value of its record; the key is its origin."""
    return _JSON.encode(letter)


def _text_of(whole: bytes) -> tuple[str, str]:
    start = whole[:MAX_RECORD]
    try:
        return start.decode(), "utf8"
    except UnicodeDecodeError as error:
        # A cut may fall inside one character: up to three of its bytes are then left over.
        if (
            len(whole) > MAX_RECORD
            and error.end == len(start)
            and len(start) - error.start < _LONGEST_CHARACTER
        ):
            return start[: error.start].decode(), "utf8"
    return base64.b64encode(start).decode(), "base64"
