"""Notes in ClickHouse when rows of the pipeline arrive, and what was written when that led to them."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from tests.e2e.installation import Installation

_AT = "nowInBlock64(3) AS stored_at"
_COUNTED = "call_in_n AS counted"
#: What is noted: name of the table of notes, its columns, where from.
_NOTES = (
    ("events", "source, event_id, logged_at", "sales_rows.events"),
    ("calls", "source, call_id, version", "sales_rows.calls"),
    ("minutes", f"minute, version, {_COUNTED}", "sales_rows.kpi_minutes WHERE subject = 'a:all'"),
    (
        "live",
        "version, toInt64(ifNull(value, 0)) AS counted",
        "sales_rows.kpi_now WHERE subject = 'a:all' AND kpi = 'calls_in' AND window = '1h'",
    ),
    ("alerts", "rule, subject, state", "sales_rows.alerts"),
)
#: Types of an event that always change the row of their call.
_CHANGES = "('call.started', 'call.answered', 'call.ended')"
_EVENT_AGES = """
SELECT toUnixTimestamp64Milli(logged_at), toUnixTimestamp64Milli(min(stored_at))
FROM bench.events GROUP BY source, event_id, logged_at"""
#: A call's row may be written once for several events: of each event the first row that includes it. A sink that
#: had to begin again writes the newest ones once more.
_CALL_AGES = f"""
SELECT toUnixTimestamp64Milli(e.logged_at), toUnixTimestamp64Milli(c.stored_at)
FROM (SELECT source, JSONExtractString(data, 'call_id') AS call_id, place, logged_at
      FROM sales_rows.events FINAL WHERE type IN {_CHANGES}) AS e
ASOF JOIN (SELECT source, call_id, version, min(stored_at) AS stored_at
           FROM bench.calls GROUP BY source, call_id, version) AS c ON c.source = e.source AND c.call_id = e.call_id AND c.version >= e.place"""  # noqa: S608 - of constants
#: When Kafka got what begins each inbound call that counts.
_ARRIVALS = """
SELECT toUnixTimestamp64Milli(e.logged_at)
FROM (SELECT entity FROM sales_rows.measurements FINAL WHERE name = 'call_in' AND whole) AS m
INNER JOIN (SELECT concat(source, '/', JSONExtractString(data, 'call_id')) AS entity, logged_at
            FROM sales_rows.events FINAL WHERE type = 'call.started') AS e ON e.entity = m.entity
ORDER BY e.logged_at"""
_STORED = "SELECT toUnixTimestamp64Milli(stored_at)"
_MINUTES = f"{_STORED}, toString(minute), counted FROM bench.minutes ORDER BY 1, version"
_LIVE = f"{_STORED}, '', counted FROM bench.live ORDER BY 1, version"

#: When Kafka got what caused it, and when it was there: ms since the epoch.
Passage = tuple[int, int]
#: How many were counted in all, and since when (ms since the epoch).
Step = tuple[int, int]


class NotYet(Exception):
    """Not all is there that has to come; the message says what is missing."""


def begin_noting(installation: Installation) -> None:
    """From now on every row that arrives is noted with the moment."""
    installation.query("CREATE DATABASE bench")
    for name, columns, source in _NOTES:
        select = f"SELECT {columns}, {_AT} FROM {source}"  # noqa: S608 - of constants
        empty = select.replace(source, f"{source.split()[0]} LIMIT 0")
        installation.query(f"CREATE TABLE bench.{name} ENGINE = MergeTree ORDER BY tuple() AS {empty}")
        installation.query(f"CREATE MATERIALIZED VIEW bench.note_{name} TO bench.{name} AS {select}")


def stored_passages(installation: Installation, panes: list[Step]) -> dict[str, list[Passage]]:
    """Everything that arrived, by what it arrived in. Raises `NotYet`.

    `panes`: what the panes of the whole centre counted.
    """
    arrivals = [int(row[0]) for row in installation.query(_ARRIVALS)]
    return {
        "pane": counted("pane", arrivals, panes),
        "event": _passages(installation, _EVENT_AGES),
        "call": _passages(installation, _CALL_AGES),
        "minute": counted("minute", arrivals, steps(installation.query(_MINUTES))),
        "live": counted("live", arrivals, steps(installation.query(_LIVE))),
    }


def _passages(installation: Installation, query: str) -> list[Passage]:
    return [(int(logged), int(stored)) for logged, stored in installation.query(query)]


def steps(rows: Iterable[Sequence[str]]) -> list[Step]:
    """Of rows (moment, minute, its count) in the order of time: how many all minutes counted together."""
    totals: dict[str, int] = {}
    total, found = 0, []
    for stored, minute, count in rows:
        total += int(count) - totals.get(minute, 0)
        totals[minute] = int(count)
        found.append((total, int(stored)))
    return found


def counted(what: str, arrivals: list[int], steps: list[Step]) -> list[Passage]:
    """The n-th to arrive is counted when the count reaches n. Raises `NotYet` when it does not."""
    reached = list(accumulate((count for count, _ in steps), max))
    last = reached[-1] if reached else 0
    if last < len(arrivals) or not arrivals:
        raise NotYet(f"{what}: {last} were counted of {len(arrivals)} that arrived")
    if last > len(arrivals):
        raise ValueError(f"{what}: {last} were counted, but {len(arrivals)} arrived")
    return [(logged, steps[bisect_left(reached, n)][1]) for n, logged in enumerate(arrivals, 1)]
