"""A phone is recognised however it is written, and its digits stand in no query."""

import base64
import json

import pytest

from streams.forget.wanted import Wanted

WANTED = Wanted("+74951234567", "c0")

WRITTEN = [
    "+74951234567",
    "84951234567",
    "8 (495) 123-45-67",
    "+7\u00a0495\u00a0123\u201345\u201367",
    "tel:+7-495-123.45.67;ext=1",
    "007 495 1234567",
]


@pytest.mark.parametrize("text", WRITTEN)
@pytest.mark.parametrize("escaped", [True, False])
def test_a_record_that_holds_it_is_found(text: str, escaped: bool) -> None:
    fields = {"a": {"b": [f"call {text} back"]}}
    assert WANTED.in_bytes(json.dumps(fields, ensure_ascii=escaped).encode())
    assert WANTED.in_bytes(text.encode())


@pytest.mark.parametrize("text", WRITTEN)
def test_a_dead_letter_in_base64_is_found(text: str) -> None:
    payload = base64.b64encode(b"\xff" + text.encode()).decode()
    assert WANTED.in_bytes(json.dumps({"encoding": "base64", "payload": payload}).encode())


def test_a_number_is_found() -> None:
    assert WANTED.in_bytes(b'{"phone":74951234567}')


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b'{"a":"+74951234568"}', b'{"a":"4951234", "b":"567"}', b"\xff\xfe", b'"\\u0034"']
)
def test_others_are_left_alone(raw: bytes) -> None:
    assert not WANTED.in_bytes(raw)


def test_no_query_names_the_phone() -> None:
    assert "4951234567" not in WANTED.in_sql("payload")
