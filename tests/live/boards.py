"""Boards for tests, and what the view makes of them as text."""

from datetime import UTC, datetime, timedelta

from rich.console import Console, RenderableType

from streams.live.board import ALL, Alert, Board, Chart, Person, Subject, Value

NOW = datetime(2027, 1, 15, 9, 30, 0, tzinfo=UTC)
ANNA: Subject = ("manager", "m001")
GHOST: Subject = ("manager", "unmapped:asterisk:SIP/199")


def busy() -> Board:
    """A centre in the middle of a morning."""
    values = {
        (ALL, "calls_in", "1h"): Value(120, 120),
        (ALL, "calls_answered", "1h"): Value(100, 100),
        (ALL, "calls_missed", "1h"): Value(15, 15),
        (ALL, "missed_share", "1h"): Value(15 / 115, 115),
        (ALL, "service_level", "1h"): Value(0.82, 115),
        (ALL, "answer_wait_avg_s", "1h"): Value(12.4, 100),
        (ALL, "talk_s", "1h"): Value(11_045.0, 140),
        (ALL, "missed_share_all_hours", "today"): Value(0.05, 20),
        (ALL, "calls_waiting", "now"): Value(2, 2),
        (ALL, "longest_waiting_s", "now"): Value(75.0, 2),
        (ALL, "open_missed", "now"): Value(4, 4),
        (ALL, "open_missed_oldest_s", "now"): Value(3_725.0, 4),
        (ALL, "uncalled_missed", "now"): Value(3, 3),
        (ANNA, "calls_handled", "1h"): Value(9, 9),
        (ANNA, "calls_answered", "1h"): Value(7, 7),
        (ANNA, "offers_missed", "1h"): Value(2, 2),
        (ANNA, "offers_missed_share", "1h"): Value(2 / 9, 9),
        (ANNA, "talk_s", "1h"): Value(1_234.0, 9),
        (ANNA, "calls_handled", "today"): Value(31, 31),
        (GHOST, "calls_handled", "1h"): Value(1, 1),
    }
    return Board(
        taken_at=NOW,
        values=values,
        people={"m001": Person("Anna Petrova", "Sales"), "m002": Person("Boris Sokolov", "Sales")},
        charts={ANNA: Chart([0] * 26 + [1, 0, 2, 4], [0] * 30, 7.25)},
        alerts=[Alert("critical", NOW - timedelta(minutes=4), "Sales: 31 % of 29 calls missed in 15m")],
        as_of=NOW - timedelta(seconds=1),
        newest_event=NOW - timedelta(seconds=2),
        events_per_minute=57,
        parts={"kafka": "ready", "worker": "restarting"},
        notices=["worker: restarted after exit 137"],
    )


def shown(renderable: RenderableType, width: int = 150) -> str:
    """What a terminal of this width would show, without colours."""
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()
