"""Leads and deals: forms come in, somebody calls, deals move through the stages."""

from dataclasses import dataclass
from typing import Any

from streams.simulate.centre import Team
from streams.simulate.outbound import colleague, dial
from streams.simulate.timeline import Steps
from streams.simulate.world import DAY, HOUR, MINUTE, SECOND, Customer, Manager, World

_STAGES = ("new", "qualified", "proposal", "negotiation")
_LOSSES = ("price", "timing", "competitor", "no_answer", "no_need")
_CHANNELS = {"web_form": 50, "callback": 22, "chat": 18, "email": 10}


@dataclass(slots=True)
class Deal:
    """A deal in the hands of a manager."""

    id: str
    customer: Customer
    manager: Manager
    amount: int
    stage: int
    lead: str = ""


def lead(world: World, team: Team) -> Steps[None]:
    """A lead comes in, is assigned, and called until there is contact or no hope."""
    customer = world.newcomer(team.id)
    number = world.number("l")
    channel = world.rng.choices(list(_CHANNELS), list(_CHANNELS.values()))[0]
    about = {"lead_id": number, "customer": customer.key}
    world.tell("lead.created", group=team.id, channel=channel, **about)
    yield 3 * SECOND + world.rng.randrange(80 * SECOND)
    yield team.opening(world.now) - world.now
    owner = world.rng.choice(world.managers[team.id])
    world.tell("lead.assigned", manager=owner.id, group=team.id, actor="system", **about)
    patience = 2 * MINUTE if channel == "callback" else 6 * MINUTE
    for _ in range(4):
        yield world.about(patience, 0.9)
        yield team.opening(world.now) - world.now
        if (yield from _attempt(world, team, owner, customer)):
            break
        patience = 2 * HOUR
    else:
        return _disqualify(world, about, owner, "no_contact")
    yield world.about(40 * SECOND)
    if world.chance(0.3):
        return _disqualify(world, about, owner, world.rng.choice(("not_target", "duplicate", "spam")))
    yield from deal(world, team, new_deal(world, customer, owner, number))


def _disqualify(world: World, about: dict[str, str], owner: Manager, reason: str) -> None:
    world.tell("lead.disqualified", manager=owner.id, reason=reason, **about)


def _attempt(world: World, team: Team, owner: Manager, customer: Customer) -> Steps[bool]:
    """One call by the owner, or by a colleague when the owner has no time; true on contact."""
    for _ in range(20):
        if owner.free:
            break
        yield 8 * SECOND
    caller = owner if owner.free else (yield from colleague(world, team, HOUR))
    if caller is None or not caller.free or customer.calling:
        return False
    return (yield from dial(world, caller, customer))


def new_deal(world: World, customer: Customer, manager: Manager, lead_id: str = "") -> Deal:
    """A deal before its first stage."""
    amount = 500 * round(world.about(90_000, 0.8) / 500)
    return Deal(world.number("d"), customer, manager, amount, 0, lead_id)


def stock(world: World, team: Team) -> Steps[None]:
    """A deal that is under way when the simulation begins."""
    deal_ = new_deal(world, world.newcomer(team.id), world.rng.choice(world.managers[team.id]))
    deal_.stage = world.rng.randrange(len(_STAGES))
    yield world.rng.randrange(6 * HOUR)
    yield from deal(world, team, deal_)


def deal(world: World, team: Team, at_work: Deal) -> Steps[None]:
    """Takes a deal from its stage to the next until it is won or lost."""
    while True:
        yield team.opening(world.now) - world.now
        _enter(world, at_work, _STAGES[at_work.stage], "open")
        yield from _work(world, team, at_work)
        yield team.opening(world.now) - world.now
        if world.chance(0.22):
            return _enter(world, at_work, "lost", "lost", loss_reason=world.rng.choice(_LOSSES))
        if at_work.stage + 1 == len(_STAGES):
            return _enter(world, at_work, "won", "won")
        at_work.stage += 1


def _enter(world: World, deal_: Deal, stage: str, kind: str, **more: Any) -> None:
    world.tell(
        "deal.stage_changed",
        **_about(deal_),
        pipeline="main",
        stage=stage,
        stage_kind=kind,
        amount=deal_.amount,
        currency="RUB",
        lead_id=deal_.lead,
        **more,
    )


def _about(deal_: Deal) -> dict[str, str]:
    return {
        "deal_id": deal_.id,
        "customer": deal_.customer.key,
        "manager": deal_.manager.id,
    }


def _work(world: World, team: Team, deal_: Deal) -> Steps[None]:
    """What a manager does for a deal in its stage: a task, a call, a proposal or a meeting."""
    task = world.number("t")
    who = {"customer": deal_.customer.key, "manager": deal_.manager.id}
    world.tell("task.created", task_id=task, **who)
    yield world.about(50 * MINUTE, 1.0)
    yield team.opening(world.now) - world.now
    yield from _attempt(world, team, deal_.manager, deal_.customer)
    world.tell("task.done", task_id=task, **who)
    stage = _STAGES[deal_.stage]
    if stage == "proposal":
        world.tell("proposal.sent", **_about(deal_), amount=deal_.amount)
    elif stage == "negotiation" and world.chance(0.5):
        world.tell("meeting.scheduled", **who, deal_id=deal_.id)
        yield min(world.about(5 * HOUR), 2 * DAY)
        yield team.opening(world.now) - world.now
        kind = "meeting.held" if world.chance(0.85) else "meeting.missed"
        world.tell(kind, **who, deal_id=deal_.id)
    yield world.about(2 * HOUR, 1.0)
