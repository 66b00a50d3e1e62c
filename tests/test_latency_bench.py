"""The latency bench gives no figure of what did not come, came twice or was something else."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bench import table
from bench.backlog import EXAMPLE, sized_config
from bench.crossings import EVENTS_EACH, add_watched, before, crossings, expected, value_when_fired
from bench.figures import ELSEWHERE, save
from bench.latency_feed import merged
from bench.noted import NotYet, counted, steps
from bench.noted_alerts import WrongAlerts, once_each
from streams.alerts.machine import AlertState, step
from streams.alerts.rules import load_rules
from streams.directory import Directory

A, B = ("missed-offers-1", "w0001"), ("missed-offers-1", "w0002")


def test_the_nth_to_arrive_is_there_when_the_count_reaches_it() -> None:
    rows = [("1000", "7", "1"), ("1200", "8", "2"), ("1300", "7", "1"), ("1500", "7", "2")]
    assert steps(rows) == [(1, 1000), (3, 1200), (3, 1300), (4, 1500)]
    assert counted("pane", [900, 950, 1100, 1400], steps(rows)) == [
        (900, 1000),
        (950, 1200),
        (1100, 1200),
        (1400, 1500),
    ]


def test_what_was_not_counted_and_what_was_counted_twice_give_no_ages() -> None:
    with pytest.raises(NotYet, match="1 were counted of 2"):
        counted("pane", [900, 950], [(1, 1000)])
    with pytest.raises(NotYet):
        counted("pane", [], [])
    with pytest.raises(ValueError, match="3 were counted, but 2 arrived"):
        counted("pane", [900, 950], [(1, 1000), (3, 1100)])


def test_every_alert_comes_once_with_its_value() -> None:
    once_each([A, B], [((A, "firing", 2.0), "topic"), ((B, "firing", 2.0), "topic")])
    with pytest.raises(NotYet, match="1 of 2"):
        once_each([A, B], [((A, "firing", 2.0), "topic")])
    for wrong in ((A, "firing", 2.0), (("missed-offers-2", "w0001"), "firing", 2.0)):
        with pytest.raises(WrongAlerts, match="not expected"):
            once_each([A], [((A, "firing", 2.0), "topic"), (wrong, "topic")])
    for other in ((A, "resolved", 2.0), (A, "firing", 3.0)):
        with pytest.raises(WrongAlerts, match="not firing at 2"):
            once_each([A], [(other, "topic")])


def test_only_the_second_declined_offer_of_a_section_crosses_its_limit(tmp_path: Path) -> None:
    config = sized_config(tmp_path / "config", 3)
    add_watched(config, 5, 2)
    directory = Directory.from_text((config / "directory.yaml").read_text("utf-8"))
    found = {rule.name: rule for rule in load_rules((config / "rules.yaml").read_text("utf-8"), directory)}
    shipped = set(load_rules((EXAMPLE / "rules.yaml").read_text("utf-8"), directory))
    assert found.keys() == {rule.name for rule in shipped} | {"missed-offers-1", "missed-offers-2"}
    for section in (1, 2):
        rule = found[f"missed-offers-{section}"]
        assert {who[2:] for who in rule.named} == {who for _, who in expected(section, 5).values()}
        at_limit, crossed = float(value_when_fired(section) - 1), float(value_when_fired(section))
        _, quiet = step(rule, AlertState(), "m:w0001", at_limit, int(at_limit), 1_000, in_hours=False)
        _, fired = step(rule, AlertState(), "m:w0001", crossed, int(crossed), 1_000, in_hours=False)
        assert quiet is None
        assert fired is not None
        assert fired.change == "fired"


def test_each_cause_is_written_once_within_its_section() -> None:
    timed = crossings(2, 5, 10.0)
    ids = [event["event_id"] for _, event in [*timed, *before(2, 5, 10.0)]]
    assert len(ids) == len(set(ids)) == 2 * 5 * EVENTS_EACH
    causes = {event["event_id"]: at for at, event in timed if event["event_id"] in expected(2, 5)}
    assert causes.keys() == expected(2, 5).keys()
    assert all(0 < at < 10 for at in causes.values())
    steps_apart = sorted(at % (10 / 6) for at in causes.values())
    assert min(b - a for a, b in pairwise(steps_apart)) > 0.1  # not in step


def test_the_feed_has_its_rate_with_everything_at_its_time() -> None:
    def simulated() -> Iterator[dict[str, Any]]:
        for number in range(100):
            yield {"event_id": f"simulated-{number}", "manager": "m001"}

    timed = [(0.5, {"event_id": "late", "customer": "+79990000000"}), (0.0, {"event_id": "at once"})]
    lines = merged(simulated(), timed, rate=10, seconds=2)
    assert len(lines) == 20
    assert b'"at once"' in lines[0][1]
    assert lines[5][0] == b"+79990000000"
    assert b'"simulated-17"' in lines[19][1]


def test_the_table_has_a_row_for_each_rate_and_the_goals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ELSEWHERE, str(tmp_path))
    ages = {"p50": 200, "p95": 300, "p99": 380, "of": 4_000}
    cores = {"broker": 0.3, "worker": 0.41, "bench": 0.05, "others": 0.0}

    def at(rate: float, fed: float, left: int) -> dict[str, Any]:
        told = {"rate": rate, "seconds": 20.0, "fed": fed, "left": left, "after_s": 31.4}
        return told | {
            "ages_ms": {"pane": ages, "live": {**ages, "p99": 1_250, "of": 40}},
            "cores": cores,
            "memory_mb": {},
        }

    alone = at(500, 500, 100) | {"alone": True, "ages_ms": {"pane": {**ages, "p99": 370}}}
    save("latency", {"rates": [at(200, 199.9, 80), at(500, 499.8, 200), at(5_000, 4_990, 60_000), alone]})
    rows = {what: (figure, goal) for what, figure, goal in table.rows()}
    assert rows["topic to stored pane, at 500 events/s"] == (
        "p50 200 ms, p95 300 ms, p99 380 ms",
        "p99 400 ms",
    )
    assert rows["topic to stored pane, at 500 events/s, ClickHouse and sink standing still"] == (
        "p50 200 ms, p95 300 ms, p99 370 ms",
        "p99 400 ms",
    )
    live = "topic to the live value (`kpi_now`), at"
    assert rows[f"{live} 200 events/s"] == ("p50 0.20 s, p95 0.30 s, p99 1.25 s, of 40", "p95 1 s")
    assert rows[f"{live} 500 events/s"][1] == rows["topic to stored pane, at 200 events/s"][1] == ""
    assert rows["cores in use, at 500 events/s"] == (
        "broker 0.30, worker 0.41; the bench itself 0.05",
        "worker 0.5",
    )
    assert [what for what in rows if what.startswith("fed")] == ["fed at 5,000 events/s"]
    assert "60,000 not taken yet, 31 s later" in rows["fed at 5,000 events/s"][0]
