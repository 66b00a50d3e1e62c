"""The HTTP interface as curl, BI drivers and Grafana use it."""

import gzip
import json
import zlib
from pathlib import Path

import lz4.frame
import pytest
import zstandard

from streams.local.clickhouse import blocks
from tests.fixtures_clickhouse import EmbeddedClickHouse
from tests.local.conftest import STRICT_BODY, STRICT_PASSWORD
from tests.local.curl import Reply, curl

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


@pytest.fixture
def table(clickhouse: str) -> str:
    for statement in (
        "CREATE DATABASE IF NOT EXISTS front",
        "DROP TABLE IF EXISTS front.lines",
        "CREATE TABLE front.lines (id UInt32, name String) ENGINE = MergeTree ORDER BY id",
    ):
        done(curl(clickhouse, statement))
    return "front.lines"


def done(reply: Reply) -> Reply:
    assert reply.status == 200, reply.text
    return reply


def contents(url: str, table: str) -> str:
    return done(curl(url, f"SELECT id, name FROM {table} ORDER BY id")).text


class TestQueries:
    def test_get_answers_in_tabs_with_the_headers_clients_read(self, clickhouse: str) -> None:
        reply = done(curl(clickhouse, params={"query": "SELECT 1, 'a\tb'", "query_id": "mine-1"}))
        assert reply.text == "1\ta\\tb\n"
        assert reply.headers["x-clickhouse-query-id"] == "mine-1"
        assert reply.headers["x-clickhouse-format"] == "TabSeparated"
        assert reply.headers["x-clickhouse-timezone"] == "UTC"
        assert reply.headers["content-type"] == "text/tab-separated-values; charset=UTF-8"
        assert json.loads(reply.headers["x-clickhouse-summary"])["result_rows"] == "1"

    def test_post_takes_the_query_from_the_body_or_both(self, clickhouse: str) -> None:
        assert done(curl(clickhouse, "SELECT 2")).text == "2\n"
        assert done(curl(clickhouse, "+ 3", params={"query": "SELECT 2"})).text == "5\n"

    @pytest.mark.parametrize("ending", ["", ";", " ; ", " -- remark", "\n# remark\n;"])
    def test_a_statement_may_end_in_any_way(self, clickhouse: str, ending: str) -> None:
        assert done(curl(clickhouse, "SELECT 7" + ending)).text == "7\n"

    @pytest.mark.parametrize(
        ("sql", "params", "output_format", "media_type"),
        [
            ("SELECT 1 AS a FORMAT JSON", {}, "JSON", "application/json; charset=UTF-8"),
            (
                "SELECT 1 AS a",
                {"default_format": "JSONEachRow"},
                "JSONEachRow",
                "application/x-ndjson; charset=UTF-8",
            ),
            (
                "SELECT 1 AS a FORMAT CSV",
                {"default_format": "JSON"},
                "CSV",
                "text/csv; charset=UTF-8; header=absent",
            ),
            ("SELECT 1 FORMAT CSVWithNames", {}, "CSVWithNames", "text/csv; charset=UTF-8; header=present"),
            (
                "SELECT 'FORMAT JSON' FORMAT TSV SETTINGS max_threads = 1",
                {},
                "TSV",
                "text/tab-separated-values; charset=UTF-8",
            ),
            ("SELECT 1 FORMAT Native", {}, "Native", "application/octet-stream"),
            ("SELECT 1 FORMAT Pretty", {}, "Pretty", "text/plain; charset=UTF-8"),
        ],
    )
    def test_the_format_is_the_querys_or_the_default(
        self, clickhouse: str, sql: str, params: dict[str, str], output_format: str, media_type: str
    ) -> None:
        reply = done(curl(clickhouse, sql, params=params))
        assert reply.headers["x-clickhouse-format"] == output_format
        assert reply.headers["content-type"] == media_type

    def test_the_database_comes_from_the_url_or_a_header(self, clickhouse: str, table: str) -> None:
        assert done(curl(clickhouse, "SELECT count() FROM lines", params={"database": "front"})).text == "0\n"
        header = ("--header", "X-ClickHouse-Database: front")
        assert done(curl(clickhouse, "SELECT count() FROM lines", *header)).text == "0\n"

    def test_parameters_settings_and_time_zone(self, clickhouse: str) -> None:
        params = {
            "param_a": "7",
            "param_t": "it's\\ta tab",
            "param_n": "\\N",
            "session_timezone": "Asia/Tokyo",
        }
        sql = "SELECT {a:UInt8} + 1, {t:String}, {n:Nullable(String)} IS NULL, toString(toDateTime(0))"
        reply = done(curl(clickhouse, sql, params=params))
        assert reply.text == "8\tit\\'s\\ta tab\t1\t1970-01-01 09:00:00\n"
        assert reply.headers["x-clickhouse-timezone"] == "Asia/Tokyo"

    def test_a_statement_without_rows_names_no_format(self, clickhouse: str) -> None:
        reply = done(curl(clickhouse, "CREATE DATABASE IF NOT EXISTS front"))
        assert (reply.text, reply.headers.get("x-clickhouse-format")) == ("", None)

    def test_tables_sent_as_multipart_forms(self, clickhouse: str) -> None:
        form = ("--form", "people=@-;filename=people", "--form", "param_least=2")
        params = {
            "query": "SELECT groupArray(name) FROM people WHERE id >= {least:UInt8}",
            "people_structure": "id UInt8, name String",
            "people_format": "CSV",
        }
        assert (
            done(curl(clickhouse, None, *form, params=params, data=b"1,ann\n2,bob\n3,cid\n")).text
            == "['bob','cid']\n"
        )


class TestInserts:
    @pytest.mark.parametrize(
        ("query", "body"),
        [
            ("INSERT INTO front.lines FORMAT JSONEachRow", ROWS),
            ("INSERT INTO front.lines (id, name) FORMAT CSV", "0,n0\n1,n1\n2,n2\n"),
            ("", "INSERT INTO front.lines FORMAT JSONEachRow\n" + ROWS),
            ("", "INSERT INTO front.lines FORMAT JSONEachRow " + ROWS),
            (
                "",
                "insert /* FORMAT x */ into `front`.lines settings max_threads=1 format TSV\n0\tn0\n1\tn1\n2\tn2\n",
            ),
            ("", "INSERT INTO front.lines VALUES (0, 'n0'), (1, concat('n', '1')), (2, 'n2');"),
            ("INSERT INTO front.lines VALUES", "(0,'n0'),(1,'n1'),(2,'n2')"),
            ("INSERT INTO front.lines (id, name)", "VALUES (0,'n0'),(1,'n1'),(2,'n2')"),
            ("", "INSERT INTO front.lines SELECT number, concat('n', toString(number)) FROM numbers(3)"),
            ("INSERT INTO TABLE front.lines FORMAT Values", "(0,'n0'),(1,'n1'),(2,'n2')"),
        ],
    )
    def test_statement_and_rows_wherever_they_stand(
        self, clickhouse: str, table: str, query: str, body: str
    ) -> None:
        reply = done(curl(clickhouse, body, params={"query": query} if query else {}))
        assert contents(clickhouse, table) == "0\tn0\n1\tn1\n2\tn2\n"
        assert json.loads(reply.headers["x-clickhouse-summary"])["written_rows"] == "3"
        assert reply.headers.get("x-clickhouse-format") is None

    def test_binary_rows_behind_the_statement(self, clickhouse: str, table: str) -> None:
        rows = done(
            curl(
                clickhouse, "SELECT toUInt32(number) AS id, 'FORMAT\n' AS name FROM numbers(2) FORMAT Native"
            )
        ).body
        done(curl(clickhouse, b"INSERT INTO front.lines FORMAT Native\n" + rows))
        assert contents(clickhouse, table) == "0\tFORMAT\\n\n1\tFORMAT\\n\n"

    def test_no_rows_are_fine(self, clickhouse: str, table: str) -> None:
        done(curl(clickhouse, "", params={"query": "INSERT INTO front.lines FORMAT CSV"}))
        assert contents(clickhouse, table) == ""

    def test_broken_rows_leave_nothing_behind(self, clickhouse: str, table: str) -> None:
        refused = curl(
            clickhouse, "1,one\n2,two\nthree,3\n", params={"query": "INSERT INTO front.lines FORMAT CSV"}
        )
        assert (refused.status, refused.code) == (400, 27)
        assert contents(clickhouse, table) == ""

    def test_a_repeated_insert_with_its_token_is_stored_once(self, clickhouse: str) -> None:
        done(curl(clickhouse, "DROP TABLE IF EXISTS front.once"))
        done(
            curl(
                clickhouse,
                "CREATE TABLE front.once (id UInt32) ENGINE = MergeTree ORDER BY id "
                "SETTINGS non_replicated_deduplication_window = 10",
            )
        )
        for token in ("a", "a", "b"):
            params = {"query": "INSERT INTO front.once FORMAT CSV", "insert_deduplication_token": token}
            done(curl(clickhouse, "1\n", params=params))
        assert done(curl(clickhouse, "SELECT count() FROM front.once")).text == "2\n"

    def test_get_changes_nothing(self, clickhouse: str, table: str) -> None:
        for sql in (
            "INSERT INTO front.lines VALUES (1, '')",
            "DROP TABLE front.lines",
            "TRUNCATE TABLE front.lines",
        ):
            assert curl(clickhouse, params={"query": sql}).code == 164
        assert contents(clickhouse, table) == ""


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
            (gzip.compress(b"SELECT 1")[:-6], "Content-Encoding: gzip", 271),
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


class TestFailures:
    @pytest.mark.parametrize(
        ("sql", "status", "code", "name"),
        [
            ("SELEC 1", 400, 62, "SYNTAX_ERROR"),
            ("SELECT 1; SELECT 2", 400, 62, "SYNTAX_ERROR"),
            ("SELECT * FROM nothing", 404, 60, "UNKNOWN_TABLE"),
            ("SELECT nothing", 404, 47, "UNKNOWN_IDENTIFIER"),
            ("SELECT noFunction()", 404, 46, "UNKNOWN_FUNCTION"),
            ("SELECT 1 FORMAT Nothing", 404, 73, "UNKNOWN_FORMAT"),
            ("SELECT 1 SETTINGS nothing = 1", 404, 115, "UNKNOWN_SETTING"),
            ("SELECT throwIf(1)", 500, 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
            ("SELECT toInt8('x')", 400, 6, "CANNOT_PARSE_TEXT"),
            ("SELECT sleep(2) SETTINGS max_execution_time = 0.2", 408, 159, "TIMEOUT_EXCEEDED"),
            ("INSERT INTO nothing VALUES (1)", 404, 60, "UNKNOWN_TABLE"),
        ],
    )
    def test_codes_and_status_are_clickhouses(
        self, clickhouse: str, sql: str, status: int, code: int, name: str
    ) -> None:
        reply = curl(clickhouse, sql)
        assert (reply.status, reply.code) == (status, code), reply.text
        assert reply.text.startswith(f"Code: {code}. DB::Exception: ")
        assert f"({name}) (version " in reply.text

    def test_unknown_names_in_the_url(self, clickhouse: str) -> None:
        assert curl(clickhouse, "SELECT 1", params={"nothing": "1"}).code == 115
        assert curl(clickhouse, "SELECT 1", params={"database": "nothing"}).code == 81

    def test_wrong_password_and_unknown_user(self, clickhouse: str) -> None:
        for user in ("default:wrong", "nobody:"):
            refused = curl(clickhouse, "SELECT 1", "--user", user)
            assert (refused.status, refused.code) == (403, 516)


class TestWhoAsks:
    """Three ways to say who one is."""

    def test_name_and_password_by_url_header_or_basic(self, strict_clickhouse: EmbeddedClickHouse) -> None:
        url, anonymous = strict_clickhouse.url, ("--header", "Authorization:")
        headers = (
            "--header",
            "X-ClickHouse-User: default",
            "--header",
            f"X-ClickHouse-Key: {STRICT_PASSWORD}",
        )
        good = (
            curl(url, "SELECT 1", "--user", f"default:{STRICT_PASSWORD}"),
            curl(url, "SELECT 1", *anonymous, params={"user": "default", "password": STRICT_PASSWORD}),
            curl(url, "SELECT 1", *anonymous, *headers),
        )
        assert [reply.text for reply in good] == ["1\n"] * 3
        assert curl(url, "SELECT 1", *anonymous).status == 403
        assert curl(url, None, *anonymous, path="/ping").text == "Ok.\n"

    def test_a_web_page_of_elsewhere_gets_nothing(self, embedded_clickhouse: EmbeddedClickHouse) -> None:
        url = embedded_clickhouse.url
        assert curl(url, "SELECT 1", "--header", "Origin: https://example.com").status == 403
        assert curl(url, "SELECT 1", "--header", "Host: rebound.example.com").status == 403


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


class TestProbes:
    def test_health(self, clickhouse: str) -> None:
        for path in ("/ping", "/replicas_status", "/"):
            assert done(curl(clickhouse, path=path)).text == "Ok.\n"
        assert curl(clickhouse, path="/nothing").status == 404

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT version()",
            "SELECT timezone()",
            "SELECT version(), timezone()",
            "SELECT currentUser() AS user, timezone() AS timezone, version() AS version LIMIT 1",
            "SELECT name, value, readonly FROM system.settings LIMIT 10000",
            "SELECT name, value FROM system.settings WHERE name IN ('max_result_rows', 'readonly')",
            "SHOW DATABASES",
            "SELECT name FROM system.databases ORDER BY name",
            "SELECT name, engine, database FROM system.tables WHERE database NOT IN ('system') LIMIT 5",
            "SELECT name, type, position FROM system.columns WHERE table = 'tables' AND database = 'system'",
            "DESCRIBE TABLE system.one",
            "SELECT name, alias_to FROM system.data_type_families LIMIT 3",
            "SELECT keyword FROM system.keywords LIMIT 3",
            "SELECT DISTINCT name FROM system.functions LIMIT 3",
            "SELECT table_schema, table_name FROM information_schema.tables LIMIT 3",
            "EXPLAIN SYNTAX SELECT 1",
            "SELECT toStartOfInterval(now(), INTERVAL 1 minute) AS time, 1 AS value FORMAT JSON",
            "SELECT 1 FORMAT RowBinaryWithNamesAndTypes",
        ],
    )
    def test_what_drivers_ask_first(self, clickhouse: str, sql: str) -> None:
        assert done(curl(clickhouse, sql)).body

    def test_the_plainest_probe(self, clickhouse: str) -> None:
        assert done(curl(clickhouse, params={"query": "SELECT 1 FORMAT TabSeparated"})).body == b"1\n"


class TestSessions:
    """Off: an id does no harm, but what would need a session is refused."""

    def test_a_session_id_is_taken_and_holds_nothing(self, embedded_clickhouse: EmbeddedClickHouse) -> None:
        url, session = embedded_clickhouse.url, {"session_id": "s1"}
        assert done(curl(url, "SELECT 1", params=session)).text == "1\n"
        for sql in ("SET max_threads = 1", "USE system", "CREATE TEMPORARY TABLE t (a Int8)"):
            refused = curl(url, sql, params=session)
            assert (refused.status, refused.code, "essions are off" in refused.text) == (501, 48, True)
        assert curl(url, "SELECT 1", params={**session, "session_check": "1"}).code == 372
