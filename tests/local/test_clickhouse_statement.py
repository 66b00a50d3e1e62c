"""Where a statement ends and its rows begin."""

import pytest

from streams.local.clickhouse.failures import QueryFailure
from streams.local.clickhouse.statement import asked_format, first_word, insert_of


@pytest.mark.parametrize(
    ("text", "head", "form", "rows"),
    [
        (b"INSERT INTO t FORMAT CSV\n1,2", "INSERT INTO t ", "CSV", b"1,2"),
        (b"INSERT INTO t FORMAT CSV\r\n1,2", "INSERT INTO t ", "CSV", b"1,2"),
        (b"INSERT INTO t FORMAT CSV  \t1,2", "INSERT INTO t ", "CSV", b"1,2"),
        (b"INSERT INTO t FORMAT CSV\n\n1", "INSERT INTO t ", "CSV", b"\n1"),
        (b"INSERT INTO t FORMAT CSV;\n1", "INSERT INTO t ", "CSV", b"1"),
        (b"INSERT INTO t FORMAT Native\n\xff\x00'", "INSERT INTO t ", "Native", b"\xff\x00'"),
        (b"INSERT INTO t FORMAT CSV", "INSERT INTO t ", "CSV", b""),
        (b"-- FORMAT a\n  insert into t(a) format CSV\n1", "-- FORMAT a\n  insert into t(a) ", "CSV", b"1"),
        (b"INSERT INTO t VALUES (1)", "INSERT INTO t ", "Values", b" (1)"),
        (b"INSERT INTO t(format, values)VALUES(1,2)", "INSERT INTO t(format, values)", "Values", b"(1,2)"),
        (b"INSERT INTO `FORMAT x` FORMAT TSV\n1", "INSERT INTO `FORMAT x` ", "TSV", b"1"),
        (b"INSERT INTO format FORMAT TSV\n1", "INSERT INTO format ", "TSV", b"1"),
        (b"INSERT INTO values VALUES (1)", "INSERT INTO values ", "Values", b" (1)"),
        (
            b"INSERT INTO t SETTINGS a='FORMAT b' FORMAT TSV\n1",
            "INSERT INTO t ",
            "TSV",
            b"1",
        ),
        (b"INSERT INTO t", "INSERT INTO t", "Values", b""),
    ],
)
def test_an_insert_is_cut_before_its_rows(text: bytes, head: str, form: str, rows: bytes) -> None:
    insert = insert_of(text)
    assert insert is not None
    assert (insert.head, insert.format, text[insert.data_at :]) == (head, form, rows)
    assert insert.settings == ("SETTINGS a='FORMAT b' " if b"SETTINGS" in text else "")


@pytest.mark.parametrize(
    "text",
    [
        b"INSERT INTO t SELECT 1 FORMAT CSV",
        b"INSERT INTO t (a) WITH 1 AS x SELECT x",
        b"INSERT INTO t FROM INFILE 'x' FORMAT CSV",
        b"SELECT 1 FORMAT CSV",
        b"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
        b"",
        b"-- INSERT INTO t FORMAT CSV",
    ],
)
def test_other_statements_carry_no_rows(text: bytes) -> None:
    assert insert_of(text) is None


@pytest.mark.parametrize(
    "text", [b"INSERT INTO t FORMAT", b"INSERT INTO t FORMAT 1", b"INSERT INTO \xff FORMAT CSV\n1"]
)
def test_what_can_be_no_insert(text: bytes) -> None:
    with pytest.raises(QueryFailure, match="SYNTAX_ERROR"):
        insert_of(text)


@pytest.mark.parametrize(
    ("sql", "form"),
    [
        ("SELECT 1", ""),
        ("SELECT 1 FORMAT JSON", "JSON"),
        ("SELECT 1 format Json settings max_threads=1;", "Json"),
        ("SELECT 'FORMAT JSON'", ""),
        ("SELECT 1 -- FORMAT JSON", ""),
        ("SELECT 1 FORMAT TSV /* FORMAT JSON */", "TSV"),
        ("SELECT $x$ FORMAT 'JSON $x$ FORMAT CSV", "CSV"),
        ("SELECT format('{}', 1) FORMAT CSV", "CSV"),
        ("SELECT * FROM (SELECT 1) FORMAT CSV", "CSV"),
    ],
)
def test_the_format_that_a_query_names(sql: str, form: str) -> None:
    assert asked_format(sql) == form


def test_the_first_word() -> None:
    assert [first_word(text) for text in (b" /* x */ select 1", b"(SELECT 1)", b"", b"#! x\nset a=1")] == [
        "SELECT",
        "",
        "",
        "SET",
    ]
