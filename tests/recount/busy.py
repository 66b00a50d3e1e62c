"""Who was on another call, or paused, while his phone rang: looked up in all calls and statuses, one by one.

A talk without an end goes on for 4 h at most. Who dials is on the call from its start. `paused` and
`offline` hold until the next status of the same manager, for 3 days at most; `on_call` for 4 h at most, and
it is another call only if it began before the ring.
"""

from tests.recount.plain import DAY, HOUR, Json

Busy = list[tuple[int, int, Json]]


def mark_excused(calls: list[Json], events: list[Json]) -> None:
    """Say of each offer whether its manager was busy elsewhere while it rang."""
    on_call = _on_call(calls)
    statuses = _statuses(events)
    for call in calls:
        for leg in call["legs"]:
            leg["excused"] = False
            if leg["offered_at"] is None or leg["answered_at"] is not None or leg["left_at"] is None:
                continue
            ring = leg["offered_at"], max(leg["left_at"], leg["offered_at"] + 1)
            others = on_call.get(leg["manager"], [])
            leg["excused"] = any(
                other is not call and _overlap(ring, (start, end)) for start, end, other in others
            ) or _paused(ring, statuses.get(leg["manager"], []))


def _on_call(calls: list[Json]) -> dict[str, Busy]:
    """When each manager was on which call."""
    found: dict[str, Busy] = {}
    for call in calls:
        dialler = call["caller"] if call["direction"] == "out" else ""
        answered = [leg for leg in call["legs"] if leg["answered_at"] is not None]
        own = [leg for leg in answered if leg["manager"] == dialler]
        for leg in answered:
            start = leg["answered_at"]
            if own and leg is own[0]:
                start = min(start, call["started_at"])
            end = start + 4 * HOUR if leg["left_at"] is None else leg["left_at"]
            found.setdefault(leg["manager"], []).append((start, end, call))
        if dialler and not own:
            start, ended = call["started_at"], call["ended_at"]
            end = start + 4 * HOUR if ended is None else ended
            found.setdefault(dialler, []).append((start, end, call))
    return found


def _statuses(events: list[Json]) -> dict[str, list[Json]]:
    """Each manager's statuses in order of time."""
    found: dict[str, list[Json]] = {}
    for event in events:
        if event["type"] == "agent.status":
            found.setdefault(event["manager"], []).append(event)
    for own in found.values():
        own.sort(key=lambda e: (e["at"], e["event_id"], e["source"]))
    return found


def _paused(ring: tuple[int, int], statuses: list[Json]) -> bool:
    for number, event in enumerate(statuses):
        at, status = event["at"], event["status"]
        later = statuses[number + 1]["at"] if number + 1 < len(statuses) else 10**15
        if status in ("paused", "offline") and _overlap(ring, (at, min(later, at + 3 * DAY))):
            return True
        if status == "on_call" and at < ring[0] and _overlap(ring, (at, min(later, at + 4 * HOUR))):
            return True
    return False


def _overlap(ring: tuple[int, int], span: tuple[int, int]) -> bool:
    return span[0] < span[1] and span[0] < ring[1] and ring[0] < span[1]
