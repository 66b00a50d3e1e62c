"""ClickHouse's own block compression (`compress=1`, `decompress=1`).

A stream of blocks: checksum (CityHash128 v1.0.2 of the rest, 16 bytes), method (1 byte), size with
these 9 header bytes, size unpacked (both uint32, little endian), packed bytes.
"""

import struct
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from streams.local.clickhouse.failures import Code, QueryFailure

_LZ4, _ZSTD, _NONE = 0x82, 0x90, 0x02
_HEADER = struct.Struct("<BII")
_BLOCK_SIZE = 1 << 20

_cityhash: Any = import_module("clickhouse_cityhash.cityhash")
_lz4: Any = import_module("lz4.block")
_zstd: Any = import_module("zstandard")


def _checksum(data: bytes) -> bytes:
    first, second = divmod(_cityhash.CityHash128(data), 1 << 64)
    return struct.pack("<QQ", first, second)


def pack(data: bytes) -> bytes:
    """`data` as LZ4 blocks."""
    return b"".join(_pack_blocks(data))


def _pack_blocks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _BLOCK_SIZE):
        raw = data[start : start + _BLOCK_SIZE]
        packed = _lz4.compress(raw, store_size=False)
        block = _HEADER.pack(_LZ4, len(packed) + _HEADER.size, len(raw)) + packed
        yield _checksum(block) + block


def unpack(data: bytes, limit: int) -> bytes:
    """The bytes in a stream of blocks; raises `QueryFailure` for a broken one or past `limit`."""
    parts: list[bytes] = []
    at, total = 0, 0
    while at < len(data):
        head = data[at + 16 : at + 16 + _HEADER.size]
        if len(head) < _HEADER.size:
            raise QueryFailure.named(Code.CANNOT_DECOMPRESS, "Cannot decompress: cut short")
        method, packed_size, raw_size = _HEADER.unpack(head)
        total += raw_size
        if total > limit:
            raise QueryFailure.named(Code.QUERY_IS_TOO_LARGE, f"Body unpacks to over {limit} bytes")
        block = data[at + 16 : at + 16 + packed_size]
        if _checksum(block) != data[at : at + 16]:
            raise QueryFailure.named(Code.CHECKSUM_DOESNT_MATCH, "Checksum doesn't match")
        parts.append(_unpack_block(method, block[_HEADER.size :], raw_size))
        at += 16 + packed_size
    return b"".join(parts)


def _unpack_block(method: int, packed: bytes, raw_size: int) -> bytes:
    try:
        if method == _LZ4:
            return bytes(_lz4.decompress(packed, uncompressed_size=raw_size))
        if method == _ZSTD:
            return bytes(_zstd.ZstdDecompressor().decompress(packed, max_output_size=raw_size))
    except (RuntimeError, ValueError, _zstd.ZstdError) as error:
        raise QueryFailure.named(Code.CANNOT_DECOMPRESS, f"Cannot decompress: {error}") from None
    if method == _NONE:
        return packed
    raise QueryFailure.named(Code.UNKNOWN_COMPRESSION_METHOD, f"Unknown compression method {method:#x}")
