"""Packed bodies and answers: HTTP's encodings, ClickHouse's blocks, and how large they may be."""

import gzip
import zlib
from pathlib import Path

import lz4.frame
import pytest
import zstandard

from streams.local.clickhouse import blocks
from tests.fixtures_clickhouse import EmbeddedClickHouse
from tests.local.conftest import STRICT_BODY, STRICT_PASSWORD
from tests.local.curl import curl, done

PACKED = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "lz4": lz4.frame.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
UNPACKED = {
    "gzip": gzip.decompress,
    "lz4": lz4.frame.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}
ROWS = "".join(f'{{"id":{n},"name":"n{n}"}}\n' for n in range(3))


def contents(url: str, table: str) -> str:
    return done(curl(url, f"SELECT id, name FROM {table} ORDER BY id")).text


class TestCompression:
    @pytest.mark.parametrize("encoding", PACKED)
    def test_a_packed_body_is_unpacked(self, clickhouse: str, table: str, encoding: str) -> None:
        header = ("--header", f"Content-Encoding: {encoding}")
        done(curl(clickhouse, PACKED[encoding](b"SELECT 3"), *header))
        query = {"query": "INSERT INTO front.lines FORMAT JSONEachRow"}
        done(curl(clickhouse, PACKED[encoding](ROWS.encode()), *header, params=query))
        assert contents(clickhouse, table) == "0\tn0\n1\tn1\n2\tn2\n"

    @pytest.mark.parametrize("encoding", UNPACKED)
    def test_an_answer_is_packed_on_request(self, clickhouse: str, encoding: str) -> None:
        sql = "SELECT number FROM numbers(100000)"
        header = ("--header", f"Accept-Encoding: {encoding}")
        packed = done(curl(clickhouse, sql, *header, params={"enable_http_compression": "1"}))
        assert packed.headers["content-encoding"] == encoding
        assert UNPACKED[encoding](packed.body) == done(curl(clickhouse, sql)).body
        assert "content-encoding" not in done(curl(clickhouse, sql, *header)).headers

    def test_blocks_of_clickhouse_both_ways(self, clickhouse: str, table: str) -> None:
        query = {"query": "INSERT INTO front.lines FORMAT JSONEachRow", "decompress": "1"}
        done(curl(clickhouse, blocks.pack(ROWS.encode()), params=query))
        packed = done(
            curl(clickhouse, "SELECT id, name FROM front.lines ORDER BY id", params={"compress": "1"})
        )
        assert blocks.unpack(packed.body, 1000) == b"0\tn0\n1\tn1\n2\tn2\n"

    def test_blocks_are_those_that_clickhouse_writes(self, embedded_clickhouse: EmbeddedClickHouse) -> None:
        url = embedded_clickhouse.url
        for sql in (
            """CREATE OR REPLACE TABLE default.stored (id UInt64) ENGINE = MergeTree ORDER BY tuple()
               SETTINGS min_bytes_for_wide_part = 0""",
            "INSERT INTO default.stored SELECT number FROM numbers(300000)",
        ):
            done(curl(url, sql))
        part = done(curl(url, "SELECT path FROM system.parts WHERE table = 'stored' AND active")).text.strip()
        unpacked = blocks.unpack(Path(part, "id.bin").read_bytes(), 1 << 24)
        assert unpacked == b"".join(n.to_bytes(8, "little") for n in range(300_000))

    @pytest.mark.parametrize(
        ("body", "option", "code"),
        [
            (b"not packed at all", "Content-Encoding: gzip", 271),
            (gzip.compress(b"SELECT 1", mtime=0)[:-6], "Content-Encoding: gzip", 271),
            (zstandard.ZstdCompressor().compress(b"SELECT 1")[:-3], "Content-Encoding: zstd", 271),
            (b"SELECT 1", "Content-Encoding: rot13", 89),
        ],
    )
    def test_what_cannot_be_unpacked_is_refused(
        self, embedded_clickhouse: EmbeddedClickHouse, body: bytes, option: str, code: int
    ) -> None:
        assert curl(embedded_clickhouse.url, body, "--header", option).code == code

    def test_a_damaged_block_is_refused(self, clickhouse: str) -> None:
        damaged = bytearray(blocks.pack(b"SELECT 1"))
        damaged[-1] ^= 1
        assert curl(clickhouse, bytes(damaged), params={"decompress": "1"}).code == 40


class TestLimits:
    """Bodies are bounded, packed and unpacked."""

    def test_a_long_body(self, strict_clickhouse: EmbeddedClickHouse) -> None:
        url, user = strict_clickhouse.url, ("--user", f"default:{STRICT_PASSWORD}")
        fits = b"SELECT '" + b"x" * (STRICT_BODY - 100) + b"' FORMAT Null"
        assert curl(url, fits, *user).status == 200
        for option in ((), ("--header", "Transfer-Encoding: chunked")):
            refused = curl(url, b"x" * (2 * STRICT_BODY), *user, *option)
            assert (refused.status, refused.code) == (413, 229)

    def test_a_body_that_unpacks_to_a_long_one(self, strict_clickhouse: EmbeddedClickHouse) -> None:
        bomb = gzip.compress(b" " * (50 * STRICT_BODY))
        assert len(bomb) < STRICT_BODY
        options = ("--user", f"default:{STRICT_PASSWORD}", "--header", "Content-Encoding: gzip")
        refused = curl(strict_clickhouse.url, bomb, *options)
        assert (refused.status, refused.code) == (413, 229)
