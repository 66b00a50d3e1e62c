"""ClickHouse's HTTP interface as `curl` sees it."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Reply:
    """What curl got: status, headers (names in lower case), body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def code(self) -> int:
        """ClickHouse's error code, 0 for none."""
        return int(self.headers.get("x-clickhouse-exception-code", "0"))


def curl(
    url: str,
    body: str | bytes | None = None,
    *options: str,
    params: Mapping[str, str] | None = None,
    path: str = "/",
    data: bytes = b"",
) -> Reply:
    """One request by curl, with name and password of `url`; a POST if there is a body.

    `data` is curl's standard input, for options that read it (`--form file=@-`).
    """
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.hostname}:{parts.port}{path}?{urlencode(params or {})}"
    arguments = ["curl", "--silent", "--show-error", "--include", "--max-time", "30", address, *options]
    if "--user" not in options:
        arguments += ["--user", f"{parts.username or 'default'}:{parts.password or ''}"]
    if body is not None:
        arguments += ["--data-binary", "@-", "--header", "Expect:"]
    sent = body.encode() if isinstance(body, str) else body or data
    done = subprocess.run(arguments, input=sent, capture_output=True, check=True)
    return _parsed(done.stdout)


def _parsed(answer: bytes) -> Reply:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Reply(int(first.split()[1]), {name.lower(): value for name, value in headers.items()}, body)


def done(reply: Reply) -> Reply:
    """`reply`, which must be a success."""
    assert reply.status == 200, reply.text
    return reply
