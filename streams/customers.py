"""Customer keys: what stands for a customer everywhere, so that phones stand in one place alone.

A phone becomes `c` and 31 hex digits of HMAC-SHA256 under the installation's secret. Other ids of a
customer (`crm:`, `anonymous:`, `ext:`) are no phones and stay as they are.
"""

import hmac
import re
from functools import lru_cache

import phonenumbers

from streams.records import CustomerRow

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)

#: A key is `c` and this many hex digits: 124 bits, so that keys of different phones differ.
_KEY_DIGITS = 31
_CACHED = 200_000
_LEAST_SECRET = 16  #: bytes
_GROUPED = 8  #: digits hidden in `*** ***-**`


class CustomerKeys:
    """Turns phones into keys under one secret. Another secret gives other keys for all."""

    def __init__(self, secret: bytes) -> None:
        """`secret` must be at least 16 bytes: phones are few enough to be tried out one by one."""
        if len(secret) < _LEAST_SECRET:
            raise ValueError("the secret of customer keys needs at least 16 bytes")
        self._secret = secret
        self._known: dict[str, str] = {}

    def key(self, phone: str) -> str:
        """Key of an E.164 phone."""
        found = self._known.get(phone)
        if found is None:
            if len(self._known) >= _CACHED:
                self._known.clear()
            digest = hmac.digest(self._secret, phone.encode(), "sha256")
            found = self._known[phone] = "c" + digest.hex()[:_KEY_DIGITS]
        return found

    def row(self, phone: str) -> CustomerRow:
        """The only record that holds the phone."""
        return CustomerRow(self.key(phone), phone, mask(phone))


def is_phone(text: str) -> bool:
    """Whether this is a phone in E.164, such as +74951234567."""
    return E164.fullmatch(text) is not None


def country_digits(phone: str) -> int:
    """How many digits after the plus are the country's code; 1 when nobody has that code."""
    for length in (1, 2, 3):
        if int(phone[1 : 1 + length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return length
    return 1


@lru_cache(maxsize=65_536)
def mask(phone: str) -> str:
    """The phone with only its country and last two digits shown: `+7 *** ***-**-67`."""
    country = 1 + country_digits(phone)
    hidden = len(phone) - country - 2
    shown = phone[-2:]
    if hidden == _GROUPED:
        return f"{phone[:country]} *** ***-**-{shown}"
    return f"{phone[:country]} {'*' * max(hidden, 3)}-{shown}"


@lru_cache(maxsize=65_536)
def e164(text: str, region: str) -> str:
    """A number as people or switchboards write it, in E.164; empty when it is no phone.

    `region` (ISO 3166, such as `RU`) says where a number without a country code is. For adapters:
    it costs some tens of microseconds the first time a number is seen.
    """
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
