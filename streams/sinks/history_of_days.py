"""Reads back what managers' days are judged from: what each missed, and when he was on which call.

Nothing of it is stored for that purpose: it stands in the measurements, calls and legs that customers'
journeys wrote when they told it (`streams.journey.busy`). Statuses are events, read as all others are.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from streams.journey import UNENDED_MS, day_key, days_of, manager_and_day
from streams.records import FactKey, HistoryRecord, StoredFact

_DAY_MS = 86_400_000
#: No call that is told of reaches further; see `streams.journey.keys.days_of`.
_REACH_MS = 8 * _DAY_MS

_FROM = "fromUnixTimestamp64Milli({from:Int64}, 'UTC')"
_TO = "fromUnixTimestamp64Milli({to:Int64}, 'UTC')"
_MISSED = f"""
SELECT manager, entity, name, toUnixTimestamp64Milli(at), value
FROM {{database:Identifier}}.measurements FINAL
WHERE at >= {_FROM} AND at < {_TO} AND name IN ('span_offer_missed', 'span_offer_excused')
    AND manager IN {{managers:Array(String)}}
ORDER BY at, name, entity"""
_LEGS = f"""
SELECT manager, source, call_id, customer, toUnixTimestamp64Milli(answered_at),
    toUnixTimestamp64Milli(left_at), toUnixTimestamp64Milli(offered_at)
FROM {{database:Identifier}}.call_legs FINAL
WHERE ifNull(answered_at, offered_at) >= {_FROM} AND ifNull(answered_at, offered_at) < {_TO}
    AND manager IN {{managers:Array(String)}}
    AND (answered_at IS NOT NULL OR end_reason IN ('no_answer', 'declined'))
ORDER BY source, call_id, leg"""
_DIALLED = f"""
SELECT manager, source, call_id, customer, toUnixTimestamp64Milli(started_at),
    toUnixTimestamp64Milli(ended_at)
FROM {{database:Identifier}}.calls FINAL
WHERE direction = 'out' AND started_at >= {_FROM} AND started_at < {_TO}
    AND manager IN {{managers:Array(String)}}
ORDER BY source, call_id"""

#: Rows of a query with these parameters.
Ask = Callable[[str, dict[str, Any]], Sequence[Sequence[Any]]]


def read_days(ask: Ask, keys: Iterable[str], found: dict[str, HistoryRecord]) -> None:
    """Gives the history of each of these keys its facts, and under `parts` the calls; see
    `streams.journey.manager_days.restore`.
    """
    days = [manager_and_day(key) for key in keys]
    if not days:
        return
    asked = {
        "managers": sorted({manager for manager, _ in days}),
        "from": min(day for _, day in days) * _DAY_MS - _REACH_MS,
        "to": (max(day for _, day in days) + 1) * _DAY_MS,
    }
    for manager, entity, name, at, value in ask(_MISSED, asked):
        for record in _of(found, manager, at, value):
            record.facts.append(StoredFact(FactKey(entity, name, manager, "", False, at), value))
    dialled = {(row[0], row[1], row[2]): row for row in ask(_DIALLED, asked)}
    for manager, source, call_id, customer, answered, left, offered in ask(_LEGS, asked):
        name = (source, call_id, customer)
        if answered is None:
            _add(found, manager, name, (offered, offered if left is None else left), busy=False)
            continue
        dial = dialled.pop((manager, source, call_id), None)
        start = answered if dial is None else min(answered, dial[4])
        _add(found, manager, name, (start, _end(start, left)), busy=True)
    for manager, source, call_id, customer, started, ended in dialled.values():
        _add(found, manager, (source, call_id, customer), (started, _end(started, ended)), busy=True)


def _end(start: int, known: int | None) -> int:
    return start + UNENDED_MS if known is None else known


def _of(found: dict[str, HistoryRecord], manager: str, start: int, end: int) -> list[HistoryRecord]:
    """The histories of this manager's days that a stretch of time touches."""
    keys = (day_key(manager, day) for day in days_of(start, end))
    return [found[key] for key in keys if key in found]


def _add(
    found: dict[str, HistoryRecord],
    manager: str,
    name: tuple[str, str, str],
    span: tuple[int, int],
    *,
    busy: bool,
) -> None:
    """A call that the manager was on in this span, or that rang at him then."""
    if busy and span[0] >= span[1]:
        return
    for record in _of(found, manager, *span):
        record.keys.setdefault("parts", []).append([*name, *(span if busy else (None, None))])
