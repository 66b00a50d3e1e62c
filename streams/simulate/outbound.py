"""A manager calls a customer: callbacks, follow-ups, and what is at the other end."""

from streams.simulate.centre import Team
from streams.simulate.talking import converse, finish
from streams.simulate.timeline import Steps
from streams.simulate.world import HOUR, MINUTE, SECOND, Call, Customer, Manager, World


def dial(world: World, manager: Manager, customer: Customer) -> Steps[bool]:
    """Calls a customer; true when they had a conversation. The manager must be free."""
    manager.busy = customer.calling = True
    call = Call(world.number("c"), "out", customer, customer.key)
    world.tell(
        "call.started",
        call_id=call.id,
        direction="out",
        customer=call.key,
        manager=manager.id,
        group=manager.team,
    )
    yield min(3 * SECOND + world.about(9 * SECOND), 45 * SECOND)
    fate = world.rng.random()
    if fate < 0.28:
        return _unanswered(world, call, manager)
    world.tell("call.answered", call_id=call.id, customer=call.key, manager=manager.id)
    if fate < 0.38:  # a robot, or somebody with no time
        yield 2 * SECOND + world.rng.randrange(9 * SECOND)
        finish(world, call, manager, ended_by="manager" if world.chance(0.5) else "customer")
        return False
    return (yield from converse(world, call, manager))


def _unanswered(world: World, call: Call, manager: Manager) -> bool:
    world.tell("call.ended", call_id=call.id, customer=call.key, reason="hangup", ended_by="manager")
    call.customer.calling = False
    manager.busy, manager.idle_since = False, world.now
    return False


def colleague(world: World, team: Team, patience: int) -> Steps[Manager | None]:
    """Waits for a manager with time to dial: nobody must be waiting in the queue."""
    until = world.now + patience
    while world.now < until:
        free = world.free(team.id)
        if free and not world.waiting[team.id]:
            return world.rng.choice(free)
        yield 4 * SECOND + world.rng.randrange(4 * SECOND)
    return None


def call_back(world: World, team: Team, customer: Customer, since: int) -> Steps[None]:
    """Calls back who was missed at `since`, up to three times, until they have talked."""
    for _ in range(3):
        if customer.reached_at > since:
            return
        manager = yield from colleague(world, team, HOUR)
        if manager and customer.reached_at <= since and not customer.calling:
            if world.chance(0.04):
                via = world.rng.choice(("mobile", "messenger"))
                world.tell("customer.contacted", customer=customer.key, manager=manager.id, via=via)
                customer.reached_at = world.now
                return
            if (yield from dial(world, manager, customer)):
                return
        yield world.about(20 * MINUTE)
        yield team.opening(world.now) - world.now


def follow_up(world: World, team: Team) -> Steps[None]:
    """An outbound call on a manager's own account, to an old customer or a new one."""
    if not team.open_at(world.now):
        return
    manager = yield from colleague(world, team, 5 * MINUTE)
    if manager:
        known = world.chance(0.5)
        customer = world.acquaintance(team.id) if known else world.newcomer(team.id)
        if not customer.calling:
            yield from dial(world, manager, customer)
