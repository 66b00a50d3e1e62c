"""Notes in ClickHouse when rows of the pipeline arrive, and how old the events behind them were then."""

from bisect import bisect_left
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
)
#: Types of an event that always change the row of their call.
_CHANGES = "('call.started', 'call.answered', 'call.ended')"
_EVENT_AGES = """
SELECT toUnixTimestamp64Milli(logged_at), toUnixTimestamp64Milli(min(stored_at))
FROM bench.events GROUP BY source, event_id, logged_at"""
#: A call's row may be written once for several events: of each event the first row that includes it.
_CALL_AGES = f"""
SELECT toUnixTimestamp64Milli(e.logged_at), toUnixTimestamp64Milli(c.stored_at)
FROM (SELECT source, JSONExtractString(data, 'call_id') AS call_id, place, logged_at
      FROM sales_rows.events FINAL WHERE type IN {_CHANGES}) AS e
ASOF JOIN bench.calls AS c ON c.source = e.source AND c.call_id = e.call_id AND c.version >= e.place"""  # noqa: S608 - of constants
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

#: When Kafka got it, and when ClickHouse had it: ms since the epoch.
Passage = tuple[int, int]


def begin_noting(installation: Installation) -> None:
    """From now on every row that arrives is noted with the moment."""
    installation.query("CREATE DATABASE bench")
    for name, columns, source in _NOTES:
        select = f"SELECT {columns}, {_AT} FROM {source}"  # noqa: S608 - of constants
        empty = select.replace(source, f"{source.split()[0]} LIMIT 0")
        installation.query(f"CREATE TABLE bench.{name} ENGINE = MergeTree ORDER BY tuple() AS {empty}")
        installation.query(f"CREATE MATERIALIZED VIEW bench.note_{name} TO bench.{name} AS {select}")


def ages(installation: Installation, since: int) -> dict[str, list[int]]:
    """Ages in ms of all that Kafka got at `since` (ms) or later, by what was reached."""
    arrivals = [int(row[0]) for row in installation.query(_ARRIVALS)]
    passages = {
        "event": _passages(installation, _EVENT_AGES),
        "call": _passages(installation, _CALL_AGES),
        "minute": _counted(arrivals, _steps(installation, _MINUTES)),
        "live": _counted(arrivals, _steps(installation, _LIVE)),
    }
    return {
        name: [stored - logged for logged, stored in each if logged >= since]
        for name, each in passages.items()
    }


def _passages(installation: Installation, query: str) -> list[Passage]:
    return [(int(logged), int(stored)) for logged, stored in installation.query(query)]


def _steps(installation: Installation, query: str) -> list[Passage]:
    """How many were counted in all, and since when, in the order of time."""
    totals: dict[str, int] = {}
    steps = []
    for stored, minute, counted in installation.query(query):
        totals[minute] = int(counted)
        steps.append((sum(totals.values()), int(stored)))
    return steps


def _counted(arrivals: list[int], steps: list[Passage]) -> list[Passage]:
    """The n-th to arrive is counted when the count reaches n. Raises ValueError when it never does."""
    reached = list(accumulate((count for count, _ in steps), max))
    if not reached or reached[-1] < len(arrivals):
        raise ValueError(f"{reached[-1:]} were counted of {len(arrivals)} that arrived")
    return [(logged, steps[bisect_left(reached, n)][1]) for n, logged in enumerate(arrivals, 1)]
