"""Compares stored minute panes with a recount of the stored measurements, in ClickHouse."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from clickhouse_connect.driver.binding import format_str
from clickhouse_connect.driver.client import Client

from streams.kpis.sql import pane_columns, recompute_select
from streams.sinks.connection import ROWS

#: So many rows of measurements and panes are compared at a time.
_ROWS_PER_CHUNK = 5_000_000

#: Subject and minute, the latter in s since the epoch.
PaneKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter of a pane that is not what the stored measurements say."""

    subject: str
    minute: int  #: start of the minute, s since the epoch
    counter: str
    stored: str  #: empty when the pane is not stored at all
    counted: str  #: empty when there is no measurement of that minute

    @property
    def pane(self) -> PaneKey:
        """The pane it is in."""
        return self.subject, self.minute

    def __str__(self) -> str:
        """The difference in words."""
        when = datetime.fromtimestamp(self.minute, UTC).strftime("%Y-%m-%d %H:%M UTC")
        stored = f"stored is {self.stored}" if self.stored else "no pane is stored"
        counted = f"the measurements give {self.counted}" if self.counted else "there is no measurement"
        return f"{_named(self.subject)}, {when}, {self.counter}: {stored}, {counted}"


def compare_all(client: Client) -> list[Difference]:
    """Every difference between the two, both ways."""
    found: list[Difference] = []
    for first, last in _chunks(client):
        found += _compare(
            client, f"minute >= '{first}' AND minute < '{last}'", f"at >= '{first}' AND at < '{last}'"
        )
    return found


def compare_some(client: Client, panes: Sequence[PaneKey]) -> list[Difference]:
    """The differences in these panes."""
    minutes = [minute for _, minute in panes]
    first, last = min(minutes), max(minutes) + 60
    listed = ", ".join(f"({format_str(subject)}, {minute})" for subject, minute in panes)
    some = f"(toString(subject), toUnixTimestamp(minute)) IN ({listed})"
    span = (
        f"at >= fromUnixTimestamp64Second({first}, 'UTC') AND at < fromUnixTimestamp64Second({last}, 'UTC')"
    )
    return _compare(client, some, f"{span} AND {some}")


def _chunks(client: Client) -> Iterator[tuple[date, date]]:
    """Stretches of days, first and the day after the last, that together hold all rows."""
    rows = client.query(
        f"""SELECT day, sum(n) FROM
        (
            SELECT toDate(at, 'UTC') AS day, count() AS n FROM {ROWS}.measurements GROUP BY day
            UNION ALL
            SELECT toDate(minute, 'UTC') AS day, count() AS n FROM {ROWS}.kpi_minutes GROUP BY day
        )
        GROUP BY day ORDER BY day"""
    ).result_rows
    first: date | None = None
    held = 0
    for number, (day, count) in enumerate(rows):
        first = first or day
        held += count
        if held >= _ROWS_PER_CHUNK or number == len(rows) - 1:
            yield first, day + timedelta(days=1)
            first, held = None, 0


def _compare(client: Client, panes: str, facts: str) -> list[Difference]:
    rows = client.query(_statement(panes, facts), settings={"max_query_size": 8 << 20}).result_rows
    return [
        Difference(subject, minute, counter, stored if has_pane else "", counted if has_facts else "")
        for subject, minute, has_pane, has_facts, counters in rows
        for counter, stored, counted in counters
    ]


def _statement(panes: str, facts: str) -> str:
    # The order of a map's keys is no difference, but it makes two maps unequal.
    sides = [
        tuple(
            f"mapSort({side}.{name})" if kind.startswith("Map") else f"{side}.{name}" for side in ("p", "c")
        )
        for name, kind in pane_columns()
    ]
    unequal = " OR ".join(f"{stored} != {counted}" for stored, counted in sides)
    counters = ", ".join(
        f"('{name}', toString({stored}), toString({counted}))"
        for (name, _), (stored, counted) in zip(pane_columns(), sides, strict=True)
    )
    return f"""SELECT
    if(p.found, toString(p.subject), c.subject) AS subject,
    toUnixTimestamp(if(p.found, p.minute, c.minute)) AS minute,
    p.found,
    c.found,
    arrayFilter(counter -> counter.2 != counter.3, [{counters}]) AS counters
FROM (SELECT *, true AS found FROM {ROWS}.kpi_minutes FINAL WHERE {panes}) AS p
FULL JOIN (SELECT *, true AS found FROM ({recompute_select(facts)})) AS c
    ON p.subject = c.subject AND p.minute = c.minute
WHERE {unequal}
ORDER BY minute, subject"""


def _named(subject: str) -> str:
    kind, _, name = subject.partition(":")
    words: dict[str, str] = {"m": f"manager {name}", "g": f"group {name}", "a": "all"}
    return words.get(kind, subject)
