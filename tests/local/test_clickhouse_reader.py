"""The read-only user of the embedded ClickHouse: what BI needs works, and no way leads to a phone."""

from collections.abc import Iterator
from pathlib import Path

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.fixtures_clickhouse import READER, READER_PASSWORD, EmbeddedClickHouse
from tests.local.curl import curl

PHONE = "+74951230001"
FILE_SECRET = "only-in-a-file"

VIEW = "CREATE OR REPLACE VIEW sales.{name} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS SELECT {what}"

SCHEMA = (
    "CREATE DATABASE IF NOT EXISTS sales",
    "CREATE DATABASE IF NOT EXISTS sales_rows",
    """CREATE OR REPLACE TABLE sales_rows.customers (customer String, phone String, code Int64)
       ENGINE = MergeTree ORDER BY customer""",
    f"INSERT INTO sales_rows.customers VALUES ('c1', '{PHONE}', 74951230001)",
    VIEW.format(name="customers", what="* FROM sales_rows.customers"),
    VIEW.format(name="dead_letters", what="phone AS payload FROM sales_rows.customers"),
    VIEW.format(name="calls", what="customer, 1 AS answered FROM sales_rows.customers"),
    VIEW.format(name="period", what="customer FROM sales_rows.customers WHERE customer = {who:String}"),
)

#: Each tries to see PHONE, FILE_SECRET or another's query, or to change something.
ATTACKS = (
    "SELECT * FROM sales.customers",
    "SELECT * FROM customers",
    "SELECT payload FROM sales.dead_letters",
    "SELECT * FROM sales_rows.customers",
    "SELECT * FROM `sales_rows` . /* here */ `customers`",
    'SELECT * FROM "sales_rows"."customers"',
    r"SELECT * FROM `sales\x5frows`.customers",
    "SELECT (SELECT max(phone) FROM sales_rows.customers)",
    "WITH t AS (SELECT phone FROM sales_rows.customers) SELECT * FROM t",
    "SELECT 74951230001 IN (SELECT code FROM sales_rows.customers)",
    "SELECT * FROM calls WHERE customer IN sales_rows.customers",
    "SELECT phone FROM sales.calls JOIN sales_rows.customers USING customer",
    "SELECT * FROM merge('sales_rows', '.*')",
    "SELECT * FROM merge(REGEXP('sales.*'), 'cust.*')",
    "SELECT * FROM loop(sales_rows.customers) LIMIT 1",
    "SELECT * FROM loop('sales_rows', 'customers') LIMIT 1",
    "SELECT * FROM view(SELECT * FROM sales_rows.customers)",
    "SELECT * FROM viewIfPermitted(SELECT phone FROM sales_rows.customers ELSE null('phone String'))",
    "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT * FROM sales_rows.customers))",
    "SELECT * FROM eval('SELECT phone FROM sales_rows.customers')",
    "SELECT * FROM remote('127.0.0.1', 'sales_rows', 'customers')",
    "SELECT * FROM cluster('default', sales_rows.customers)",
    "SELECT * FROM mergeTreeIndex('sales_rows', 'customers')",
    "SELECT * FROM mergeTreeProjection('sales_rows', 'customers', 'p')",
    "SELECT * FROM dictionary('sales_rows.customers')",
    "SELECT dictGet('sales_rows.customers', 'phone', 'c1')",
    "SELECT joinGet('sales_rows.customers', 'phone', 'c1')",
    "SELECT hasColumnInTable('sales_rows', 'customers', 'phone')",
    "DESCRIBE TABLE sales_rows.customers",
    "DESCRIBE (SELECT * FROM sales_rows.customers)",
    "SHOW CREATE TABLE sales_rows.customers",
    "SHOW CREATE VIEW sales.customers",
    "EXPLAIN SELECT * FROM sales_rows.customers",
    "EXPLAIN QUERY TREE SELECT (SELECT max(phone) FROM sales_rows.customers)",
    "EXPLAIN ESTIMATE SELECT * FROM sales_rows.customers",
    "EXPLAIN AST INSERT INTO sales.calls VALUES (1)",
    "CHECK TABLE sales_rows.customers",
    "SELECT file('{file}')",
    r"SELECT `\x66ile`('{file}')",
    "SELECT arrayMap(x -> file(x), ['{file}'])",
    "SELECT * APPLY(file) FROM (SELECT '{file}' AS name)",
    "SELECT COLUMNS('name') APPLY file FROM (SELECT '{file}' AS name)",
    "WITH (x -> file(x)) AS f SELECT f('{file}')",
    "SELECT `a\nTableExpression`, file('{file}') FROM (SELECT 1 AS `a\nTableExpression`)",
    "SELECT * FROM file('{file}', LineAsString)",
    "SELECT * FROM file('{file}', 'LineAsString', 'x String')",
    "SELECT * FROM `{file}`",
    "SELECT * FROM default.`{file}`",
    "DESCRIBE TABLE file('{file}')",
    "SELECT * FROM url('file://{file}', LineAsString)",
    "SELECT * FROM executable('cat {file}', TSV, 'x String')",
    "SELECT * FROM sqlite('{file}', 'x')",
    "SELECT * FROM filesystem('{file}')",
    "SELECT * FROM s3('http://127.0.0.1:1/x', 'LineAsString')",
    "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM python(environment)",
    "SELECT * FROM Python /**/ (environment)",
    "SELECT 1 AS a FORMAT Template SETTINGS format_template_row = '{file}'",
    "SELECT 1 AS a FORMAT Template SETTINGS format_template_resultset = '{file}'",
    r"SELECT 1 AS a FORMAT Template SETTINGS `format\x5ftemplate\x5frow` = '{file}'",
    "SELECT 1 SETTINGS /* , */ additional_result_filter = 'length(file(\\'{file}\\')) > 0'",
    "SELECT * FROM (SELECT 1 SETTINGS max_threads = 1, additional_result_filter = 'file(0) != 1')",
    "SELECT $$'$$ SETTINGS additional_result_filter = 'file(\\'{file}\\') != \\'\\''",
    "SELECT * SETTINGS implicit_table_at_top_level = 'sales_rows.customers'",
    "SELECT 1 AS a FORMAT Protobuf SETTINGS output_format_schema = '{file}.out'",
    "SELECT 1 SETTINGS max_memory_usage = 0",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1 SETTINGS dialect = 'kusto'",
    "SELECT 1 INTO OUTFILE '{file}.out'",
    "(SELECT 1) UNION ALL (SELECT 2) INTO OUTFILE '{file}.out'",
    "EXPLAIN SELECT 1 INTO OUTFILE '{file}.out'",
    "COPY (SELECT 1) TO '{file}.out'",
    "SELECT query FROM system.processes",
    "SELECT * FROM calls WHERE customer IN system.processes",
    "WITH system.processes AS p SELECT 1 IN p",
    "SELECT query FROM `system`.processes",
    "SHOW PROCESSLIST",
    "SELECT * FROM system.users",
    "SELECT * FROM system.grants",
    "SELECT * FROM system.parts",
    "SELECT * FROM system.query_log",
    "SHOW GRANTS",
    "SHOW ACCESS",
    "SET ROLE owner",
    "SET ROLE DEFAULT",
    "SET readonly = 0",
    "USE sales_rows",
    "EXECUTE AS default SELECT 1",
    "KILL QUERY WHERE 1 = 1",
    "SYSTEM SHUTDOWN",
    "SYSTEM FLUSH LOGS",
    "INSERT INTO sales_rows.customers VALUES ('c2', '+1', 1)",
    "INSERT INTO FUNCTION file('{file}.out', CSV) SELECT 1",
    "CREATE TABLE sales.mine (a Int8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE mine (a Int8)",
    "CREATE FUNCTION leak AS x -> file(x)",
    "CREATE DATABASE mine",
    "ALTER TABLE sales_rows.customers DELETE WHERE 1",
    "DELETE FROM sales_rows.customers WHERE 1",
    "DROP VIEW sales.calls",
    "TRUNCATE TABLE sales_rows.customers",
    "OPTIMIZE TABLE sales_rows.customers",
    "GRANT SELECT ON *.* TO default",
    "BACKUP TABLE sales_rows.customers TO File('{file}.out')",
    "SELECT 1; SET ROLE owner; SELECT phone FROM sales_rows.customers",
    "SELECT 1 PARALLEL WITH SELECT phone FROM sales_rows.customers",
    "BEGIN TRANSACTION",
)

ALLOWED = {
    "SELECT count() FROM sales.calls": "1",
    "SELECT customer FROM calls": "c1",
    "SELECT customer FROM sales.period(who = 'c1')": "c1",
    "SELECT sum(number) FROM numbers(4)": "6",
    "SELECT name FROM system.tables WHERE database = 'sales' ORDER BY name": "calls\nperiod",
    "SELECT name FROM system.databases WHERE name LIKE 'sales%'": "sales",
    "SHOW TABLES FROM sales": "calls\nperiod",
    "SHOW DATABASES LIKE 'sales%'": "sales",
    "SELECT name FROM system.columns WHERE database = 'sales' AND table = 'calls'": "customer\nanswered",
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'sales' ORDER BY 1": (
        "calls\nperiod"
    ),
    "EXISTS TABLE sales.calls": "1",
    "SELECT toUInt8(getSetting('max_threads')) SETTINGS max_threads = 3": "3",
    "SELECT count() > 1000 FROM system.settings": "1",
    "SELECT currentDatabase()": "sales",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    """One of its own: what the reader sees must be this schema and nothing else."""
    own = EmbeddedClickHouse(tmp_path_factory.mktemp("reader") / "data").start()
    with clickhouse_connect.get_client(dsn=own.url) as owner:
        for statement in SCHEMA:
            owner.command(statement)
    yield own
    own.kill()


@pytest.fixture(scope="module")
def secret_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("secret") / "file"
    file.write_text(FILE_SECRET + "\n")
    return file


def ask(server: EmbeddedClickHouse, sql: str, **params: str) -> tuple[int, str]:
    answer = curl(server.reader_url, sql, params={"database": "sales", **params})
    return answer.status, answer.text


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(server: EmbeddedClickHouse, secret_file: Path, attack: str) -> None:
    status, text = ask(server, attack.replace("{file}", str(secret_file)))
    assert status >= 400, text
    assert PHONE not in text
    assert FILE_SECRET not in text
    assert [file.name for file in secret_file.parent.iterdir()] == [secret_file.name]


def test_nothing_was_changed_by_the_attacks(server: EmbeddedClickHouse) -> None:
    answer = curl(server.url, "SELECT count(), any(phone) FROM sales_rows.customers")
    assert answer.text == f"1\t{PHONE}\n"
    assert curl(server.url, "SELECT count() FROM system.functions WHERE name = 'leak'").text == "0\n"


@pytest.mark.parametrize(
    "params",
    [
        {"database": "sales_rows"},
        {"database": "system"},
        {"role": "owner"},
        {"readonly": "0"},
        {"additional_result_filter": "1"},
        {"format_template_row": "/etc/hostname"},
        {"output_format_schema": "/tmp/never"},
        {"dialect": "kusto"},
        {"max_memory_usage": "0"},
        {"max_threads = 1, readonly": "0"},
    ],
)
def test_a_parameter_that_opens_a_door_is_refused(server: EmbeddedClickHouse, params: dict[str, str]) -> None:
    status, text = ask(server, "SELECT phone FROM customers", **params)
    assert status >= 400
    assert PHONE not in text


@pytest.mark.parametrize(("database", "table"), [("sales_rows", "customers"), ("system", "processes")])
def test_names_given_as_parameters_are_judged_too(
    server: EmbeddedClickHouse, database: str, table: str
) -> None:
    sql = "SELECT * FROM {d:Identifier}.{t:Identifier}"
    status, text = ask(server, sql, param_d=database, param_t=table)
    assert status == 403
    assert "ACCESS_DENIED" in text


@pytest.mark.parametrize("sql", ALLOWED)
def test_what_bi_tools_need_works(server: EmbeddedClickHouse, sql: str) -> None:
    assert ask(server, sql) == (200, ALLOWED[sql] + "\n")


def test_a_mistake_is_called_a_mistake(server: EmbeddedClickHouse) -> None:
    status, text = ask(server, "SELEC 1")
    assert (status, "SYNTAX_ERROR" in text) == (400, True)


@pytest.fixture
def reader(server: EmbeddedClickHouse) -> Iterator[Client]:
    with clickhouse_connect.get_client(
        host="127.0.0.1", port=server.port, username=READER, password=READER_PASSWORD, database="sales"
    ) as client:
        yield client


def test_clickhouse_connect_works_as_the_reader(reader: Client) -> None:
    assert reader.query(
        "SELECT customer FROM calls WHERE customer = {c:String}", parameters={"c": "c1"}
    ).result_rows == [("c1",)]
    with pytest.raises(DatabaseError) as refused:
        reader.query("SELECT phone FROM sales_rows.customers")
    assert refused.value.code == 497


def test_with_readonly_1_no_setting_can_be_changed(strict_clickhouse: EmbeddedClickHouse) -> None:
    url = strict_clickhouse.reader_url
    assert curl(url, "SELECT 1").text == "1\n"
    refused = curl(url, "SELECT 1", params={"max_threads": "1"})
    assert (refused.code, "READONLY" in refused.text) == (164, True)
    assert curl(url, "SELECT 1 SETTINGS max_threads = 1").code == 164
    with clickhouse_connect.get_client(dsn=url) as client:
        assert client.command("SELECT 1") == 1
