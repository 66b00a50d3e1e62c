"""Reads the calls of a source for a comparison with the vendor's own report."""

from collections.abc import Iterator
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from streams.reports import Stored

_CALLS = """
SELECT call_id, customer, ifNull(direction, ''),
    toUnixTimestamp64Milli(coalesce(started_at, answered_at, ended_at)), outcome, in_hours,
    ifNull(excluded_reason, ''), wait_s
FROM sales.calls
WHERE source = {source:String} AND (
    (coalesce(started_at, answered_at, ended_at) >= {first:DateTime64(3, 'UTC')}
        AND coalesce(started_at, answered_at, ended_at) < {last:DateTime64(3, 'UTC')})
    OR call_id IN {ids:Array(String)})
ORDER BY call_id"""
#: Ids that one query asks for.
_AT_ONCE = 2_000


def calls_of(client: Client, source: str, first: int, last: int, ids: list[str]) -> list[Stored]:
    """Calls that started at `first` to before `last` (ms), and those with one of the ids."""
    found: dict[str, Stored] = {}
    for start in range(0, max(len(ids), 1), _AT_ONCE):
        for call in _asked(client, source, first, last, ids[start : start + _AT_ONCE]):
            found[call.call_id] = call
    return list(found.values())


def _asked(client: Client, source: str, first: int, last: int, ids: list[str]) -> Iterator[Stored]:
    parameters = {"source": source, "first": _utc(first), "last": _utc(last), "ids": ids}
    for call_id, customer, direction, at, outcome, in_hours, excluded, wait in client.query(
        _CALLS, parameters=parameters
    ).result_rows:
        yield Stored(call_id, customer, direction, at, outcome, in_hours, excluded, wait)


def sources(client: Client) -> list[str]:
    """Names of the sources that have calls."""
    rows = client.query("SELECT DISTINCT source FROM sales.calls ORDER BY source").result_rows
    return [str(source) for (source,) in rows]


def zone_of_the_directory(client: Client) -> str:
    """Time zone of the directory."""
    rows = client.query("SELECT max(time_zone) FROM sales.groups WHERE `group` = 'unassigned'").result_rows
    return str(rows[0][0]) or "UTC"


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
