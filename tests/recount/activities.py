"""Meetings, complaints, ratings and actions: each event by itself."""

from tests.recount.plain import Counted, Json, Plain

_ACTIONS = {
    "lead.assigned", "lead.disqualified", "deal.stage_changed", "deal.changed", "proposal.sent",
    "meeting.scheduled", "meeting.held", "meeting.missed", "task.created", "task.changed", "task.done",
    "customer.contacted",
}  # fmt: skip


def count_activities(events: list[Json], plain: Plain, counted: Counted) -> None:
    """Counts what each event of a customer says by itself."""
    for event in events:
        kind, at, who = event["type"], event["at"], event["manager"]
        entity = f"{event['source']}/{event['event_id']}"
        if kind == "call.rated":
            _rated(event, plain, counted)
        if kind == "complaint.created":
            group = plain.group_of(who) if who else "unassigned"
            counted.facts[entity, "complaint", "", group, True, at] = 1
        if kind == "complaint.closed" and event.get("justified") is True and who:
            counted.facts[entity, "complaint_justified", who, "", False, at] = 1
        if kind.startswith("meeting."):
            name = kind.replace(".", "_")
            counted.facts[entity, name, who, plain.group_of(who), True, at] = 1
        if kind in _ACTIONS:
            doer = event.get("actor") or who
            if doer and doer != "system":
                counted.facts[entity, "crm_action", doer, plain.group_of(doer), True, at] = 1


def _rated(event: Json, plain: Plain, counted: Counted) -> None:
    name = {"customer": "csat", "reviewer": "qa"}.get(event.get("rated_by") or "customer")
    best = event.get("score_max") or 5
    if name is None:
        return
    value = round(min(1.0, event["score"] / best) * 5000)
    entity = f"{event['source']}/{event['call_id']}"
    key = (entity, name, event["manager"], plain.group_of(event["manager"]), True, event["at"])
    counted.facts[key] = max(value, counted.facts.get(key, 0))
