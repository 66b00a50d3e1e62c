"""What happens while two people talk: holds, hand-overs, the end, and a rating afterwards."""

from streams.simulate.centre import Team
from streams.simulate.ringing import release
from streams.simulate.timeline import Steps
from streams.simulate.world import MINUTE, SECOND, Call, Customer, Manager, World

#: A shorter talk settles nothing; longer than the pipeline's least conversation.
_SETTLES_MS = 16 * SECOND


def converse(world: World, call: Call, manager: Manager) -> Steps[bool]:
    """Talks until the end and tells it; whether it was long enough to settle anything."""
    begun = world.now
    length = max(4 * SECOND, int(world.about(world.talk_ms, 0.65) * manager.talk))
    if length > 50 * SECOND and world.chance(0.12):
        yield length // 3
        yield from _hold(world, call, manager)
    if length > 40 * SECOND and world.chance(0.06):
        yield length // 3
        manager = yield from _hand_over(world, call, manager)
    yield length // 2
    settled = world.now - begun >= _SETTLES_MS
    if settled:
        call.customer.reached_at = world.now
    finish(world, call, manager, ended_by="customer" if world.chance(0.55) else "manager")
    if world.chance(0.07):
        world.begin(_rating(world, call, manager), world.about(2 * MINUTE))
    if world.chance(0.004):
        world.tell("complaint.created", customer=call.key, call_id=call.id, manager=manager.id)
    return settled


def finish(world: World, call: Call, manager: Manager, **more: str) -> None:
    """An answered call ends; the manager writes notes and is free again."""
    recording = f"https://recordings.example/{call.id}.ogg"
    world.tell("call.ended", call_id=call.id, customer=call.key, recording=recording, **more)
    call.customer.calling = False
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


def internal(world: World, team: Team) -> Steps[None]:
    """A manager asks a colleague something: no customer's business."""
    free = world.free(team.id)
    if len(free) < 2:
        return
    asks, answers = free[0], free[1]
    asks.busy = answers.busy = True
    call = Call(world.number("c"), "internal", Customer("", team.id), f"ext:{answers.id[1:]}")
    about = {"call_id": call.id, "customer": call.key}
    world.tell("call.started", direction="internal", manager=asks.id, **about)
    yield world.about(answers.ring_ms, 0.3)
    world.tell("call.answered", manager=answers.id, **about)
    yield world.about(35 * SECOND)
    world.tell("call.ended", ended_by="manager", **about)
    for manager in (asks, answers):
        world.begin(release(world, manager, 0))
