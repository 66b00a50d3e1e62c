"""Meetings, complaints, ratings, and what a manager did in the CRM."""

from tests.recount.merging import Found, merged
from tests.recount.plain import MEETINGS, Counted, Json, Plain

#: What somebody has to do something for.
_DONE_BY_SOMEBODY = (
    "lead.assigned", "lead.disqualified", "deal.stage_changed", "deal.changed", "proposal.sent", *MEETINGS,
    "task.created", "task.changed", "task.done", "customer.contacted",
)  # fmt: skip


def count_activities(events: list[Json], plain: Plain, counted: Counted) -> None:
    """Counts the activities; `events` are all of the log, whosever they are."""
    found: Found = []
    for event in events:
        if event["type"] == "call.rated":
            found += _rating(event, plain)
        else:
            found += _activity(event, plain)
    counted.facts.update(merged(found))


def _rating(event: Json, plain: Plain) -> Found:
    """A mark in thousandths, as if the best were 5."""
    name = {"customer": "csat", "reviewer": "qa"}.get(event.get("rated_by") or "customer")
    if name is None:
        return []
    score = round(min(1.0, event["score"] / (event.get("score_max") or 5)) * 5000)
    entity = f"{event['source']}/{event['call_id']}"
    manager = event["manager"]
    return [((entity, name, manager, plain.group_of(manager), True, event["at"]), score)]


def _activity(event: Json, plain: Plain) -> Found:
    entity, kind, at, manager = _entity(event), event["type"], event["at"], event["manager"]
    group = plain.group_of(manager)
    found: Found = []
    if kind in MEETINGS:
        found.append(((entity, kind.replace(".", "_"), manager, group, True, at), 1))
    if kind == "complaint.created":
        found.append(((entity, "complaint", "", group, True, at), 1))
    if kind == "complaint.closed" and event.get("justified") is True and manager:
        found.append(((entity, "complaint_justified", manager, "", False, at), 1))
    by = plain.credited(event, manager)
    if kind in _DONE_BY_SOMEBODY and by:
        found.append(((entity, "crm_action", by, plain.group_of(by), True, at), 1))
    return found


def _entity(event: Json) -> str:
    return f"{event['source']}/{event['event_id']}"
