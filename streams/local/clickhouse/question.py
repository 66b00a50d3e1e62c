"""A request as ClickHouse's HTTP interface means it: statement, parameters, settings, session."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from streams.local.clickhouse.failures import Code, QueryFailure

#: URL parameters that steer the interface; every other one is a setting of the query.
_NOT_SETTINGS = frozenset(
    "query user password database default_format query_id session_id session_timeout session_check "
    "close_session compress decompress buffer_size wait_end_of_query quota_key stacktrace role "
    "client_protocol_version http_native_compression_disable_checksumming_on_decompress "
    "enable_http_compression http_zlib_compression_level send_progress_in_http_headers "
    "http_headers_progress_interval_ms add_http_cors_header".split()
)

_TRUE = frozenset({"1", "true"})


@dataclass(frozen=True, slots=True)
class Table:
    """A table sent along with a query: `structure` as in CREATE TABLE, rows in `format`."""

    name: str
    structure: str
    format: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `text` is the statement and, for an INSERT, its rows behind it."""

    text: bytes
    database: str = ""
    default_format: str = ""
    query_id: str = ""
    #: Stands in the statement's `log_comment`, by which `system.processes` knows it.
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    settings: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    session_id: str = ""
    session_check: bool = False
    #: False for GET: such a request changes nothing.
    may_write: bool = True
    #: Answer in ClickHouse's block compression, or in an HTTP encoding, or as it is.
    as_blocks: bool = False
    encoding: str = ""


def is_true(params: Mapping[str, str], name: str) -> bool:
    """Whether a URL parameter is switched on."""
    return params.get(name, "").lower() in _TRUE


def settings_of(params: Mapping[str, str]) -> dict[str, str]:
    """Settings and query parameters (`param_x`) among the URL's parameters."""
    found = {name: value for name, value in params.items() if name not in _NOT_SETTINGS}
    for name in found:
        if not name.isidentifier() or not name.isascii():
            raise QueryFailure.named(Code.BAD_ARGUMENTS, f"Not a name of a setting: {name!r}")
    return found


def only_once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name; of a repeated one the last counts, as with ClickHouse's settings."""
    return dict(pairs)


def new_query_id(params: Mapping[str, str]) -> str:
    """The client's query id, or a new one."""
    return params.get("query_id") or str(uuid.uuid4())
