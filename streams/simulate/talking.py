"""What happens while a manager and a customer talk: holds, hand-overs, the end."""

from streams.simulate.ringing import release
from streams.simulate.timeline import Steps
from streams.simulate.world import MINUTE, SECOND, Call, Manager, World


def converse(world: World, call: Call, manager: Manager, median: float = 110 * SECOND) -> Steps[Manager]:
    """Talks until the end and tells it; gives the manager who talked last."""
    length = max(4 * SECOND, int(world.about(median, 0.8) * manager.talk))
    if length > 50 * SECOND and world.chance(0.12):
        yield length // 3
        yield from _hold(world, call, manager)
    if length > 40 * SECOND and world.chance(0.06):
        yield length // 3
        manager = yield from _hand_over(world, call, manager)
    yield length // 2
    finish(world, call, manager, ended_by="customer" if world.chance(0.55) else "manager")
    if world.chance(0.07):
        world.begin(_rating(world, call, manager), world.about(2 * MINUTE))
    return manager


def finish(world: World, call: Call, manager: Manager, **more: str) -> None:
    """The call ends, the manager writes notes and is free again."""
    recording = f"https://recordings.example/{call.id}.ogg"
    world.tell("call.ended", call_id=call.id, customer=call.key, recording=recording, **more)
    call.customer.reached_at, call.customer.calling = world.now, False
    world.begin(release(world, manager, world.about(14 * SECOND)))


def _hold(world: World, call: Call, manager: Manager) -> Steps[None]:
    about = {"call_id": call.id, "customer": call.key, "manager": manager.id}
    world.tell("call.held", **about)
    yield min(world.about(20 * SECOND), 3 * MINUTE)
    world.tell("call.resumed", **about)


def _hand_over(world: World, call: Call, manager: Manager) -> Steps[Manager]:
    """Gives the call to a free colleague of any team, if there is one."""
    others = [m for team in world.centre.teams for m in world.free(team.id)]
    if not others:
        return manager
    to = world.rng.choice(others)
    to.busy = True
    about = {"call_id": call.id, "customer": call.key}
    world.tell("call.transferred", manager=manager.id, to_manager=to.id, to_group=to.team, **about)
    world.begin(release(world, manager, world.about(8 * SECOND)))
    world.tell("call.offered", manager=to.id, group=to.team, **about)
    yield min(world.about(to.ring_ms, 0.3), 15 * SECOND)
    world.tell("call.answered", manager=to.id, group=to.team, **about)
    return to


def _rating(world: World, call: Call, manager: Manager) -> Steps[None]:
    score = world.rng.choices((1, 2, 3, 4, 5), (4, 4, 9, 28, 55))[0]
    world.tell(
        "call.rated",
        call_id=call.id,
        customer=call.key,
        manager=manager.id,
        score=score,
        rated_by="customer",
    )
    yield 0
