"""Counts minute panes anew from the stored measurements, where the windows stage no longer holds them."""

from collections.abc import Iterable, Iterator, Sequence

from clickhouse_connect.driver.binding import format_str
from clickhouse_connect.driver.client import Client

from streams.kpis.sql import pane_columns, recompute_select
from streams.sinks.connection import ROWS, WRITE_SETTINGS

#: Subject, minute (whole minutes since the epoch) and the version that the result gets.
PaneRequest = tuple[str, int, int]

_PANES_PER_STATEMENT = 1_000
#: What lies between minutes that are further apart is not read.
_GAP_MINUTES = 60


def recompute_panes(client: Client, panes: Sequence[PaneRequest], database: str = ROWS) -> None:
    """Replaces panes by what the stored measurements say; a pane without any becomes gone.

    Neighbouring minutes go together, one INSERT SELECT a batch, so that each reads short stretches
    of the measurements. Doing it twice changes nothing. `database`: where the base tables are.
    Raises clickhouse-connect's errors.
    """
    for batch in _batches(panes):
        client.command(_statement(batch, database), settings={**WRITE_SETTINGS, "max_query_size": 1 << 20})


def _batches(panes: Sequence[PaneRequest]) -> Iterator[tuple[PaneRequest, ...]]:
    newest: dict[tuple[str, int], int] = {}
    for subject, minute, version in panes:
        newest[subject, minute] = max(version, newest.get((subject, minute), 0))
    ordered = sorted(
        ((subject, minute, version) for (subject, minute), version in newest.items()),
        key=lambda pane: (pane[1], pane[0]),
    )
    for start in range(0, len(ordered), _PANES_PER_STATEMENT):
        yield tuple(ordered[start : start + _PANES_PER_STATEMENT])


def _stretches(minutes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last minutes of stretches that are worth reading as a whole; `minutes` in order."""
    begun: tuple[int, int] | None = None
    for minute in minutes:
        if begun and minute - begun[1] > _GAP_MINUTES:
            yield begun
            begun = None
        begun = (begun[0] if begun else minute), minute
    if begun:
        yield begun


def _statement(batch: Sequence[PaneRequest], database: str) -> str:
    names = [name for name, _ in pane_columns()]
    asked = ", ".join(
        f"({format_str(subject)}, {minute * 60}, {version})" for subject, minute, version in batch
    )
    stretches = " OR ".join(
        f"at >= fromUnixTimestamp64Second({first * 60}, 'UTC')"
        f" AND at < fromUnixTimestamp64Second({last * 60 + 60}, 'UTC')"
        for first, last in _stretches(minute for _, minute, _ in batch)
    )
    where = f"({stretches}) AND (subject, minute) IN (SELECT subject, minute FROM asked)"
    return f"""INSERT INTO {database}.kpi_minutes (subject, minute, {", ".join(names)}, version, gone)
WITH asked AS
(
    SELECT pane.1 AS subject, toDateTime(pane.2, 'UTC') AS minute, pane.3 AS version
    FROM (SELECT arrayJoin(CAST([{asked}], 'Array(Tuple(String, UInt32, UInt64))')) AS pane)
)
SELECT asked.subject, asked.minute, {", ".join(f"counted.{name}" for name in names)}, asked.version,
    counted.found = 0
FROM asked
LEFT JOIN (SELECT *, 1 AS found FROM ({recompute_select(where, f"{database}.measurements")})) AS counted
    ON counted.subject = asked.subject AND counted.minute = asked.minute"""
