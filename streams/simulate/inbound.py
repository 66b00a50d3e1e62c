"""A customer calls: menu, queue, ringing, talk, or one of the many ways of not being answered."""

from streams.simulate.centre import Team
from streams.simulate.outbound import call_back
from streams.simulate.ringing import ring
from streams.simulate.talking import converse
from streams.simulate.timeline import Steps
from streams.simulate.world import HOUR, MINUTE, SECOND, Call, Customer, Manager, World

_QUEUE_LIMIT = 100 * SECOND


def inbound(world: World, team: Team) -> Steps[None]:
    """Somebody calls the team: half of them for the first time, some hiding their number."""
    hidden = world.chance(0.02)
    fresh = hidden or world.chance(0.6)
    caller = Customer("", team.id) if hidden else None
    if caller is None:
        caller = world.newcomer(team.id) if fresh else world.acquaintance(team.id)
    yield from _call(world, team, caller, 1)


def _call(world: World, team: Team, caller: Customer, attempt: int) -> Steps[None]:
    if caller.calling:
        return
    caller.calling = True
    number = world.number("c")
    call = Call(number, "in", caller, caller.key or f"anonymous:{number}")
    world.tell("call.started", call_id=number, direction="in", customer=call.key, line=team.line)
    yield 700 + world.rng.randrange(2_500)
    if world.chance(0.005):
        return _end(world, call, "blocked", "system")
    if world.chance(0.03):
        yield 4_000 + world.rng.randrange(15_000)
        return _end(world, call, "ivr_end", "customer")
    yield world.rng.randrange(5_000)
    if not team.open_at(world.now) or not any(m.present for m in world.managers[team.id]):
        yield from _after_hours(world, call)
        answered = False
    else:
        answered = yield from _queues(world, call, team)
    if not answered and caller.key:
        _missed(world, team, caller, attempt)


def _end(world: World, call: Call, reason: str, by: str) -> None:
    call.customer.calling = False
    world.tell("call.ended", call_id=call.id, customer=call.key, reason=reason, ended_by=by)


def _after_hours(world: World, call: Call) -> Steps[None]:
    yield 6_000 + world.rng.randrange(9_000)
    if world.chance(0.35):
        yield world.about(18 * SECOND)
        _end(world, call, "voicemail", "customer")
    else:
        _end(world, call, "closed", "system")


def _patience(world: World) -> int:
    """How long a caller waits before hanging up; a few hang up at once."""
    if world.chance(0.04):
        return 1_000 + world.rng.randrange(4_000)
    return 4_000 + world.about(45 * SECOND, 0.8)


def _queues(world: World, call: Call, team: Team) -> Steps[bool]:
    """Waits in the team's queue, then perhaps in another's; false when nobody answered."""
    begun = world.now
    until = begun + _patience(world)
    manager = yield from _queue(world, call, team, until)
    if manager is None and world.now < until and (other := _helpers(world, team)):
        manager = yield from _queue(world, call, other, until)
    if manager is None:
        _leave(world, call, team, begun, gave_up=world.now >= until)
        return False
    yield from converse(world, call, manager)
    return True


def _helpers(world: World, team: Team) -> Team | None:
    """Another team with people to spare."""
    others = (each for each in world.centre.teams if each is not team)
    return next((each for each in others if len(world.free(each.id)) > 1), None)


def _queue(world: World, call: Call, team: Team, until: int) -> Steps[Manager | None]:
    """Waits in one queue until answered, until the caller gives up or the queue's limit."""
    world.tell("call.queued", call_id=call.id, customer=call.key, group=team.id)
    limit = min(until, world.now + _QUEUE_LIMIT)
    line = world.waiting[team.id]
    line.append(call)
    while world.now < limit:
        if line[0] is call and world.free(team.id):
            line.remove(call)
            manager = yield from ring(world, call, team, until)
            if manager:
                return manager
            line.insert(0, call)
        else:
            yield max(1, min(900, limit - world.now))
    line.remove(call)
    return None


def _leave(world: World, call: Call, team: Team, begun: int, gave_up: bool) -> None:
    if not gave_up:
        _end(world, call, "voicemail" if world.chance(0.4) else "queue_timeout", "system")
    elif call.customer.key and world.now - begun > 20 * SECOND and world.chance(0.2):
        world.tell("callback.requested", call_id=call.id, customer=call.key, group=team.id)
        _end(world, call, "callback_taken", "customer")
    else:
        _end(world, call, "hangup", "customer")


def _missed(world: World, team: Team, caller: Customer, attempt: int) -> None:
    """The caller may try again, and the team should call back."""
    if attempt < 4 and world.chance(0.3):
        world.begin(_call(world, team, caller, attempt + 1), world.about(3 * MINUTE, 1.0))
    overlooked = world.chance(0.05)
    delay = min(world.about(80 * MINUTE if overlooked else 7 * MINUTE, 0.8), 5 * HOUR)
    opening = team.opening(world.now) - world.now
    world.begin(call_back(world, team, caller, world.now), opening + delay)
