"""Reads a board from ClickHouse; while that is away, the last one known with the reason."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error

from streams.live.board import CHART_MINUTES, Alert, Board, Chart, Person, Subject, Value
from streams.sinks.connection import ROWS, VIEWS, connect

_KPIS = (
    "calls_in", "calls_answered", "calls_missed", "missed_share", "missed_share_all_hours",
    "service_level", "service_level_all_hours", "answer_wait_avg_s", "talk_s", "calls_handled",
    "offers_missed", "offers_missed_share", "calls_waiting", "longest_waiting_s",
    "open_missed", "open_missed_oldest_s", "uncalled_missed",
)  # fmt: skip
_VALUES = f"""
SELECT subject_kind, subject, kpi, window, value, n, as_of FROM {VIEWS}.kpi_now
WHERE window IN ('1h', 'today', 'now') AND kpi IN ({", ".join(f"'{kpi}'" for kpi in _KPIS)})
  AND (subject_kind = 'manager' OR subject_kind = 'all')"""
_CHARTS = f"""
SELECT subject_kind, subject, groupArray((toUnixTimestamp(minute), handled_n, call_in_n)),
       sum(ring_s), sum(ring_n)
FROM {VIEWS}.kpi_minutes
WHERE minute > now('UTC') - INTERVAL 1 HOUR AND subject_kind != 'group'
GROUP BY subject_kind, subject"""
_PEOPLE = f"""
SELECT m.manager, m.name, if(g.name = '', m.`group`, g.name)
FROM {VIEWS}.managers AS m LEFT JOIN {VIEWS}.groups AS g ON g.`group` = m.`group`
WHERE m.active"""
_ALERTS = f"""
SELECT severity, started_at, summary FROM {VIEWS}.alerts WHERE state = 'firing'
ORDER BY severity = 'critical' DESC, started_at"""
#: Without FINAL: it is asked often, and a row stored twice moves neither by much.
_NEWEST = f"SELECT max(logged_at), countIf(logged_at > now64(3) - INTERVAL 1 MINUTE) FROM {ROWS}.events"

#: For how long what was read is good enough: figures of the moment are read each time.
_KEPT = {_PEOPLE: timedelta(seconds=30), _CHARTS: timedelta(seconds=3), _ALERTS: timedelta(seconds=2)}


class Reader:
    """Reads boards, one after another, over one connection that it makes anew when it breaks."""

    def __init__(
        self,
        clickhouse: str,
        parts_file: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`clickhouse`: URL with user and password. `parts_file`: where `up` says how its parts are."""
        self._url = clickhouse
        self._parts_file = parts_file
        self._clock = clock
        self._client: Client | None = None
        self._last = Board(clock())
        self._kept: dict[str, tuple[datetime | None, Sequence[Sequence[Any]]]] = {}

    def read(self) -> Board:
        """The board now. While ClickHouse is away, the last one with `fault` set."""
        now = self._clock()
        try:
            self._last = self._read(self._connected(), now)
        except (Error, OSError, ValueError) as error:
            self.close()
            self._last = self._last.away(now, _in_words(error))
        return replace(self._last, parts=_parts(self._parts_file))

    def newest_event(self) -> datetime | None:
        """When Kafka got the newest stored event; None while there is none or ClickHouse is away."""
        try:
            return _newest(self._connected())[0]
        except (Error, OSError, ValueError):
            self.close()
            return None

    def close(self) -> None:
        """Lets the connection go."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connected(self) -> Client:
        if self._client is None:
            self._client = connect(self._url)
        return self._client

    def _read(self, client: Client, now: datetime) -> Board:
        values: dict[tuple[Subject, str, str], Value] = {}
        as_of: datetime | None = None
        for kind, subject, kpi, window, value, n, at in client.query(_VALUES).result_rows:
            values[(kind, subject), kpi, window] = Value(value, n)
            as_of = max(as_of or _utc(at), _utc(at))
        newest, per_minute = _newest(client)
        people, charts, alerts = (self._rows(client, query, now) for query in (_PEOPLE, _CHARTS, _ALERTS))
        return Board(
            taken_at=now,
            values=values,
            people={row[0]: Person(row[1], row[2]) for row in people},
            charts=_charts(charts, now),
            alerts=[Alert(row[0], _utc(row[1]), row[2]) for row in alerts],
            as_of=as_of,
            newest_event=newest,
            events_per_minute=per_minute,
        )

    def _rows(self, client: Client, query: str, now: datetime) -> Sequence[Sequence[Any]]:
        """Rows of a query that need not be asked at each look."""
        at, rows = self._kept.get(query, (None, ()))
        if at is None or not timedelta() <= now - at < _KEPT[query]:
            rows = client.query(query).result_rows
            self._kept[query] = now, rows
        return rows


def _newest(client: Client) -> tuple[datetime | None, int]:
    [(newest, per_minute)] = client.query(_NEWEST).result_rows
    return (_utc(newest) if newest.timestamp() > 0 else None), per_minute


def _charts(rows: Sequence[Sequence[Any]], now: datetime) -> dict[Subject, Chart]:
    first = int(now.timestamp()) // 60 - CHART_MINUTES + 1
    charts: dict[Subject, Chart] = {}
    for kind, subject, minutes, ring_s, ring_n in rows:
        handled, calls_in = [0] * CHART_MINUTES, [0] * CHART_MINUTES
        for at, handled_n, call_in_n in minutes:
            place = at // 60 - first
            if 0 <= place < CHART_MINUTES:
                handled[place] += handled_n
                calls_in[place] += call_in_n
        charts[kind, subject] = Chart(handled, calls_in, ring_s / ring_n if ring_n else None)
    return charts


def _parts(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return {str(part): str(state) for part, state in found.items()}


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _in_words(error: Exception) -> str:
    text = str(error)
    if "UNKNOWN_TABLE" in text or "UNKNOWN_DATABASE" in text:
        return "ClickHouse has no tables yet"
    return "ClickHouse does not answer"
