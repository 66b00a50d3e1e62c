"""`salespulse compare` on stored calls."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from clickhouse_connect.driver.client import Client

from streams.cli import main
from streams.customers import CustomerKeys
from streams.directory import Directory
from streams.sinks.directory_rows import write_directory
from tests.sinks.stored import put_named
from tests.sinks.test_day_views import DIRECTORY
from tests.sinks.test_views import call

SECRET = "a secret of this installation"
#: 2027-01-18 10:00:00 in Moscow, the zone of the directory.
TEN = 1_800_255_600_000
HOUR = 3_600_000

Compare = Callable[..., Result]


@pytest.fixture
def compare(store: Client, migrated: str, tmp_path: Path) -> Compare:
    """Stores calls of Asterisk and compares a file's text with them."""
    write_directory(store, Directory.from_text(DIRECTORY), TEN)
    key = CustomerKeys(SECRET.encode()).key("+74951234567")
    of_in = {"source": "asterisk", "direction": "in", "in_hours": True, "started_at": TEN, "wait_ms": 20_000}
    put_named(
        migrated,
        "calls",
        call("1.1", **of_in),
        call("1.2", **of_in | {"outcome": "short_abandon", "wait_ms": 3_000}),
        call("1.3", **of_in | {"outcome": "answered"}),
        call("1.4", **of_in | {"in_hours": False, "started_at": TEN + 12 * HOUR}),
        call("1.5", **of_in | {"customer": key, "started_at": TEN + HOUR}),
        call("1.6", **of_in | {"started_at": TEN - 11 * HOUR}),  # the evening before, in Moscow
        call("1.7", **of_in | {"source": "mango"}),
    )

    def run(text: str, *words: str, source: str = "asterisk", encoding: str = "utf-8") -> Result:
        file = tmp_path / "report.csv"
        file.write_bytes(text.encode(encoding))
        environment = {"SALESPULSE_CLICKHOUSE": migrated, "SALESPULSE_SECRET": SECRET}
        return CliRunner().invoke(main, ["compare", source, str(file), *words], env=environment)

    return run


MISSED = """id;start;status;phone
1.1;2027-01-18 10:00:00;missed;
1.2;2027-01-18 10:00:00;missed;
1.4;2027-01-18 22:00:00;missed;
;2027-01-18 11:00:03;missed;8 (495) 123-45-67
"""


def test_a_report_of_missed_calls_is_explained(compare: Compare) -> None:
    result = compare(MISSED)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "2027-01-18 10:00:00  line 3      1.2  missed in the report, short abandon here: waited 3 s",
        "2027-01-18 22:00:00  line 4      1.4  missed in the report, missed outside working hours here",
        "",
        "4 not answered in the report = 2 missed in hours + 1 short + 1 missed off hours",
        "1 here were not looked for: answered: the report has none",
        "2 differ, 0 of them not explained",
    ]


def test_what_is_not_explained_ends_with_1(compare: Compare) -> None:
    text = MISSED.replace("10:00:00;missed", "10:00:00;answered", 1) + "9.9;2027-01-18 09:00:00;missed;\n"
    result = compare(text)
    assert result.exit_code == 1
    for line in (
        "1.1  answered in the report, missed in hours here: no answer of a manager came  [not explained]",
        "line 6      9.9  missed in the report, not here  [not explained]",
        "not in it   1.3  answered here, not in the report  [not explained]",
        "5 differ, 3 of them not explained",
    ):
        assert line in result.output
    assert "1.6" not in result.output
    assert "1.7" not in result.output


def test_a_report_in_utc_is_recognised_and_read_with_its_zone(compare: Compare) -> None:
    text = MISSED.replace("10:00:00", "07:00:00").replace("22:00", "19:00").replace("11:00:03", "08:00:03")
    wrong = compare(text)
    assert wrong.exit_code == 1
    assert wrong.output.count("started 3 h later here: another time zone? see --zone") == 4
    assert compare(text, "--zone", "UTC").exit_code == 0


def test_columns_and_classes_in_russian_windows_text(compare: Compare) -> None:
    text = "Вызов,Дата,Время,Итог\n1.1,18.01.2027,10:00:00,Сброс\n1.2,18.01.2027,10:00:00,Сброс\n"
    named = ["--columns", "call_id=вызов,time=дата+время,class=итог", "--classes", "сброс=missed"]
    result = compare(text, *named, encoding="cp1251")
    assert "2 not answered in the report = 1 missed in hours + 1 short\n" in result.output


def test_asterisks_own_records(compare: Compare) -> None:
    row = (
        '"","84951234567","100","in","x","PJSIP/trunk-1","{}","Queue","sales","2027-01-18 10:00:00",,'
        '"2027-01-18 10:00:20",20,0,"ANSWERED","DOCUMENTATION","{}"\n'
    )
    result = compare(row.format("", "1.1") + row.format("PJSIP/101-1", "1.3"))
    assert (
        "1.1  answered in the report, missed in hours here: Queue picked up, nobody talked\n" in result.output
    )
    assert "2 answered in the report = 1 answered + 1 missed in hours\n" in result.output


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        ("", [], "report.csv: empty\n"),
        ("id;status\n1;maybe\n", [], "line 2: 'maybe' is no class known here"),
        (MISSED, ["--zone", "Moscow"], "'Moscow' is no time zone"),
        (MISSED, ["--columns", "phone"], "expected NAME=VALUE"),
    ],
)
def test_what_cannot_be_used_is_told(compare: Compare, text: str, words: list[str], told: str) -> None:
    result = compare(text, *words)
    assert result.exit_code != 0
    assert told in result.output


def test_a_source_that_nobody_knows_is_told_with_those_that_are_known(compare: Compare) -> None:
    result = compare(MISSED, source="asterix")
    assert result.exit_code == 1
    assert result.output == "Error: no call of source 'asterix' is stored; there are asterisk, mango\n"
