"""The view as text: every figure in its place, and no figure where there is none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from streams.live import texts
from streams.live.board import Board, Person, Value
from streams.live.rendering import plain, render
from streams.live.summary import Leader, Outcome, render_outcome
from tests.live.boards import NOW, busy, shown


def _cells(text: str, of: str) -> list[str]:
    """What stands in a line, parted by at least two blanks."""
    line = next(line for line in text.splitlines() if of in line)
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_totals() -> None:
    cells = _cells(shown(render(busy())), "last hour ")
    assert cells[:8] == ["last hour", "120", "100", "15", "▲ 13 %", "82 %", "12 s", "3:04:05"]


def test_a_share_of_all_hours_stands_in_when_none_lies_within_working_hours() -> None:
    cells = _cells(shown(render(busy())), "today  ")
    assert cells == ["today", "–", "–", "–", "5 %", "–", "–", "–"]


def test_what_waits_now() -> None:
    text = shown(render(busy()))
    assert "waiting now 2 (longest 1:15)" in text
    assert "to call back 4 (oldest 1:02:05), 3 of them not tried yet" in text


def test_a_manager_has_a_line_with_a_chart() -> None:
    cells = _cells(shown(render(busy())), "Anna Petrova")
    assert cells[:8] == ["Anna Petrova", "Sales", "9", "7", "2 (22 %)", "7.2 s", "20:34", "31"]
    assert cells[8] == "▂ ▄█"


def test_busiest_managers_come_first_and_unlisted_ones_are_seen() -> None:
    text = shown(render(busy()))
    places = [text.index(name) for name in ("Anna Petrova", "? SIP/199", "Boris Sokolov")]
    assert places == sorted(places)


def test_alerts_parts_and_notices_are_named() -> None:
    text = shown(render(busy()))
    assert "✖ critical: Sales: 31 % of 29 calls missed in 15m  (for 4:00)" in text
    assert "● kafka" in text
    assert "○ worker restarting" in text
    assert "worker: restarted after exit 137" in text


def test_fresh_figures_say_of_when_they_are() -> None:
    text = shown(render(busy()))
    assert f"data as of {texts.clock(NOW - timedelta(seconds=1))}" in text
    assert "ago)" not in text.splitlines()[0]


def test_old_figures_say_how_old_they_are() -> None:
    old = replace(busy(), as_of=NOW - timedelta(seconds=61))
    assert "(1:01 ago)" in shown(render(old)).splitlines()[0]
    assert "(1:01 ago)" in plain(old)


def test_the_last_figures_stay_while_clickhouse_is_away() -> None:
    text = shown(render(busy().away(NOW + timedelta(seconds=3), "ClickHouse does not answer")))
    assert "▲ ClickHouse does not answer; the figures below are the last ones known" in text
    assert "Anna Petrova" in text


def test_an_empty_centre_shows_dashes_and_says_so() -> None:
    text = shown(render(Board(NOW)))
    assert "nobody yet" in text
    assert "waiting now – (longest –)" in text
    assert "0 %" not in text
    assert "100 %" not in text


def test_more_managers_than_lines_are_counted() -> None:
    people = {f"m{n:03d}": Person(f"Person {n:03d}", "") for n in range(200)}
    text = shown(render(replace(busy(), people=people), height=40))
    assert len(text.splitlines()) <= 40
    assert "more" in text


def test_it_fits_a_narrow_terminal() -> None:
    text = shown(render(busy(), width=80), 80)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "…" not in text.replace(" … and", "")
    assert "Sales " not in text
    assert _cells(text, "Anna Petrova")[-1] == "▂ ▄█"


def test_the_view_in_one_line() -> None:
    line = plain(busy())
    assert "\n" not in line
    assert "120 in · 100 answered · 15 missed · service level 82 %" in line
    assert "to call back 4 (oldest 1:02:05) · 1 alerts · 57 events/min" in line


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (0.0, "0.0 s"), (9.94, "9.9 s"), (10.2, "10 s"), (59.4, "59 s"),
        (59.6, "1:00"), (60, "1:00"), (3599, "59:59"), (3600, "1:00:00"), (86_400, "24:00:00"),
    ],
)  # fmt: skip
def test_seconds(value: float | None, text: str) -> None:
    assert texts.seconds(value) == text


@pytest.mark.parametrize(
    ("counts", "text"),
    [((), ""), ((0, 0), "  "), ((1, 8), "▁█"), ((0, 1, 2), " ▄█"), ((1, 100), "▁█"), ((-1, 4), " █")],
)
def test_sparkline(counts: tuple[int, ...], text: str) -> None:
    assert texts.sparkline(counts) == text


def test_a_retracted_value_is_no_value() -> None:
    board = Board(NOW, values={(("all", "all"), "calls_in", "1h"): Value(None, 0)})
    assert "last hour: – in" in plain(board)


def test_the_summary_tells_what_the_run_came_to() -> None:
    outcome = Outcome(
        events=12_345,
        dead_letters=3,
        calls=1_800,
        alerts=1,
        reasons=[("not_json", 2), ("bad_time", 1)],
        leaders=[Leader("Anna Petrova", 40, 38, 5_400.0, 6.5), Leader("Boris Sokolov", 31, 0, 90.0, None)],
        latencies=[0.4, 0.2, 0.3, 0.9],
    )
    text = shown(render_outcome(outcome), 100)
    assert "12 345, of 1 800 calls" in text
    assert "3 (2 not_json, 1 bad_time)" in text
    assert "p50 0.4 s, p95 0.9 s (of 4 looks)" in text
    assert "no difference" in text
    cells = _cells(text.replace("│", "  "), "Boris Sokolov")
    assert cells == ["2", "Boris Sokolov", "31", "0", "1:30", "–"]


def test_the_summary_names_differences_and_what_could_not_be_compared() -> None:
    differing = Outcome(1, 0, 1, 0, differences=[f"pane {n}" for n in range(12)])
    text = shown(render_outcome(differing))
    assert "12 differences" in text
    assert "pane 9" in text
    assert "pane 10" not in text
    behind = shown(render_outcome(Outcome(1, 0, 1, 0, unreconciled="sink has not read all of x yet")))
    assert "could not compare: sink has not read all of x yet" in behind


def test_clock_of_nothing() -> None:
    assert texts.clock(None) == "–"
    assert texts.age(datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)) == 0
