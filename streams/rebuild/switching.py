"""Puts the next epoch in force, and clears up after the one before."""

from confluent_kafka import KafkaException

from streams.epochs import in_force, put_in_force
from streams.rebuild.kafka import Administration, Group, Place
from streams.rebuild.plan import GROUPS, LEFTOVERS_S, Plan, RebuildRefused, Say, client_of
from streams.sinks.rebuilt_tables import drop_other_tables, put_tables_in_force
from streams.topics import ALERTS, DEAD_LETTERS, SINK_GROUP, WORKER_GROUP

#: How long old roles may take to see that their epoch is over, and new ones to be at work, s.
_ROLES_S = 90.0


def switch(plan: Plan, positions: dict[Place, int], say: Say) -> None:
    """Puts the next epoch in force. Before `put_in_force` nothing has happened, after it all has."""
    settings, present, following = plan.settings, plan.present, plan.next
    groups = [following.group(group) for group in GROUPS]
    if not Administration(settings.kafka).wait_until_empty(groups, LEFTOVERS_S):
        raise RebuildRefused("parts of the rebuild have not left their groups: run it again")
    with Group(settings.kafka, following.group(WORKER_GROUP)) as worker:
        worker.commit(positions)
    with (
        Group(settings.kafka, present.group(SINK_GROUP)) as before,
        Group(settings.kafka, following.group(SINK_GROUP)) as after,
    ):
        after.commit(before.positions([ALERTS, DEAD_LETTERS]))
    now = in_force(settings)
    if now != present:
        raise RebuildRefused(
            f"epoch {now.epoch} has been put in force meanwhile: run it again if it is still needed"
        )
    put_in_force(settings, following.epoch)
    say(f"epoch {following.epoch} is in force")
    with client_of(settings) as client:
        put_tables_in_force(client, following.epoch)


def clear_up(plan: Plan, say: Say) -> None:
    """Waits for the roles, and deletes what is of the epoch before; what is left the next rebuild deletes."""
    administration = Administration(plan.settings.kafka)
    present, following = plan.present, plan.next
    if not administration.wait_until_joined(
        [following.group(g) for g in (WORKER_GROUP, SINK_GROUP)], _ROLES_S
    ):
        say("no worker or no sink is at work: start them (`salespulse worker`, `salespulse sink`)")
    old = [present.group(group) for group in GROUPS]
    if not administration.wait_until_empty(old, _ROLES_S):
        say(f"a role still works in epoch {present.epoch}: start it again. The next rebuild clears up")
        return
    try:
        topics = [name for name in administration.topics() if name.endswith(f".e{present.epoch}")]
        administration.delete(topics, old)
        with client_of(plan.settings) as client:
            drop_other_tables(client)
    except KafkaException as fault:
        say(f"not all of epoch {present.epoch} could be deleted, the next rebuild does it: {fault}")
