"""Recognises a phone however it is written, in raw records and in ClickHouse."""

import base64
import binascii
import json
from typing import Any

from streams.intake.phones import Phones, needle

#: What may stand between the digits, and how JSON escapes what of it is no ASCII.
_BETWEEN_BYTES = b" ()./-_\t"
_BETWEEN_SQL = (
    r"[ ()./\\-_\\t\\x{00A0}\\x{2009}\\x{202F}\\x{2010}\\x{2011}\\x{2013}]"
    r"|\\\\t|\\\\u00[aA]0|\\\\u20(09|2[fF]|1[013])"
)


class Wanted:
    """A phone to look for, and the key that is to stand for it."""

    def __init__(self, phone: str, key: str) -> None:
        self.phone = phone
        self.key = key
        self._digits = needle(phone)
        self._phones = Phones({phone: key})

    def in_sql(self, text: str) -> str:
        """Condition that an expression of ClickHouse holds the phone.

        The digits are written in hex, so that they do not stand in a log of queries as they are.
        """
        squeezed = f"replaceRegexpAll({text}, '{_BETWEEN_SQL}', '')"
        return f"position({squeezed}, unhex('{self._digits.encode().hex()}')) > 0"

    def in_bytes(self, raw: bytes) -> bool:
        """Whether a key or value holds the phone, also escaped, or in base64 as in dead letters."""
        if self._digits.encode() in raw.translate(None, _BETWEEN_BYTES):
            return True
        if b"\\" not in raw and raw.isascii() and b"base64" not in raw:
            return False
        try:
            value = json.loads(raw)
        except ValueError:
            return self._in(raw.decode("utf-8", "replace"))
        if isinstance(value, dict) and value.get("encoding") == "base64" and self._in_base64(value):
            return True
        return self._in(value)

    def without(self, value: Any) -> Any:
        """The JSON value with the key in place of the phone."""
        return self._phones.value(value)

    def _in(self, value: Any) -> bool:
        return bool(self._phones.value(value) != value)

    def _in_base64(self, letter: dict[str, Any]) -> bool:
        try:
            payload = base64.b64decode(str(letter.get("payload", "")))
        except (ValueError, binascii.Error):
            return False
        return self.in_bytes(payload) if payload != b"" else False
