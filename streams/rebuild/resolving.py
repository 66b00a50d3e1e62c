"""Which configuration an event that is told again is stamped with, and whom it names under it."""

from collections.abc import Callable

import msgspec

from streams.config import Config
from streams.directory import UNMAPPED, Directory
from streams.intake import named
from streams.records import Event, EventRow

#: Gives an accepted event, and the version of the configuration it was stamped with, as they are told again.
Restamp = Callable[[EventRow, str], tuple[EventRow, str]]

_PEOPLE = ("to_manager", "actor", "to_group", "line")


def as_then(row: EventRow, config: str) -> tuple[EventRow, str]:
    """Leaves everything as it was."""
    return row, config


def as_of(config: Config) -> Restamp:
    """Stamps every event with this configuration, and finds out in it whom names mean that had no meaning."""

    def restamp(row: EventRow, _: str) -> tuple[EventRow, str]:
        event = named_again(row.event, config.directory)
        if event is not row.event:
            row = msgspec.structs.replace(row, event=event)
        return row, config.version

    return restamp


def named_again(event: Event, directory: Directory) -> Event:
    """The event with ids of the directory for names that nobody knew when it came.

    What was found then stands: the source's own name is not kept, so an alias that was given to
    somebody else since cannot be followed.
    """
    unmapped = f"{UNMAPPED}{event.source}:"
    open_ = {name for name in _PEOPLE if str(event.data.get(name, "")).startswith(unmapped)}
    open_ |= _open_of_funnel(event, directory)
    manager, group = event.manager.startswith(unmapped), event.group.startswith(unmapped)
    if not (open_ or manager or group):
        return event
    data = {**event.data, **{name: event.data[name].removeprefix(unmapped) for name in open_}}
    plain = msgspec.structs.replace(
        event,
        manager=event.manager.removeprefix(unmapped),
        group=event.group.removeprefix(unmapped),
        data=data,
    )
    told = named(directory, plain)
    return msgspec.structs.replace(
        event,
        manager=told.manager if manager else event.manager,
        group=told.group if group else event.group,
        data={**event.data, **{name: told.data[name] for name in open_}},
    )


def _open_of_funnel(event: Event, directory: Directory) -> set[str]:
    """Pipeline and stage as far as they are no ids: without a funnel the source's names stand there."""
    pipeline, stage = event.data.get("pipeline"), event.data.get("stage")
    if not isinstance(pipeline, str):
        return set()
    known = directory.funnel.pipelines.get(pipeline)
    open_ = {"pipeline"} if known is None else set()
    if isinstance(stage, str) and (known is None or stage not in known.stages):
        open_.add("stage")
    return open_
