"""Imports of files, into a list instead of Kafka."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from streams.importing.formats import FORMATS
from streams.importing.lines import NotThisFormat
from streams.importing.reading import Options
from streams.importing.run import Counts, Import
from tests.fixtures_topics import PHONE, call

NOW = 1_800_000_000_000  # 2027-01-15T08:00:00Z


class Listed:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[tuple[str, bytes | None, bytes]] = []

    def put(self, topic: str, key: bytes | None, value: bytes) -> None:
        self.records.append((topic, key, value))

    def letters(self) -> list[dict[str, Any]]:
        return [json.loads(value) for topic, _, value in self.records if topic == "dead-letters"]

    def events(self) -> list[bytes]:
        return [value for topic, _, value in self.records if topic != "dead-letters"]


def line(id: str, **changes: Any) -> bytes:
    return json.dumps(call("demo", id, **changes)).encode()


def imported(tmp_path: Path, *texts: bytes, kind: str = "events") -> tuple[Counts, Listed]:
    paths = []
    for number, text in enumerate(texts):
        paths.append(tmp_path / f"file{number}.txt")
        paths[-1].write_bytes(text)
    writer = Listed()
    return Import(FORMATS[kind], Options(NOW), writer).run(paths), writer


def test_events_go_to_their_topics_byte_by_byte(tmp_path: Path) -> None:
    first, second = line("e1") + b" ", line("e2", type="lead.created", lead_id="4", customer="crm:5")
    counts, writer = imported(tmp_path, first + b"\r\n\n" + second)
    assert (counts.lines, counts.accepted, counts.dead_lettered) == (2, 2, 0)
    assert writer.records == [("pbx.calls", PHONE.encode(), first), ("crm.stages", b"crm:5", second)]


def test_bad_lines_become_dead_letters_that_tell_their_line(tmp_path: Path) -> None:
    bad = line("e2", direction="up")
    counts, writer = imported(tmp_path, b"\n".join([line("e1"), bad, b"{oops", line("e3")]))
    assert (counts.lines, counts.accepted, counts.dead_lettered) == (4, 2, 2)
    assert counts.reasons == {"bad_value": 1, "not_json": 1}
    first, second = writer.letters()
    assert first["detail"] == "line 2: direction: expected one of in, out, internal; found 'up'"
    assert first["origin"] == f"import/{hashlib.sha256(bad).hexdigest()}/1"
    assert (first["topic"], first["partition"], first["offset"]) == ("import", -1, -1)
    assert (first["payload"], first["source"], first["received_at"]) == (bad.decode(), "demo", NOW)
    assert second["detail"].startswith("line 3: expected a JSON object")


def test_equal_bad_lines_are_told_apart_and_known_again(tmp_path: Path) -> None:
    text = b"\n".join([line("e1"), b"bad", b"bad", b"worse"])
    _, once = imported(tmp_path, text)
    _, twice = imported(tmp_path, text, text)
    origins = [letter["origin"] for letter in once.letters()]
    assert len(set(origins)) == 3
    assert origins[0].rpartition("/")[0] == origins[1].rpartition("/")[0]
    assert {letter["origin"] for letter in twice.letters()} == set(origins)


def test_each_kind_of_bad_input_is_refused_for_its_reason(tmp_path: Path) -> None:
    bad = {
        "too_large": line("e", note="x" * 2_000_000),
        "not_utf8": line("e", note="~").replace(b"~", b"\xff"),
        "not_json": b'{"a": NaN}',
        "not_an_object": b"null",
        "unknown_type": line("e", type="call.begun"),
        "missing_field": line("e", call_id=""),
        "wrong_type": line("e", call_id=7),
        "bad_value": line("e", direction="up"),
        "bad_time": line("e", occurred_at="yesterday"),
        "implausible_time": line("e", occurred_at="1970-01-01T00:00:00Z"),
        "bad_customer": line("e", customer="84951234567"),
    }
    counts, writer = imported(tmp_path, b"\n".join([line("good"), *bad.values()]))
    assert [letter["reason"] for letter in writer.letters()] == list(bad)
    assert counts.accepted == 1


@pytest.mark.parametrize("size", [300_000, 2_000_000])
def test_of_a_very_long_line_the_beginning_size_and_hash_are_kept(tmp_path: Path, size: int) -> None:
    long = b"x" * size
    counts, writer = imported(tmp_path, line("e1") + b"\n" + long + b"\n" + line("e2"))
    assert counts.accepted == 2
    (letter,) = writer.letters()
    assert letter["reason"] == "too_large"
    assert letter["payload"] == "x" * 65_536
    assert letter["sha256"] == hashlib.sha256(long).hexdigest()
    assert letter["origin"] == f"import/{letter['sha256']}/1"
    assert letter["size"] - size in (0, 1)  # the end of the line


def test_strange_lines_at_the_beginning_are_no_reason_to_refuse_a_file(tmp_path: Path) -> None:
    counts, _ = imported(tmp_path, b'half a line"}\n' * 19 + line("e1"))
    assert (counts.accepted, counts.dead_lettered) == (1, 19)


def test_a_file_of_events_all_of_which_are_bad_is_taken_as_such(tmp_path: Path) -> None:
    counts, _ = imported(tmp_path, b"{}\nnonsense\n")
    assert counts.reasons == {"missing_field": 1, "not_json": 1}


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    counts, writer = imported(tmp_path, b"\xef\xbb\xbf" + line("e1"))
    assert counts.accepted == 1
    assert writer.events() == [line("e1")]


def test_an_empty_file_is_nothing(tmp_path: Path) -> None:
    assert imported(tmp_path, b"")[0] == Counts()


QUEUE_LOG = b"1596512941|1596512941.163|support|NONE|ENTERQUEUE||79991230000|1\n"


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (
            gzip.compress(b"x", mtime=0),
            "events",
            r"line 1: expected text, found a gzip archive.*gunzip --keep",
        ),
        ("{}".encode("utf-16"), "events", r"line 1: expected text, found UTF-16.*iconv"),
        (b"PK\x03\x04zip", "queue_log", r"a zip archive or a spreadsheet"),
        (b"SQLite format 3\x00", "events", r"an SQLite database"),
        (b"one\ntwo\n\x00\x01", "events", r"line 3: expected text, found binary data"),
        (b"\n\nhello", "events", r"line 3: expected a JSON object.*Expected lines such as"),
        (b"[\n{},\n{}\n]", "events", r"line 1: .*one JSON array: jq -c '\.\[\]'"),
        (b'{\n "a": 1\n}\n', "events", r"line 1: .*on one line: jq -c \."),
        (b"{}\n" * 20, "events", r"line 1: type: is missing"),
        (QUEUE_LOG, "events", r"line 1: .*looks like Asterisk's queue_log.*import queue_log"),
        (b'{"type": "call.started"}\n' * 5, "queue_log", r"line 1: .*canonical events.*import events"),
        (b"a;b;c\n" * 5, "queue_log", r"line 1: .*no queue_log.*expected at least 5"),
    ],
)
def test_a_file_that_is_not_what_it_says(tmp_path: Path, text: bytes, kind: str, said: str) -> None:
    with pytest.raises(NotThisFormat, match=rf"(?s)file0\.txt, .*{said}"):
        imported(tmp_path, text, kind=kind)


def test_nothing_of_a_file_that_is_something_else_is_written(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"id;name\n" * 100)
    writer = Listed()
    with pytest.raises(NotThisFormat):
        Import(FORMATS["events"], Options(NOW), writer).run([path])
    assert writer.records == []


def test_a_queue_log_gives_events_and_its_bad_lines_dead_letters(tmp_path: Path) -> None:
    text = (
        QUEUE_LOG
        + b"\n1596512942|1596512941.163|support|\xff|ENTERQUEUE\xff\n"
        + b"strange\xff\n"
        + b"1596513009|1596512941.163|support|NONE|ABANDON|1|1|68\n"
    )
    counts, writer = imported(tmp_path, text, kind="queue_log")
    types = [json.loads(event)["type"] for event in writer.events()]
    assert types == ["call.started", "call.queued", "call.ended"]
    assert json.loads(writer.events()[0])["customer"] == "+79991230000"
    (letter,) = writer.letters()
    assert (letter["reason"], letter["encoding"]) == ("bad_line", "base64")
    assert letter["detail"].startswith("line 4: expected at least 5 fields")
    assert letter["origin"] == f"import/{hashlib.sha256(b'strange' + bytes([255])).hexdigest()}/1"
    assert (counts.lines, counts.accepted, counts.dead_lettered) == (4, 3, 1)
    assert sum(counts.notes.values()) == 1


def test_names_in_an_unknown_encoding_do_not_stop_an_import(tmp_path: Path) -> None:
    connect = "1596512945|1596512941.163|support|Мария|CONNECT|4|1596512941.164|3\n".encode("cp1251")
    counts, writer = imported(tmp_path, QUEUE_LOG + connect, kind="queue_log")
    assert counts.dead_lettered == 0
    managers = {json.loads(event).get("manager") for event in writer.events()}
    assert "\ufffd" * 5 in managers


def test_an_import_again_gives_the_same_records(tmp_path: Path) -> None:
    text = QUEUE_LOG + b"strange\n" + b"1596513009|1596512941.163|support|NONE|ABANDON|1|1|68\n"
    first, second = (imported(tmp_path, text, kind="queue_log")[1].records for _ in range(2))
    assert first == second


def test_progress_ends_at_the_size_of_the_files(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(line("e1") + b"\r\n\n" + b"x" * 300_000 + b"\n" + line("e2"))
    sizes: list[int] = []
    Import(FORMATS["events"], Options(NOW), Listed()).run([path], sizes.append)
    assert sum(sizes) == path.stat().st_size
