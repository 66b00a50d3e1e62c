"""Queries and inserts over the HTTP interface, as curl sends them."""

import json

import pytest

from tests.fixtures_clickhouse import EmbeddedClickHouse
from tests.local.curl import curl, done

ROWS = "".join(f'{{"id":{n},"name":"n{n}"}}\n' for n in range(3))


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
                "insert /* FORMAT x */ into `front`.lines settings max_threads=1 format TSV",
                "0\tn0\n1\tn1\n2\tn2\n",
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

    def test_rows_that_the_table_refuses_are_told(self, clickhouse: str, table: str) -> None:
        done(curl(clickhouse, f"ALTER TABLE {table} ADD CONSTRAINT small CHECK id < 2"))
        reply = curl(clickhouse, ROWS, params={"query": f"INSERT INTO {table} FORMAT JSONEachRow"})
        assert reply.status == 500
        assert "VIOLATED_CONSTRAINT" in reply.text
        assert contents(clickhouse, table) == ""

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

    @pytest.mark.parametrize("body", [ROWS, ""])
    def test_an_answer_means_stored_whatever_async_insert_says(
        self, embedded_clickhouse: EmbeddedClickHouse, table: str, body: str
    ) -> None:
        url = embedded_clickhouse.url
        done(
            curl(
                url,
                f"CREATE OR REPLACE TABLE {table} (id UInt32, name String) ENGINE = MergeTree ORDER BY id",
            )
        )
        lax = "async_insert = 1, wait_for_async_insert = 0"
        sql = f"INSERT INTO {table} SETTINGS {lax} " + (
            "FORMAT JSONEachRow" if body else "VALUES (0,''),(1,''),(2,'')"
        )
        done(curl(url, body, params={"query": sql, "async_insert": "1", "wait_for_async_insert": "0"}))
        assert done(curl(url, f"SELECT count() FROM {table}")).text == "3\n"

    def test_get_changes_nothing(self, clickhouse: str, table: str) -> None:
        for sql in (
            "INSERT INTO front.lines VALUES (1, '')",
            "DROP TABLE front.lines",
            "TRUNCATE TABLE front.lines",
        ):
            assert curl(clickhouse, params={"query": sql}).code == 164
        assert contents(clickhouse, table) == ""
