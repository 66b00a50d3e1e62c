"""A worker or a sink as `salespulse` runs it, but for what FAULTS tells it to do wrong.

`exits`: a list of (part, point, number of times it is reached), one for each life that ends so
`life`, `lives`: how many of these have happened; how many lives are over, however they ended
`loses`: share of the chunks that are lost on the way to a stage
`session`: session of the consumer group, s
`clock`: how far the wall clock of the process is off, s
`raises`: (stage, number of the record): there its fold raises, in the first life only
"""
# ruff: noqa: PLC0415 - a clock that is off has to be so before anything is imported

import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.faults.kept import FAILED


class Exits:
    """Ends the process when its point is reached often enough."""

    def __init__(self, faults: dict[str, Any]) -> None:
        plan, life = faults.get("exits", []), faults["life"]
        step: tuple[str, str, int] = plan[life] if life < len(plan) else ("", "", 0)
        self._part, self._point, self._left = step

    def reached(self, part: str, point: str) -> None:
        if (part, point) != (self._part, self._point):
            return
        self._left -= 1
        if self._left <= 0:
            os._exit(FAILED)

    async def __call__(self, part: str, point: str) -> None:
        self.reached(part, point)


def put_clock_off(seconds: float) -> None:
    """Lets the wall clock of this process be off by so much; what measures durations goes on as it is."""
    plain, plain_ns = time.time, time.time_ns
    time.time = lambda: plain() + seconds
    time.time_ns = lambda: plain_ns() + round(seconds * 1e9)


def break_worker(faults: dict[str, Any], exits: Exits) -> None:
    """Gives the worker's app its fail-points."""
    from streams import app
    from streams.engine import make_app

    chance = random.Random()
    share = faults.get("loses", 0.0)
    further = {"session_timeout": faults["session"]} if "session" in faults else {}

    def broken(*positional: Any, **named: Any) -> Any:
        return make_app(
            *positional,
            **{
                **named,
                **further,
                "fail_point": exits,
                "loses_chunk": lambda _: chance.random() < share,
            },
        )

    app.make_app = broken  # type: ignore[attr-defined]


def break_fold(stage: str, number: int) -> None:
    """Lets the fold of a stage raise at a record."""
    from streams.agents.intake import IntakeStage
    from streams.agents.journeys import JourneysStage
    from streams.agents.windows import WindowsStage

    stages: dict[str, Any] = {"intake": IntakeStage, "journeys": JourneysStage, "windows": WindowsStage}
    broken, left = stages[stage], [number]
    fold = broken.fold

    def raising(self: Any, record: Any) -> int:
        left[0] -= 1
        if not left[0]:
            raise RuntimeError(f"raised on purpose at {record.topic}/{record.partition}/{record.offset}")
        return int(fold(self, record))

    broken.fold = raising


def break_sink(exits: Exits) -> None:
    """Gives the sink and the corrections their fail-points."""
    from streams.corrections import Corrections
    from streams.sinks.clickhouse import ClickHouse
    from streams.sinks.feed import Feed

    _around(ClickHouse, "write", exits, "sink", "before-inserts", "after-inserts")
    _around(ClickHouse, "_insert", exits, "sink", "before-insert", "after-insert")
    _around(Feed, "commit", exits, "sink", "before-commit", "after-commit")
    _around(Corrections, "_answer", exits, "corrections", "before-answer", "after-answer")
    _around(Corrections, "_refold", exits, "corrections", "before-refold", "after-refold")


def _around(owner: Any, name: str, exits: Exits, part: str, before: str, after: str) -> None:
    plain: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def with_points(*positional: Any, **named: Any) -> Any:
        exits.reached(part, before)
        result = await plain(*positional, **named)
        exits.reached(part, after)
        return result

    setattr(owner, name, with_points)


def main() -> None:
    faults = json.loads(os.environ["FAULTS"])
    put_clock_off(faults.get("clock", 0))
    exits = Exits(faults)
    break_worker(faults, exits)
    break_sink(exits)
    if "raises" in faults and not faults["lives"]:
        break_fold(*faults["raises"])
    from streams.cli import main as salespulse

    sys.argv[0] = "salespulse"
    salespulse()


if __name__ == "__main__":
    main()
