"""How long the questions of a dashboard take over 30 days of 200 managers with 20 calls a day each.

    python -m bench.dashboard [--managers 200 --groups 20 --calls 20 --days 30 --rounds 9]

The days are made up: panes as the pipeline would have stored them, from calls at random times of the
working day. ClickHouse is the embedded one, asked over HTTP. Each question is asked `--rounds` times;
the first answer after a restart of ClickHouse is told apart.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clickhouse_connect.driver.client import Client

from bench.dashboard_questions import questions
from bench.parts import ClickHouse
from streams.clock import now_ms
from streams.directory import Directory
from streams.kpis.declarations import KPIS
from streams.records import PaneState
from streams.sinks.connection import ROWS, connect
from streams.sinks.day_keeper import DayKeeper
from streams.sinks.directory_rows import write_directory
from streams.sinks.generated import pane_column_names, pane_values
from streams.sinks.migrations import migrate
from streams.sinks.record_keeper import RecordKeeper
from streams.windows.pane import apply

_MINUTE_MS = 60_000
#: Working day in UTC, h; the centre's zone is UTC.
_OPENS, _CLOSES = 6, 18
_CALLS_COLUMNS = (
    "source call_id customer direction group manager line started_at answered_at ended_at wait_ms talk_ms "
    "outcome in_hours version"
).split()


@dataclass(frozen=True, slots=True)
class Size:
    """How large the centre is."""

    managers: int
    groups: int
    calls: int  #: of a manager on a day
    days: int


#: Stages of the pipeline in their order; the last is the win.
_STAGES = ["new", "qualified", "proposal", "negotiation", "won"]
_Records = dict[str, list[list[object]]]
#: Columns of the records besides calls, in the order in which they are made.
_COLUMNS = {
    "leads": "source lead_id customer manager group created_at version",
    "deals": "source deal_id stage_kind customer manager group created_at closed_at proposed_at version",
    "stage_stays": "source event_id deal_id pipeline stage stage_kind entered_at left_at dwell_ms due_at manager group "
    "customer version",
    "tasks": "source task_id customer manager group created_at due_at done_at version",
    "measurements": "entity name manager group whole at value tag customer version gone",
}


class Centre:
    """Made-up panes, calls and other records of one day at a time."""

    def __init__(self, size: Size, seed: int = 1) -> None:
        self._size = size
        self._random = random.Random(seed)
        self._calls = 0
        self.records: _Records = {table: [] for table in _COLUMNS}

    def day(self, midnight: int, until: int) -> tuple[dict[tuple[str, int], PaneState], list[list[object]]]:
        """Panes by subject and minute, and rows of calls, of a day from its midnight (ms) to `until`."""
        panes: dict[tuple[str, int], PaneState] = defaultdict(PaneState)
        rows: list[list[object]] = []
        last = min(midnight + _CLOSES * 3_600_000, until)
        for number in range(self._size.managers):
            for _ in range(self._size.calls):
                at = midnight + self._random.randrange(_OPENS * 3_600_000, _CLOSES * 3_600_000)
                if at < last:
                    rows.append(self._call(panes, at, number))
        return panes, rows

    def _call(self, panes: dict[tuple[str, int], PaneState], at: int, number: int) -> list[object]:
        manager, group = f"m{number:03}", f"g{number % self._size.groups:02}"
        wait, talk = self._random.randrange(1_000, 60_000), self._random.randrange(1_000, 400_000)
        self._calls += 1
        customer = f"c{self._random.randrange(self._calls + 100):07}"
        kind = self._random.choices(("in", "missed", "out", "lead", "deal"), (40, 10, 35, 10, 5))[0]
        wide, own = (f"g:{group}", "a:all"), (f"m:{manager}", f"g:{group}", "a:all")
        ended = at + wait + (0 if kind == "missed" else talk)

        def fact(subjects: tuple[str, ...], moment: int, *names: str, value: int = 1, tag: str = "") -> None:
            for subject in subjects:
                for name in names:
                    apply(panes[subject, moment // _MINUTE_MS], name, None, value, tag)

        if kind in ("in", "missed"):
            fact(wide, at, "call_in")
        if kind == "in":
            fact(wide, at + wait, "call_answered", "call_answered_hours", "response", value=wait)
            fact(wide, at + wait, "call_answered_in_t", "call_answered_in_t_all")
            fact(own[:1], at + wait, "call_answered_by")
            fact(own, at + wait, "offer", "offer_answered", "handled")
            fact(own, at + wait, "ring", value=min(wait, 20_000))
            fact(own, ended, "talk", value=talk)
            fact(own, ended, "quality")
        elif kind == "missed":
            fact(wide, ended, "call_missed", "call_missed_hours")
            fact(wide, ended, "missed_caller", tag=customer)
            fact(own, ended, "offer", "offer_missed")
            fact(wide, ended + 1_200_000, "callback_due", "callback_in_time")
            fact(wide, ended + 600_000, "callback", "response", value=600_000)
        elif kind == "out":
            fact(own, at, "dial", "dial_answered", "dial_conversation")
            fact(own, at + wait, "handled")
            fact(own, ended, "talk", value=talk)
        elif kind == "lead":
            fact(own, at, "lead_new")
            fact(own, at + wait, "lead_response", "lead_response_cal", value=wait)
            fact(own, at + 300_000, "lead_due_5m", "lead_in_5m", "lead_due_5m_cal", "lead_in_5m_cal")
            fact(own, at + 3_600_000, "lead_due_1h", "lead_in_1h", "lead_due_1h_cal", "lead_in_1h_cal")
            fact(own, at + 86_400_000, "lead_contact_due", "lead_contacted")
        else:
            fact(own, at, "stage_move", "crm_action", "deal_won", "deal_win")
            fact(own, at, "won_amount", "win_amount", value=1_000_000)
            fact(own, at, "stage_dwell", "deal_cycle", value=86_400_000)
        self._keep(kind, at, manager, group, customer)
        direction = "out" if kind in ("out", "deal", "lead") else "in"
        missed = kind == "missed"
        return [
            "pbx", f"{self._calls:08}", customer, direction, group, "" if missed else manager,
            f"+7495000{number % 10:04}", _time(at), None if missed else _time(at + wait), _time(ended), wait,
            None if missed else talk, "missed" if missed else "answered", True, 1,
        ]  # fmt: skip

    def _keep(self, kind: str, at: int, manager: str, group: str, customer: str) -> None:
        """What the CRM has of it: a lead; a deal with two stays and a task; spans of a missed call."""
        id_, begun, done = (
            f"{self._calls:08}",
            _time(at),
            _time(at + 3_600_000 * self._random.randrange(1, 200)),
        )
        own = manager, group
        if kind == "lead":
            self.records["leads"].append(["crm", id_, customer, *own, begun, 1])
        elif kind == "deal":
            won = self._random.random() < 0.3
            self.records["deals"].append(
                ["crm", id_, "won" if won else "open", customer, *own, begun, done if won else None, begun, 1]
            )
            self._stays(id_, at, won=won, own=own, customer=customer)
            if won:
                self._fact(f"crm/{id_}", "deal_win", *own, done, 1, customer)
            self.records["tasks"].append(["crm", id_, customer, *own, begun, done, done if won else None, 1])
        elif kind == "missed":
            for name, hours in (("missed_item", 36), ("span_missed", 5), ("span_uncalled", 2)):
                self._fact(f"pbx/{id_}", name, "", group, begun, at + hours * 3_600_000, customer)

    def _stays(self, id_: str, at: int, *, won: bool, own: tuple[str, str], customer: str) -> None:
        """Some stages of the pipeline one after the other, and the win if it is won."""
        open_stages = _STAGES[: self._random.randrange(1, len(_STAGES))]
        path = [*open_stages, "won"] if won else open_stages
        for number, stage in enumerate(path):
            dwell = 3_600_000 * self._random.randrange(1, 48)
            lasts = number + 1 == len(path)
            self.records["stage_stays"].append(
                ["crm", f"{id_}-{number}", id_, "main", stage, "won" if stage == "won" else "open", _time(at),
                 None if lasts else _time(at + dwell), None if lasts else dwell, _time(at + 86_400_000),
                 *own, customer, 1]
            )  # fmt: skip
            at += dwell

    def _fact(
        self, entity: str, name: str, manager: str, group: str, at: datetime, value: int, customer: str
    ) -> None:
        self.records["measurements"].append(
            [entity, name, manager, group, True, at, value, "", customer, 1, 0]
        )


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def _directory(size: Size) -> str:
    groups = "".join(f"  g{number:02}: {{name: Group {number}}}\n" for number in range(size.groups))
    managers = "".join(
        f"  m{number:03}: {{name: Manager {number}, group: g{number % size.groups:02}}}\n"
        for number in range(size.managers)
    )
    return f"groups:\n{groups}managers:\n{managers}"


def fill(client: Client, size: Size) -> None:
    """Writes the directory and the days up to now."""
    write_directory(client, Directory.from_text(_directory(size)), now_ms())
    centre, now = Centre(size), datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    columns = ("subject", "minute", *pane_column_names(), "version")
    for ago in range(size.days - 1, -1, -1):
        begin = int((midnight - timedelta(days=ago)).timestamp() * 1000)
        # However early it is: today is as far on as it ever gets.
        panes, calls = centre.day(begin, begin + 86_400_000)
        rows = [
            [subject, minute * 60, *pane_values(pane), 1]
            for (subject, minute), pane in sorted(panes.items(), key=lambda item: item[0][1])
        ]
        client.insert("kpi_minutes", rows, column_names=columns, database=ROWS)
        client.insert("calls", calls, column_names=_CALLS_COLUMNS, database=ROWS)
    for table, records in centre.records.items():
        client.insert(table, records, column_names=_COLUMNS[table].split(), database=ROWS)
    stages = [
        ["main", stage, stage, place, "won" if stage == "won" else "open", 1]
        for place, stage in enumerate(_STAGES)
    ]
    columns = ("pipeline", "stage", "name", "position", "kind", "version")
    client.insert("funnel_stages", stages, column_names=columns, database=ROWS)
    _fill_plans(client, size, now)
    _fill_now(client, size)


def _fill_plans(client: Client, size: Size, now: datetime) -> None:
    """A plan of every manager for the running month, and a bonus formula of every group."""
    first = now.date().replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    plans = [
        ["manager", f"m{number:03}", "calls_handled", first, last, 400.0, 1]
        for number in range(size.managers)
    ]
    terms = [
        [f"g{number:02}", kpi, 20_000.0, 0.5, 300.0, 1.5, 1, "up", "RUB", 1]
        for number in range(size.groups)
        for kpi in ("calls_handled", "quality_calls")
    ]
    columns = ("subject_kind", "subject", "kpi", "period_start", "period_end", "value", "version")
    client.insert("plans", plans, column_names=columns, database=ROWS)
    names = ("group", "kpi", "base", "weight", "target", "cap", "min_n", "direction", "currency", "version")
    client.insert("bonus_terms", terms, column_names=names, database=ROWS)


def _fill_now(client: Client, size: Size) -> None:
    """Live values of every KPI, window and subject."""
    now = now_ms() + 3_600_000  # still live at the last question
    subjects = [f"m:m{number:03}" for number in range(size.managers)]
    subjects += [f"g:g{number:02}" for number in range(size.groups)] + ["a:all"]
    rows = [
        [subject, kpi.id, window, now, 5.0, 20, now]
        for subject in subjects
        for kpi in KPIS.values()
        if kpi.concerns(subject)
        for window in kpi.windows
    ]
    columns = ("subject", "kpi", "window", "as_of", "value", "n", "version")
    client.insert("kpi_now", rows, column_names=columns, database=ROWS)


def ask(client: Client, sql: str) -> float:
    """How long an answer takes, ms."""
    began = time.perf_counter()
    client.query(sql)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Fill, keep, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name, default in (("managers", 200), ("groups", 20), ("calls", 20), ("days", 30), ("rounds", 9)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    size = Size(asked.managers, asked.groups, asked.calls, asked.days)
    with tempfile.TemporaryDirectory(prefix="bench-dashboard-") as folder:
        server = ClickHouse(Path(folder))
        try:
            client = connect(server.url)
            migrate(client)
            fill(client, size)
            began = time.perf_counter()
            keeper = DayKeeper(client)
            while keeper.turn():
                pass
            kept = time.perf_counter() - began
            began = time.perf_counter()
            keeper.turn()
            idle = time.perf_counter() - began
            began = time.perf_counter()
            RecordKeeper(client, Directory.from_text(_directory(size))).turn()
            records = time.perf_counter() - began
        finally:
            server.stop()
        server = ClickHouse(Path(folder))
        try:
            client = connect(server.url)
            _print_sizes(client, size)
            print(
                f"all days added up for the first time: {kept:.1f} s; a look whether any has changed {idle * 1000:.0f} ms"
            )
            print(f"KPI of records computed: {records:.1f} s")
            _print_times(client, size, asked.rounds)
        finally:
            server.stop()


def _print_sizes(client: Client, size: Size) -> None:
    counted = {
        table: client.query(f"SELECT count() FROM {ROWS}.{table}").result_rows[0][0]
        for table in (
            "kpi_minutes",
            "calls",
            "leads",
            "deals",
            "stage_stays",
            "kpi_days",
            "kpi_day_records",
            "kpi_now",
        )
    }
    told = ", ".join(f"{rows:,} rows of {table}" for table, rows in counted.items())
    print(f"centre of the dashboard's questions: {size.managers} managers, {size.days} days, {told}")


def _print_times(client: Client, size: Size, rounds: int) -> None:
    worst = 0.0
    for name, sql in questions(size.days):
        first = ask(client, sql)
        times = sorted(ask(client, sql) for _ in range(rounds))
        middle = statistics.median(times)
        worst = max(worst, middle)
        print(f"{name}: median {middle:.0f} ms, slowest {times[-1]:.0f} ms, first {first:.0f} ms", flush=True)
    print(f"slowest question of {len(KPIS)} KPI: median {worst:.0f} ms, goal 300 ms")


if __name__ == "__main__":
    main()
