"""The course of a rebuild, step by step; see `streams.rebuild`."""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from streams.background import in_background
from streams.local.supervisor import Part, Supervisor
from streams.rebuild.catching_up import CatchingUp
from streams.rebuild.kafka import Place
from streams.rebuild.plan import Plan, Say
from streams.rebuild.preparing import prepared
from streams.rebuild.switching import clear_up, switch
from streams.settings import Settings


def rebuild(settings: Settings, *, then: bool, say: Say) -> None:
    """Makes everything anew and puts it in force. `then`: each event keeps the configuration of its time.

    Raises `RebuildRefused`, `NotTaken`, `PartFailed`, and errors of ClickHouse and Kafka: then what was in
    force still is, and it can be called again.
    """
    asyncio.run(_rebuild(settings, then=then, say=say))


async def _rebuild(settings: Settings, *, then: bool, say: Say) -> None:
    plan = await in_background(lambda: prepared(settings, then=then, say=say))
    with _logs(settings) as logs:
        supervisor = Supervisor(_parts(plan), [], logs, say)
        try:
            await supervisor.start()
            done = asyncio.Event()
            working = asyncio.ensure_future(_until(done, in_background(lambda: CatchingUp(plan, say).work())))
            await supervisor.watch(done)
            positions = await working
        finally:
            await supervisor.stop()
    await in_background(lambda: switch(plan, positions, say))
    await in_background(lambda: clear_up(plan, say))


async def _until(done: asyncio.Event, work: Awaitable[dict[Place, int]]) -> dict[Place, int]:
    try:
        return await work
    finally:
        done.set()


@contextmanager
def _logs(settings: Settings) -> Iterator[Path]:
    """Where the parts write their logs: in the folder of `salespulse up`, if there is one."""
    if settings.data_dir.is_dir():
        yield settings.data_dir.absolute() / "logs"
    else:
        with tempfile.TemporaryDirectory(prefix="salespulse-rebuild-") as folder:
            yield Path(folder)


def _parts(plan: Plan) -> list[Part]:
    own = replace(
        plan.settings, epoch=plan.next.epoch, instance="", metrics_port=0, parts_file=None
    ).environment()
    return [
        Part(
            f"rebuild-{what}",
            [sys.executable, "-m", "streams.rebuild", what],
            environment=own,
            grace_s=10.0,
            essential=False,
        )
        for what in ("fold", "store")
    ]
