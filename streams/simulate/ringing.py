"""A call rings at one manager, or at all who are free."""

from streams.simulate.centre import Team
from streams.simulate.timeline import Steps
from streams.simulate.world import SECOND, Call, Manager, World

_RING_TIMEOUT = 20 * SECOND
_AT_ONCE = 4


def _reaction(world: World, manager: Manager) -> tuple[int, str]:
    """After how many ms a manager does what."""
    if world.chance(manager.declines):
        return 1_500 + world.rng.randrange(4_000), "declined"
    if world.chance(manager.ignores):
        return _RING_TIMEOUT, "no_answer"
    ring = world.about(manager.ring_ms, 0.45)
    return (ring, "") if ring < _RING_TIMEOUT else (_RING_TIMEOUT, "no_answer")


def ring(world: World, call: Call, team: Team, until: int) -> Steps[Manager | None]:
    """Offers the call to who is free; the caller gives up at `until`. Gives who answered."""
    free = world.free(team.id)
    rung = free[:_AT_ONCE] if team.ring_all else free[:1]
    reactions = []
    for manager in rung:
        manager.busy = True
        reactions.append((*_reaction(world, manager), manager))
        _tell(world, "call.offered", call, manager, group=team.id)
    started = world.now
    left = list(rung)
    for after, what, manager in sorted(reactions, key=lambda each: each[0]):
        if started + after >= until:
            yield max(0, until - world.now)
            _stop(world, call, left, "caller_left")
            return None
        yield max(0, started + after - world.now)
        left.remove(manager)
        if not what:
            _tell(world, "call.answered", call, manager, group=team.id)
            _stop(world, call, left, "answered_elsewhere")
            return manager
        _stop(world, call, [manager], what)
    return None


def _stop(world: World, call: Call, managers: list[Manager], reason: str) -> None:
    for manager in managers:
        _tell(world, "call.offer_ended", call, manager, reason=reason)
        world.begin(release(world, manager, 0 if reason == "answered_elsewhere" else 8_000))


def release(world: World, manager: Manager, after: int) -> Steps[None]:
    """Makes a manager free again after a while (notes, or getting back to the desk)."""
    yield after
    manager.busy, manager.idle_since = False, world.now


def _tell(world: World, kind: str, call: Call, manager: Manager, **more: str) -> None:
    world.tell(kind, call_id=call.id, customer=call.key, manager=manager.id, **more)
