"""A customer calls: menu, queue, ringing, talk, or one of the many ways of not being answered."""

from streams.simulate.centre import Team
from streams.simulate.outbound import call_back
from streams.simulate.ringing import ring
from streams.simulate.talking import converse
from streams.simulate.timeline import Steps
from streams.simulate.world import HOUR, MINUTE, SECOND, Call, Customer, World

_QUEUE_LIMIT = 4 * MINUTE


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
    world.tell(
        "call.started", call_id=number, direction="in", customer=call.key, line=team.line
    )
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
        answered = yield from _queue(world, call, team)
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
    if world.chance(0.03):
        return 1_000 + world.rng.randrange(4_000)
    return 6_000 + world.about(75 * SECOND, 0.7)


def _queue(world: World, call: Call, team: Team) -> Steps[bool]:
    """Waits in the team's queue until answered; false when that did not happen."""
    world.tell("call.queued", call_id=call.id, customer=call.key, group=team.id)
    begun, until = world.now, world.now + _patience(world)
    line = world.waiting[team.id]
    line.append(call)
    while world.now < until and world.now - begun < _QUEUE_LIMIT:
        first = line[0] is call
        if first and world.free(team.id):
            line.remove(call)
            manager = yield from ring(world, call, team, until)
            if manager:
                yield from converse(world, call, manager)
                return True
            line.insert(0, call)
        else:
            yield max(1, min(900, until - world.now))
    line.remove(call)
    _leave(world, call, team, waited_out=world.now < until)
    return False


def _leave(world: World, call: Call, team: Team, waited_out: bool) -> None:
    waited = world.now - world.now % SECOND
    if waited_out:
        return _end(world, call, "voicemail" if world.chance(0.4) else "queue_timeout", "system")
    if call.customer.key and waited and world.chance(0.04):
        world.tell("callback.requested", call_id=call.id, customer=call.key, group=team.id)
        return _end(world, call, "callback_taken", "customer")
    _end(world, call, "hangup", "customer")


def _missed(world: World, team: Team, caller: Customer, attempt: int) -> None:
    """The caller may try again, and the team should call back."""
    if attempt < 4 and world.chance(0.3):
        world.begin(_call(world, team, caller, attempt + 1), world.about(3 * MINUTE, 1.0))
    if world.chance(0.88):
        delay = world.about(7 * MINUTE, 0.9)
        opening = team.opening(world.now)
        world.begin(call_back(world, team, caller), opening - world.now + min(delay, 5 * HOUR))
