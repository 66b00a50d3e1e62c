"""Takes phones out of an event: wherever one is written, its customer's key stands afterwards."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from streams.customers import country_digits

#: What people and switchboards put between the digits of a phone.
_BETWEEN = " ()./-_\t\u00a0\u2009\u202f\u2010\u2011\u2013"
_SQUEEZE = str.maketrans("", "", _BETWEEN)
_SQUEEZE_BYTES = b" ()./-_\t"
#: A national number of fewer digits could be anything; only the whole phone is looked for then.
_LEAST_NATIONAL = 9
#: What is dialled before a national number instead of the country's code.
_TRUNKS = "08"


@lru_cache(maxsize=65_536)
def needle(phone: str) -> str:
    """The digits by which a phone is recognised, whether its country code is written or not."""
    national = phone[1 + country_digits(phone) :]
    return national if len(national) >= _LEAST_NATIONAL else phone[1:]


def stands_once(phone: str, raw: bytes) -> bool:
    """Whether the JSON text certainly holds the phone in one place only.

    The usual case, found out without looking at each field. Escapes and letters beyond ASCII could
    hide a phone, so with these the answer is no.
    """
    if b"\\" in raw or not raw.isascii():
        return False
    return raw.translate(None, _SQUEEZE_BYTES).count(needle(phone).encode()) == 1


class Phones:
    """The phones of one event, and what stands for each."""

    __slots__ = ("_found",)

    def __init__(self, replaced: Mapping[str, str]) -> None:
        """`replaced`: phone -> its customer's key."""
        self._found = [(needle(phone), phone, key) for phone, key in replaced.items()]

    def text(self, text: str) -> str:
        """The text with keys in place of phones: `+7 (495) 123-45-67`, `84951234567`, `7495.123…`."""
        for digits, phone, key in self._found:
            if digits in text.translate(_SQUEEZE):
                text = _replaced(text, digits, phone[1 : len(phone) - len(digits)], key)
        return text

    def value(self, value: Any) -> Any:
        """The same for any JSON value: texts, names of fields and numbers, however deep."""
        if type(value) is str:
            return self.text(value)
        if type(value) is int or type(value) is float:
            written = str(value)
            clean = self.text(written)
            return value if clean == written else clean
        if type(value) is list:
            return [self.value(item) for item in value]
        if type(value) is dict:
            return {self.text(name): self.value(item) for name, item in value.items()}
        return value


def _replaced(text: str, digits: str, code: str, key: str) -> str:
    """The text with `key` wherever `digits` stand, with their country code or trunk digit."""
    places = [place for place, char in enumerate(text) if char not in _BETWEEN]
    squeezed = "".join(text[place] for place in places)
    parts: list[str] = []
    done = 0
    at = squeezed.find(digits)
    while at >= 0:
        first = _with_code(squeezed, at, code)
        if first == at and at and _is_trunk(text, places[at - 1]):
            first -= 1
        parts.append(text[done : places[first]])
        parts.append(key)
        done = places[at + len(digits) - 1] + 1
        at = squeezed.find(digits, at + len(digits))
    return "".join(parts) + text[done:]


def _with_code(squeezed: str, at: int, code: str) -> int:
    """Where the phone begins whose recognised digits begin at `at`, with its country code."""
    if not squeezed[:at].endswith(code):
        return at
    at -= len(code)
    for international in ("+", "00"):
        if squeezed[:at].endswith(international):
            return at - len(international)
    return at


def _is_trunk(text: str, place: int) -> bool:
    """Whether a trunk digit stands there, with which a number begins."""
    return text[place] in _TRUNKS and not text[max(place - 1, 0) : place].isdigit()
