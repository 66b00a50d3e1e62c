"""Table rows of deals and tasks; columns as in `streams.records_tables`."""

from typing import Any

from streams.journey.deals import OPEN, Deal, Stay, amount_of, limit_of, meeting_ahead
from streams.journey.places import Directory
from streams.journey.rows import RowChange
from streams.journey.tasks import Task

RowKey = tuple[str, ...]


def deal_rows(deal: Deal, owner: str, directory: Directory) -> dict[RowKey, RowChange]:
    """Rows of a deal that was not removed, by table and key; none while no stage of it is known."""
    if not deal.stays:
        return {}
    rows: dict[RowKey, RowChange] = {("deals", deal.source, deal.deal_id): _deal_row(deal, owner, directory)}
    for stay in deal.stays:
        rows["stage_stays", deal.source, stay.event_id] = _stay_row(deal, stay, owner, directory)
    limit = limit_of(deal.now, directory.funnel)
    if limit is not None:
        rows["open_items", deal.source, "deal_stage", deal.entity] = _item_row(deal, owner, directory, limit)
    return rows


def _deal_row(deal: Deal, owner: str, directory: Directory) -> RowChange:
    now = deal.now
    standing = now.closing
    values = [
        deal.source,
        deal.deal_id,
        deal.pipeline,
        now.stage,
        now.kind,
        standing.customer,
        standing.manager,
        directory.group_of(standing.manager, standing.manager_since),
        deal.stays[0].entered_at,
        None if now.kind == OPEN else now.entered_at,
        now.entered_at,
        limit_of(now, directory.funnel),
        amount_of(standing, directory.funnel),
        standing.currency,
        now.loss_reason,
        standing.lead_id,
        next((event.at for event in deal.proposals), None),
        owner,
    ]
    return RowChange("deals", False, values)


def _stay_row(deal: Deal, stay: Stay, owner: str, directory: Directory) -> RowChange:
    last = stay.closing
    values = [
        deal.source,
        stay.event_id,
        deal.deal_id,
        stay.pipeline,
        stay.stage,
        stay.kind,
        stay.entered_at,
        stay.left_at,
        None if stay.left_at is None else stay.left_at - stay.entered_at,
        limit_of(stay, directory.funnel),
        last.manager,
        directory.group_of(last.manager, stay.entered_at),
        last.customer,
        amount_of(last, directory.funnel),
        last.currency,
        stay.loss_reason,
        owner,
        _owners(stay.owners(), directory),
        _ahead(deal, stay) if directory.funnel.meeting_ahead_holds else [],
    ]
    return RowChange("stage_stays", False, values)


def _ahead(deal: Deal, stay: Stay) -> list[list[int]]:
    """When a meeting lay ahead during a stay; an end of 0: it is to come."""
    return [
        [since, end or 0]
        for since, end in meeting_ahead(deal)
        if (end is None or end > stay.entered_at) and (stay.left_at is None or since < stay.left_at)
    ]


def _owners(owners: list[tuple[int, str]], directory: Directory) -> list[list[Any]]:
    """Who was responsible from when on, each with the group in which he was then."""
    return [[since, manager, directory.group_of(manager, since)] for since, manager in owners]


def _item_row(deal: Deal, owner: str, directory: Directory, limit: int) -> RowChange:
    standing = deal.now.closing
    values = [
        deal.source,
        "deal_stage",
        deal.entity,
        standing.customer,
        standing.manager,
        directory.group_of(standing.manager, standing.manager_since),
        "",
        "new",
        0,
        0,
        None,
        "",
        deal.now.entered_at,
        limit,
        None,
        owner,
    ]
    return RowChange("open_items", False, values)


def task_rows(task: Task, owner: str, directory: Directory) -> dict[RowKey, RowChange]:
    """The row of a task that was not removed."""
    values = [
        task.source,
        task.task_id,
        task.customer,
        task.manager,
        directory.group_of(task.manager, task.manager_since),
        task.created_at,
        task.due_at,
        task.done.at if task.done else None,
        owner,
        _owners(task.owners, directory),
    ]
    return {("tasks", task.source, task.task_id): RowChange("tasks", False, values)}
