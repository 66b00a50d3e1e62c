"""Reads a question from an HTTP request: body, forms, compression, where the statement stands."""

import asyncio

from aiohttp import BodyPartReader, web

from streams.local.clickhouse import blocks, encodings
from streams.local.clickhouse.failures import Code, QueryFailure
from streams.local.clickhouse.question import Question, Table, is_true, only_once, settings_of

#: Bodies smaller than this are unpacked without leaving the event loop.
_SMALL = 1 << 16

_PIECE = 1 << 18


async def read_question(request: web.Request, query_id: str, limit: int) -> Question:
    """The question in `request`.

    Raises `QueryFailure` for a body over `limit` bytes (packed or not), for broken compression, or
    a parameter that can't be.
    """
    params = only_once(request.query.items())
    if "role" in params:
        raise QueryFailure.named(Code.NOT_IMPLEMENTED, "Roles are off in the embedded ClickHouse.")
    tables: tuple[Table, ...] = ()
    if request.content_type == "multipart/form-data":
        fields, files = await _read_form(request, limit)
        params = {**fields, **params}
        tables = _tables(params, files)
        body = b""
    else:
        body = await _unpacked(request, params, await _read_body(request, limit), limit)
    headers = request.headers
    return Question(
        text=_joined(params.get("query", "").encode(), body),
        database=params.get("database", "") or headers.get("X-ClickHouse-Database", ""),
        default_format=params.get("default_format", "") or headers.get("X-ClickHouse-Format", ""),
        query_id=query_id,
        settings=_without_tables(settings_of(params), tables),
        tables=tables,
        session_id=params.get("session_id", ""),
        session_check=is_true(params, "session_check"),
        may_write=request.method == "POST",
        as_blocks=is_true(params, "compress"),
        encoding=_answer_encoding(request, params),
    )


def _joined(query: bytes, body: bytes) -> bytes:
    """The URL's query comes first, the body behind it on a new line."""
    return query + b"\n" + body if query and body else query or body


def _answer_encoding(request: web.Request, params: dict[str, str]) -> str:
    if not is_true(params, "enable_http_compression") or is_true(params, "compress"):
        return ""
    return encodings.chosen(request.headers.get("Accept-Encoding", ""))


async def _read_body(request: web.Request, limit: int) -> bytes:
    body = bytearray()
    async for piece in request.content.iter_chunked(_PIECE):
        body += piece
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> QueryFailure:
    return QueryFailure.named(Code.QUERY_IS_TOO_LARGE, f"Body of over {limit} bytes")


async def _unpacked(request: web.Request, params: dict[str, str], body: bytes, limit: int) -> bytes:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()

    def unpack() -> bytes:
        raw = encodings.unpack(body, encoding, limit) if body else body
        return blocks.unpack(raw, limit) if is_true(params, "decompress") else raw

    return unpack() if len(body) < _SMALL else await asyncio.to_thread(unpack)


async def _read_form(request: web.Request, limit: int) -> tuple[dict[str, str], dict[str, bytes]]:
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    total = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise QueryFailure.named(Code.BAD_ARGUMENTS, "Nested multipart bodies")
        data = bytearray()
        while piece := await part.read_chunk(_PIECE):
            data += piece
            total += len(piece)
            if total > limit:
                raise _too_large(limit)
        if part.filename:
            files[part.name or "_data"] = bytes(data)
        else:
            fields[part.name or ""] = data.decode(errors="replace")
    return fields, files


def _tables(params: dict[str, str], files: dict[str, bytes]) -> tuple[Table, ...]:
    found = []
    for name, data in files.items():
        structure = params.get(f"{name}_structure") or _numbered(params.get(f"{name}_types", ""))
        if not structure:
            raise QueryFailure.named(Code.BAD_ARGUMENTS, f"No structure for external table {name}")
        found.append(Table(name, structure, params.get(f"{name}_format", "TabSeparated"), data))
    return tuple(found)


def _numbered(types: str) -> str:
    """`name_types`: column types alone; the columns are called _1, _2, ..."""
    kinds = [kind.strip() for kind in types.split(",") if kind.strip()]
    return ", ".join(f"_{number} {kind}" for number, kind in enumerate(kinds, 1))


def _without_tables(settings: dict[str, str], tables: tuple[Table, ...]) -> dict[str, str]:
    about = {f"{t.name}_{what}" for t in tables for what in ("structure", "types", "format")}
    return {name: value for name, value in settings.items() if name not in about}
