"""What a store would answer about a manager's day."""

from typing import Any

from streams.records import EventRow, FactKey, HistoryRecord, StoredFact

Json = dict[str, Any]
HOUR = 3_600_000
DAY = 24 * HOUR


def history_of_day(
    key: str,
    asked: int,
    rows: list[EventRow],
    facts: dict[FactKey, int],
    calls: list[Json],
    legs: list[Json],
) -> HistoryRecord:
    """The manager's statuses, what he missed, and when he was on which call."""
    manager, day = key.removeprefix("manager:").rsplit(":", 1)
    begin = int(day) * DAY
    within = (begin, begin + DAY)
    missed = [
        StoredFact(fact, end)
        for fact, end in facts.items()
        if fact.manager == manager and fact.name.startswith("span_offer_") and meet((fact.at, end), within)
    ]
    parts = [
        [*name, start, end]
        for *name, start, end in parts_of(manager, calls, legs)
        if start is None or meet((start, end), within)
    ]
    return HistoryRecord(key, asked, rows, ["v1"] * len(rows), missed, {"parts": parts})


def parts_of(manager: str, calls: list[Json], legs: list[Json]) -> list[list[Any]]:
    """Source, id and customer of each call that rang at this manager, and when he was on it."""
    found: list[list[Any]] = []
    dialled = {
        (row["source"], row["call_id"]): row
        for row in calls
        if row["direction"] == "out" and row["manager"] == manager
    }
    for leg in legs:
        if leg["manager"] == manager:
            name = [leg["source"], leg["call_id"], leg["customer"]]
            start = leg["answered_at"]
            if start is None:
                found.append([*name, None, None])
                continue
            call = dialled.pop((leg["source"], leg["call_id"]), None)
            start = min(start, call["started_at"]) if call else start
            found.append([*name, start, start + 4 * HOUR if leg["left_at"] is None else leg["left_at"]])
    for (source, call_id), row in dialled.items():
        start = row["started_at"]
        end = start + 4 * HOUR if row["ended_at"] is None else row["ended_at"]
        found.append([source, call_id, row["customer"], start, end])
    return found


def meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two stretches of time overlap; each is a millisecond long at least."""
    return max(one[0], other[0]) < min(max(one[1], one[0] + 1), max(other[1], other[0] + 1))
