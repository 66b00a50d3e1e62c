"""Customer keys and masks."""

import hashlib
import hmac

import pytest

from streams.customers import CustomerKeys, e164, is_phone, mask
from streams.records import CustomerRow

SECRET = b"a secret of this installation"


def test_a_key_is_c_and_31_hex_digits_of_the_hmac() -> None:
    digest = hmac.new(SECRET, b"+74951234567", hashlib.sha256).hexdigest()
    assert CustomerKeys(SECRET).key("+74951234567") == "c" + digest[:31]
    assert len(CustomerKeys(SECRET).key("+74951234567")) == 32


def test_another_secret_gives_another_key() -> None:
    assert CustomerKeys(SECRET).key("+74951234567") != CustomerKeys(SECRET[::-1]).key("+74951234567")


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        CustomerKeys(b"short")


def test_the_row_holds_the_phone_and_its_mask() -> None:
    keys = CustomerKeys(SECRET)
    assert keys.row("+74951234567") == CustomerRow(
        keys.key("+74951234567"), "+74951234567", "+7 *** ***-**-67"
    )


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+74951234567", "+7 *** ***-**-67"),
        ("+12025550143", "+1 *** ***-**-43"),
        ("+4930123456789", "+49 *********-89"),
        ("+3725551234", "+372 *****-34"),
        ("+9991234567", "+9 *******-67"),  # nobody's code
        ("+1234567", "+1 ****-67"),
    ],
)
def test_a_mask_shows_the_country_and_two_digits(phone: str, masked: str) -> None:
    assert mask(phone) == masked


@pytest.mark.parametrize(
    "text", ["74951234567", "+7495", "+74951234567890123", "+0495123456", "+7495123456a"]
)
def test_what_is_no_phone(text: str) -> None:
    assert not is_phone(text)


@pytest.mark.parametrize(
    ("written", "region", "expected"),
    [
        ("8 (495) 123-45-67", "RU", "+74951234567"),
        ("+7 495 123 45 67", "DE", "+74951234567"),
        ("(202) 555-0143", "US", "+12025550143"),
        ("101", "RU", ""),
        ("anonymous", "RU", ""),
        ("", "RU", ""),
    ],
)
def test_numbers_as_switchboards_write_them(written: str, region: str, expected: str) -> None:
    assert e164(written, region) == expected
