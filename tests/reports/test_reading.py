"""Reports as vendors write them: names of columns, words, times, Asterisk's Master.csv."""

import csv
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest

from streams.reports import Reported, ReportFault, columns_of, is_cdr, read_cdr, read_table

MOSCOW = ZoneInfo("Europe/Moscow")
#: 2027-01-18 10:00:00 in Moscow.
TEN = 1_800_255_600_000


def table(
    text: str, given: Mapping[str, str] | None = None, classes: Mapping[str, str] | None = None
) -> list[Reported]:
    rows = list(enumerate(csv.reader(text.splitlines(), delimiter=";"), start=1))
    return read_table(
        rows[1:], columns_of(rows[0][1], given or {}), MOSCOW, lambda number: f"<{number}>", classes or {}
    )


def cdr(*lines: str) -> list[Reported]:
    rows = list(enumerate(csv.reader(lines), start=1))
    assert all(is_cdr(row) for _, row in rows)
    return read_cdr(rows, MOSCOW, lambda n: f"ext:{n}" if len(n) < 5 else f"<{n}>")


@pytest.mark.parametrize(
    "text",
    [
        "id;start;status;phone\n7;2027-01-18 10:00:00;Missed;84951234567",
        "Call ID;Calldate;Disposition;Src\n7;2027-01-18T10:00:00;NO ANSWER;84951234567",
        "Номер;Статус;Дата и время;ID звонка\n84951234567;Пропущенный;18.01.2027 10:00:00;7",
        "call_id;time;class;caller\n7;2027-01-18T07:00:00Z;lost;84951234567",
        "call_id;time;class;caller\n7;1800255600;abandoned;84951234567",
        "call_id;time;class;caller\n7;1800255600000;busy;84951234567",
        "\nid;start;status;phone\n7;2027-01-18 10:00:00;Missed;84951234567".strip(),
    ],
)
def test_columns_words_and_times_of_many_vendors(text: str) -> None:
    (call,) = table(text)
    assert (call.line, call.call_id, call.at, call.answered, call.customer) == (
        2,
        "7",
        TEN,
        False,
        "<84951234567>",
    )


def test_columns_can_be_named_and_a_time_be_in_two() -> None:
    text = "day;clock;what;who;way\n18.01.2027;10:00;ok;+74951234567;Входящий\n\n18.01.2027;10:01;wrong;1;?"
    named = {"time": "day+clock", "class": "what", "phone": "who", "direction": "way"}
    first, second = table(text, named, {"wrong": "missed"})
    assert (first.at, first.whole_minutes, first.answered, first.direction) == (TEN, True, True, "in")
    assert (second.line, second.at, second.answered, second.direction) == (4, TEN + 60_000, False, "")


@pytest.mark.parametrize(
    ("text", "given", "told"),
    [
        ("id;start\n7;x", {}, "no column says how calls ended: the report has the columns id, start"),
        ("start;status\n7;x", {}, "nothing to recognise calls by"),
        (
            "id;status\n7;maybe",
            {},
            "line 2: 'maybe' is no class known here: say what it means with --classes",
        ),
        ("id;status;start\n7;missed;soon", {}, "line 2: 'soon' is no time"),
        ("id;status;start\n7;missed", {}, "line 2: 2 columns, fewer than the line of names"),
        (
            "id;status\n7;x",
            {"class": "state"},
            "--columns class=state: the report has the columns id, status",
        ),
        ("id;status\n7;x", {"klass": "status"}, "--columns: klass: expected some of call_id, time, class"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, given: dict[str, str], told: str) -> None:
    with pytest.raises(ReportFault) as fault:
        table(text, given)
    assert told in str(fault.value)


def row(
    src: str, dst: str, app: str, disposition: str, id: str, channel: str = "", start: str = "10:00:00"
) -> str:
    return (
        f'"","{src}","{dst}","from-trunk","""x"" <{src}>","PJSIP/trunk-1","{channel}","{app}","sales,t,,,60",'
        f'"2027-01-18 {start}",,"2027-01-18 10:01:00",60,0,"{disposition}","DOCUMENTATION","{id}",""'
    )


def test_asterisks_rows_of_one_call_are_one_call() -> None:
    first, second, third = cdr(
        row("84951234567", "100", "Queue", "NO ANSWER", "1.1", "PJSIP/101-1", "10:00:02"),
        row("84951234567", "100", "Queue", "ANSWERED", "1.1", "PJSIP/102-1"),
        row("84951234568", "100", "BackGround", "ANSWERED", "1.2"),
        row("101", "84951234569", "Dial", "NO ANSWER", "1.3", "PJSIP/trunk-2"),
    )
    assert (first.line, first.call_id, first.at, first.answered, first.machine) == (1, "1.1", TEN, True, "")
    assert (first.customer, first.direction) == ("<84951234567>", "in")
    assert (second.answered, second.machine) == (True, "BackGround")
    assert (third.customer, third.direction, third.answered) == ("<84951234569>", "out", False)


def test_colleagues_talk_internally_and_a_cdr_may_have_no_ids() -> None:
    line = row("101", "102", "Dial", "ANSWERED", "x", "PJSIP/102-1").rsplit(',"x"', 1)[0]
    (call,) = cdr(line)
    assert (call.call_id, call.direction) == ("", "internal")


def test_a_strange_row_of_a_cdr_is_told() -> None:
    with pytest.raises(ReportFault, match=r"line 2: expected a row of Asterisk's Master\.csv"):
        read_cdr([(1, next(csv.reader([row("1", "2", "Dial", "BUSY", "1")]))), (2, ["a"])], MOSCOW, str)
