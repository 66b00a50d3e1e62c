"""Asterisk's queue_log, against events worked out by hand.

Each pair `queue_log/NAME.log` and `queue_log/NAME.jsonl` is a test: the lines, and what they mean,
with the number of the line. 1800000000 is 2027-01-15T08:00:00Z.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from streams.events import parse
from streams.records import Event
from streams.sources.queue_log import Fault, NotAQueueLog, QueueLog, read

LOGS = Path(__file__).parent / "queue_log"
KEYS = {"1": "callback_taken"}
LATER = 1_900_000_000_000


def _lines(name: str) -> list[str]:
    return (LOGS / f"{name}.log").read_text().splitlines(keepends=True)


def _told(items: Iterable[tuple[int, dict[str, Any]] | Fault]) -> Iterator[dict[str, Any]]:
    for item in items:
        if isinstance(item, Fault):
            yield {"line": item.line_no, "fault": item.detail}
        else:
            line_no, event = item
            assert event.pop("source") == "asterisk"
            assert event.pop("event_id")
            yield {"line": line_no, **event}


def _events(items: Iterable[tuple[int, dict[str, Any]] | Fault]) -> list[dict[str, Any]]:
    return [item[1] for item in items if not isinstance(item, Fault)]


@pytest.mark.parametrize("name", sorted(path.stem for path in LOGS.glob("*.log")))
def test_golden(name: str) -> None:
    expected = [json.loads(line) for line in (LOGS / f"{name}.jsonl").read_text().splitlines()]
    assert list(_told(read(_lines(name), keys=KEYS))) == expected


@pytest.mark.parametrize("name", sorted(path.stem for path in LOGS.glob("*.log")))
def test_events_are_valid_and_the_same_when_read_again(name: str) -> None:
    first, again = (_events(read(_lines(name), keys=KEYS)) for _ in range(2))
    assert first == again
    assert len({event["event_id"] for event in first}) == len(first)
    for event in first:
        assert isinstance(parse(json.dumps(event).encode(), logged_at=LATER), Event), event


@pytest.mark.parametrize("name", sorted(path.stem for path in LOGS.glob("*.log")))
def test_a_log_that_grows_tells_nothing_else(name: str) -> None:
    """Wherever the log stood when it was read first, what was told then stays true."""
    lines = _lines(name)
    whole = {event["event_id"]: event for event in _events(read(lines))}
    for length in range(len(lines)):
        stamp = lines[length - 1].partition("|")[0] if length else ""
        now = int(stamp) * 1000 if stamp.isdigit() else 0
        if now:
            for event in _events(read(lines[:length], now=now)):
                assert whole[event["event_id"]] == event


@pytest.mark.parametrize("cut", range(11))
def test_rotated_files_are_one_log(cut: int) -> None:
    lines = _lines("visits")
    log = QueueLog()
    told = [*log.read(lines[:cut]), *log.read(lines[cut:]), *log.finish()]
    assert _events(told) == _events(read(lines))


def test_equal_lines_are_different_events_and_keep_their_ids() -> None:
    rings = [event["event_id"] for event in _events(read(_lines("ring_all"))) if "reason" in event]
    assert len(rings) == len(set(rings))
    shifted = ["1799999000|NONE|NONE|NONE|CONFIGRELOAD|\n", *_lines("ring_all")]
    assert rings == [event["event_id"] for event in _events(read(shifted)) if "reason" in event]


@pytest.mark.parametrize("name", sorted(path.stem for path in LOGS.glob("*.log")))
def test_a_file_given_twice_in_one_import_tells_nothing_new(name: str) -> None:
    log = QueueLog(keys=KEYS)
    told = [*log.read(_lines(name)), *log.read(_lines(name)), *log.finish()]
    ids = {event["event_id"] for event in _events(told)}
    assert ids == {event["event_id"] for event in _events(read(_lines(name), keys=KEYS))}


def test_a_call_that_just_left_may_go_on() -> None:
    lines = _lines("not_answered")[3:5]  # EXITWITHTIMEOUT at 1800000160
    log = QueueLog()
    assert len(list(log.read(lines))) == 2
    assert list(log.finish(now=1_800_000_459_999)) == []
    [(line_no, end)] = log.finish(now=1_800_000_460_000)
    assert (line_no, end["type"], end["reason"]) == (2, "call.ended", "queue_timeout")


def test_what_is_not_told_is_counted() -> None:
    log = QueueLog()
    assert list(log.read(_lines("faults")))
    assert log.counts == {"unknown_call": 1, "ignored:LUNCHBELL": 1}


@pytest.mark.parametrize(
    ("number", "customer"),
    [
        ("+74951234567", "+74951234567"),
        ("84951234567", "+74951234567"),
        ("74951234567", "+74951234567"),
        ("4951234567", "+74951234567"),
        ("8 (495) 123-45-67", "+74951234567"),
        ("0074951234567", "+74951234567"),
        ("+442079460123", "+442079460123"),
        ("12025550123", "+12025550123"),
        ("7000", "ext:7000"),
        ("101", "ext:101"),
        ("", "anonymous:1.1"),
        ("anonymous", "anonymous:1.1"),
        ("<unknown>", "anonymous:1.1"),
        ("SIP/101", "anonymous:1.1"),
        ("+7000", "anonymous:1.1"),
    ],
)
def test_callers(number: str, customer: str) -> None:
    [started, _] = _events(read([f"1800000000|1.1|sales|NONE|ENTERQUEUE||{number}|1"]))
    assert started["customer"] == customer


def test_callers_of_another_country() -> None:
    line = "1800000000|1.1|sales|NONE|ENTERQUEUE||02079460123|1"
    [started, _] = _events(read([line], country="GB"))
    assert started["customer"] == "+442079460123"


@pytest.mark.parametrize(
    ("text", "line_no"),
    [
        ('{"event_id": "1"}\n', 1),
        ("\n\ncall;manager;started\n", 3),
        ("a|b|c|d|e\n" * 10, 1),
        ("2027-01-15 08:00:00.123456|1.1|sales|NONE|ENTERQUEUE||7000|1\n", 1),
    ],
)
def test_another_file_is_refused_at_its_first_lines(text: str, line_no: int) -> None:
    with pytest.raises(NotAQueueLog, match=rf"line {line_no}: this is no queue_log") as caught:
        list(read(text.splitlines(keepends=True)))
    assert caught.value.line_no == line_no


def test_a_broken_first_line_is_a_fault_when_the_rest_is_a_queue_log() -> None:
    lines = ["|1|1|68\n", *_lines("answered")]  # a log rotated in the middle of a line
    first, *rest = read(lines)
    assert isinstance(first, Fault)
    assert len(_events(rest)) == 12


def test_an_endless_log_takes_bounded_memory() -> None:
    log = QueueLog()
    for _ in log.read(_endless(10_000)):
        pass
    assert len(log._book._open) < 10
    assert len(log._book._ended) < 500
    assert len(log._identities._seen) < 500


def _endless(calls: int) -> Iterator[str]:
    for n in islice(range(calls), calls):
        at = 1_800_000_000 + n * 60
        yield f"{at}|{at}.{n}|sales|NONE|ENTERQUEUE||8495123{n % 10_000:04d}|1\n"
        yield f"{at + 9}|{at}.{n}|sales|SIP/101|CONNECT|9|{at + 1}.0|8\n"
        yield f"{at + 40}|{at}.{n}|sales|SIP/101|COMPLETEAGENT|9|31|1\n"
