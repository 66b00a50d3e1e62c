"""HTTP's Content-Encoding of bodies: gzip, deflate, lz4 (frames), zstd."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from streams.local.clickhouse.failures import Code, QueryFailure

_lz4: Any = import_module("lz4.frame")
_zstd: Any = import_module("zstandard")

#: Fed to an unpacker at once; small, for a few bytes of zstd can unpack to very many.
_PIECE = 1 << 12

_PACK: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda data: bytes(_zstd.ZstdCompressor(level=1).compress(data)),
    "lz4": lambda data: bytes(_lz4.compress(data)),
    "gzip": lambda data: gzip.compress(data, 3),
    "deflate": lambda data: zlib.compress(data, 3),
}

_UNPACKER: dict[str, Callable[[], Any]] = {
    "zstd": lambda: _zstd.ZstdDecompressor().decompressobj(),
    "lz4": _lz4.LZ4FrameDecompressor,
    "gzip": lambda: zlib.decompressobj(31),
    "deflate": zlib.decompressobj,
}


def chosen(accepted: str) -> str:
    """The encoding to answer in, for the client's Accept-Encoding; '' for none."""
    names = {part.split(";")[0].strip().lower() for part in accepted.split(",")}
    return next((name for name in _PACK if name in names), "")


def pack(data: bytes, encoding: str) -> bytes:
    """`data` in `encoding`, one of those that `chosen` gives."""
    return _PACK[encoding](data)


def unpack(data: bytes, encoding: str, limit: int) -> bytes:
    """The bytes behind `encoding` ('' and `identity`: as they are).

    Raises `QueryFailure` for an unknown encoding, broken data, or more than `limit` bytes.
    """
    if encoding in ("", "identity"):
        return data
    if encoding not in _UNPACKER:
        raise QueryFailure.named(Code.UNKNOWN_COMPRESSION_METHOD, f"Unknown compression method {encoding}")
    try:
        return b"".join(_pieces(data, _UNPACKER[encoding], limit))
    except (RuntimeError, ValueError, EOFError, zlib.error, _zstd.ZstdError) as error:
        raise QueryFailure.named(Code.CANNOT_DECOMPRESS, f"{encoding}: {error}") from None


def _pieces(data: bytes, new_unpacker: Callable[[], Any], limit: int) -> Iterator[bytes]:
    unpacker, total = new_unpacker(), 0
    for start in range(0, len(data), _PIECE):
        rest = data[start : start + _PIECE]
        while rest:
            if unpacker.eof:  # several compressed streams, one behind the other
                unpacker = new_unpacker()
            piece = unpacker.decompress(rest)
            rest = unpacker.unused_data if unpacker.eof else b""
            total += len(piece)
            if total > limit:
                raise QueryFailure.named(Code.QUERY_IS_TOO_LARGE, f"Body unpacks to over {limit} bytes")
            yield piece
    if not unpacker.eof:
        raise QueryFailure.named(Code.CANNOT_DECOMPRESS, "Cannot decompress: cut short")
