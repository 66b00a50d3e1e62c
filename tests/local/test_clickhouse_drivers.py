"""What drivers and BI tools meet: failures, who asks, first probes, sessions."""

import pytest

from tests.fixtures_clickhouse import EmbeddedClickHouse
from tests.local.conftest import STRICT_PASSWORD
from tests.local.curl import curl, done


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
