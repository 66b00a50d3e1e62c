"""Tasks: when due, when done, by whom."""

from typing import Any

from tests.recount.merging import Found, merged
from tests.recount.plain import TASK_ORDER, Counted, Json, Plain


def count_tasks(events: list[Json], plain: Plain, counted: Counted) -> None:
    """Counts the tasks; `events` are all of the log, whosever they are."""
    by_task: dict[tuple[str, str], list[Json]] = {}
    for event in events:
        if event["type"] in TASK_ORDER:
            by_task.setdefault((event["source"], event["task_id"]), []).append(event)
    for key, own in by_task.items():
        own.sort(key=lambda e: (e["at"], TASK_ORDER.index(e["type"]), e["event_id"]))
        if all(event["type"] != "task.removed" for event in own):
            _count(key, own, plain, counted)


def _count(key: tuple[str, str], own: list[Json], plain: Plain, counted: Counted) -> None:
    entity = f"{key[0]}/{key[1]}"
    made = [event for event in own if event["type"] == "task.created"]
    done = [event for event in own if event["type"] == "task.done"]
    due = next((event["due"] for event in reversed(own) if event["due"] is not None), None)
    owner = _responsible(own)
    group = plain.group_of(owner)
    counted.tasks[key] = {
        "customer": [event["customer_key"] for event in own if event["customer_key"]][-1],
        "manager": owner,
        "group": group,
        "created_at": made[0]["at"] if made else None,
        "due_at": due,
        "done_at": done[0]["at"] if done else None,
        "owners": _owners(own, plain),
    }
    found: Found = []
    for number, event in enumerate(own):
        dues = [other["due"] for other in own[:number] if other["due"] is not None]
        over = any(other["type"] == "task.done" for other in own[:number])
        if event["type"] != "task.changed" or event["due"] is None or over:
            continue
        if dues and event["due"] > dues[-1]:
            whose = _responsible(own[: number + 1])
            by, of = plain.credited(event, whose), plain.group_of(whose)
            found.append(((entity, "task_put_off", by, of, True, event["at"]), 1))
    if done:
        at = done[0]["at"]
        then = _responsible(own[: own.index(done[0]) + 1])
        found.append(
            ((entity, "task_done", plain.credited(done[0], then), plain.group_of(then), True, at), 1)
        )
    if due is not None:
        if done and done[0]["at"] <= due:
            # Done in time, by whoever was to do it then.
            at, until = done[0]["at"], own.index(done[0]) + 1
        else:
            # Late, and let go by whoever was to do it when it was due.
            at, until = due, sum(event["at"] <= due for event in own)
        answers = _responsible(own[:until]) or next((e["manager"] for e in own if e["manager"]), "")
        then = plain.group_of(answers)
        found.append(((entity, "task_due", answers, then, True, at), 1))
        if done and done[0]["at"] <= due:
            found.append(((entity, "task_in_time", answers, then, True, at), 1))
        if not done:
            found.append(((entity, "overdue_task", owner, group, True, due), 0))
    counted.facts.update(merged(found))


def _owners(own: list[Json], plain: Plain) -> list[list[Any]]:
    """Who was to do it from when on, and in which group."""
    named = [(event["at"], event["manager"]) for event in own if event["manager"]]
    return [
        [at, who, plain.group_of(who)]
        for number, (at, who) in enumerate(named)
        if not number or named[number - 1][1] != who
    ]


def _responsible(events: list[Json]) -> str:
    """Who was named last."""
    return next((event["manager"] for event in reversed(events) if event["manager"]), "")
