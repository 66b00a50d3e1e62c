"""Before a rebuild: topics and tables of the next epoch, and nothing left of rebuilds that did not end."""

from dataclasses import replace

from streams.alerts.rules import load_rules
from streams.config import load_config
from streams.epochs import in_force
from streams.rebuild.kafka import Administration, Writer
from streams.rebuild.plan import GROUPS, LEFTOVERS_S, Plan, RebuildRefused, Say, client_of
from streams.rebuild.resolving import as_of, as_then
from streams.settings import Settings
from streams.sinks.rebuilt_tables import drop_other_tables, make_tables, put_tables_in_force
from streams.topics import InternalTopics
from streams.topology import ensure_topics
from streams.whole_log import read_whole


def prepared(settings: Settings, *, then: bool, say: Say) -> Plan:
    """Topics and tables of the next epoch, empty, and nothing left of rebuilds that did not end."""
    config = load_config(settings.config)
    load_rules(config.rules_text, config.directory)
    present = in_force(settings)
    administration = Administration(settings.kafka)
    _check_partitions(administration, settings, present)
    with client_of(settings) as client:
        if present.rebuilt:
            put_tables_in_force(client, present.epoch)  # where the last one was cut off
        last = _cleared_of_leftovers(administration, present)
        drop_other_tables(client)
        following = InternalTopics(last + 1, rebuilt=True)
        say(f"epoch {present.epoch} is in force, epoch {following.epoch} is made")
        ensure_topics(replace(settings, epoch=following.epoch))
        make_tables(client, following.epoch)
    known = dict(read_whole(settings.kafka, present.config))
    known.setdefault(config.version.encode(), config.pack())
    writer = Writer(settings.kafka)
    for key, value in known.items():
        writer.put(following.config, 0, value, key)
    writer.flush()
    return Plan(settings, present, following, config, as_then if then else as_of(config))


def _check_partitions(administration: Administration, settings: Settings, present: InternalTopics) -> None:
    """What is newly accepted is carried on partition by partition."""
    number = administration.partitions(present.events)
    if number != settings.partitions:
        raise RebuildRefused(
            f"{present.events} has {number} partitions, SALESPULSE_PARTITIONS wants {settings.partitions}: "
            "a rebuild keeps their number"
        )


def _cleared_of_leftovers(administration: Administration, present: InternalTopics) -> int:
    """Deletes the topics of all epochs but the one in force; the last epoch that there ever was.

    Raises `RebuildRefused` when somebody works with them.
    """
    topics = administration.topics()
    epochs = {int(name.rpartition(".e")[2]) for name in topics if _is_internal(name)} - {present.epoch}
    others = [InternalTopics(epoch, rebuilt=True) for epoch in sorted(epochs)]
    groups = [one.group(group) for one in others for group in GROUPS]
    groups += GROUPS if present.rebuilt else ()
    if not administration.wait_until_empty(groups, LEFTOVERS_S):
        raise RebuildRefused(
            "another rebuild is at work, or a role of an epoch that is over: wait for it, or end it"
        )
    ended = tuple(f".e{epoch}" for epoch in epochs)
    administration.delete([name for name in topics if ended and name.endswith(ended)], groups)
    return max(epochs | {present.epoch})


def _is_internal(name: str) -> bool:
    return name.startswith("salespulse.") and name.rpartition(".e")[2].isdigit()
