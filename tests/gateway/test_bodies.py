"""Bodies of requests, taken apart into records."""

import pytest

from streams.gateway.bodies import records_in

NDJSON = "application/x-ndjson"


@pytest.mark.parametrize(
    ("body", "content_type", "records"),
    [
        (b'{"a": 1}', "application/json", [b'{"a": 1}']),
        (b'{\n  "a": 1\n}\n', "", [b'{\n  "a": 1\n}\n']),  # one object on several lines
        (b' [{"a" : 1}, {"b":2}]', "", [b'{"a" : 1}', b'{"b":2}']),
        (b"[]", "", []),
        (b'{"a":1}\n\n{"b":2}\r\n', "", [b'{"a":1}', b'{"b":2}']),
        (b'{"a":1}\n{"b":\n{"c":3}', "", [b'{"a":1}', b'{"b":', b'{"c":3}']),
        (b"bad\nworse", NDJSON, [b"bad", b"worse"]),
        (b"[1]\n[2]", NDJSON, [b"[1]", b"[2]"]),
        (b"bad\nworse", "", [b"bad\nworse"]),
        (b'[{"a": 1},', "", [b'[{"a": 1},']),
        (b'{"a": "\xff"}', "", [b'{"a": "\xff"}']),
        (b"[" * 5000, "", [b"[" * 5000]),
        (b"\xff\xfe\x00", "", [b"\xff\xfe\x00"]),
        (b"", "", [b""]),
        (b"  \n", NDJSON, []),
    ],
)
def test_records(body: bytes, content_type: str, records: list[bytes]) -> None:
    assert list(records_in(body, content_type)) == records
