"""Ways to ClickHouse: the URL of the settings as parameters of clickhouse-connect's clients."""

from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.client import Client

#: The base tables, written by the sink alone, and the views for everybody else.
ROWS = "sales_rows"
VIEWS = "sales"

#: What writing needs: the server answers when the rows are stored, and a batch that reaches into
#: many months (an import of old history) is no mistake.
WRITE_SETTINGS: dict[str, Any] = {
    "async_insert": 0,
    "max_partitions_per_insert_block": 0,
}

_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 300


def parameters(url: str) -> dict[str, Any]:
    """Arguments of clickhouse-connect for `http[s]://user:password@host:port`.

    Raises ValueError when it is no such URL. Sessions are off, so that queries of one client may run
    side by side.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"a ClickHouse URL looks like http://user:password@host:8123, not {_bare(url)}")
    return {
        "host": parts.hostname,
        "port": parts.port or (8443 if parts.scheme == "https" else 8123),
        "username": unquote(parts.username or "default"),
        "password": unquote(parts.password or ""),
        "secure": parts.scheme == "https",
        "autogenerate_session_id": False,
        "connect_timeout": _CONNECT_SECONDS,
        "send_receive_timeout": _ANSWER_SECONDS,
    }


def connect(url: str, answer_s: int = _ANSWER_SECONDS) -> Client:
    """A blocking client; raises clickhouse-connect's errors while ClickHouse is away.

    `answer_s`: how long a statement may take, in seconds.
    """
    return clickhouse_connect.get_client(**{**parameters(url), "send_receive_timeout": answer_s})


async def connect_async(url: str) -> AsyncClient:
    """A client for asyncio; raises clickhouse-connect's errors while ClickHouse is away."""
    return await clickhouse_connect.get_async_client(**parameters(url))


def _bare(url: str) -> str:
    """The URL without its password, for messages."""
    return url.rsplit("@", 1)[-1]
