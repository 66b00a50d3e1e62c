"""A worker process of the test pipeline; what it does wrong on purpose is told as JSON in argv."""

import asyncio
import json
import os
import random
import sys
import time
from typing import Any

import faust
from aiokafka.cluster import ClusterMetadata

from streams.assignment import WholeAssignor
from streams.engine import Batch, Connection, EngineApp, Stage, make_app
from streams.engine.checkpoints import Checkpoints
from tests.engine import pipeline


def say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def stages(prefix: str, options: dict[str, Any]) -> list[Any]:
    made = [pipeline.Intake(prefix), pipeline.Journeys(prefix), pipeline.Windows(prefix)]
    for stage in made:
        stage.max_events = options.get("max_events", 2000)
        stage.stall_seconds = options.get("stall_seconds", 10.0)
        stage.repair_seconds = options.get("repair_seconds", 120.0)
    made[0].in_order = options.get("in_order", False)
    return made


def exits(options: dict[str, Any]) -> Any:
    """Ends the process when this life's point is passed for the given time."""
    chance, plan, life = random.Random(), options.get("exits", []), options["life"]
    wanted, left = (plan[life][:2], [plan[life][2]]) if life < len(plan) else ([], [0])

    async def fail_point(stage: str, point: str) -> None:
        if [stage, point] != wanted:
            return
        left[0] -= 1
        if point.startswith(("between", "mid")):
            await asyncio.sleep(chance.random() * 0.01)  # let a part of them reach the broker
        if not left[0]:
            sys.stderr.write(f"exit of {stage} at {point}\n")
            os._exit(9)

    return fail_point


def break_law(law: str) -> None:
    if law == "high-water mark":
        pipeline.Journeys.forgets_high_water_mark = True
        pipeline.Windows.forgets_high_water_mark = True

    async def state_first(self: Checkpoints, batch: Batch, upto: Any) -> None:
        await self._write_state(batch)
        await self._point("after-state")
        await self._write_outputs(batch)
        await self._point("after-outputs")
        self._done(upto)

    async def commit_first(self: Checkpoints, batch: Batch, upto: Any) -> None:
        self._done(upto)
        await self._app.consumer.commit()
        await self._point("after-commit")
        await self._write_outputs(batch)
        await self._point("after-outputs")
        await self._write_state(batch)
        await self._point("after-state")

    if law == "outputs before state":
        Checkpoints._write = state_first  # type: ignore[method-assign]
    if law == "state before commit":
        Checkpoints._write = commit_first  # type: ignore[method-assign]


def tell(app: EngineApp, made: list[Any]) -> Any:
    """Prints, as a line of JSON, what has changed since the last line."""
    last: list[str] = [""]

    async def report() -> None:
        while True:
            await asyncio.sleep(0.05)
            told: dict[str, Any] = {s.name: {"ready": s.loaded, **_numbers(s.statistics)} for s in made}
            line = json.dumps({"pid": os.getpid(), "generation": app.consumer_generation_id, **told})
            if line != last[0]:
                say({"at": time.time()} | json.loads(line))
                last[0] = line

    return report


def measure_latency(windows: pipeline.Windows, then: Any) -> Any:
    """A fail-point that, at a checkpoint's end, prints how old its raw records are by then."""
    taken: list[list[int]] = [[]]
    collect = windows.collect

    def collect_and_keep() -> Batch:
        taken[0], windows.logged = windows.logged, []
        return collect()

    windows.collect = collect_and_keep  # type: ignore[method-assign]

    async def fail_point(stage: str, point: str) -> None:
        if (stage, point) == (windows.name, "before-done"):
            now = time.time() * 1000
            say({"ages_ms": [round(now - logged) for logged in taken[0]]})
        await then(stage, point)

    return fail_point


def ask_for_confirmation(app: EngineApp, stage: Stage) -> None:
    """Asks again and again whether this worker still owns its partitions, and prints the answer."""

    async def ask() -> None:
        generation = app.consumer_generation_id
        confirmed = await stage.confirm()
        say({"at": time.time(), "confirmed": confirmed, "of": generation})

    stage.every(0.2, ask)


def lose(options: dict[str, Any]) -> Any:
    """Loses chunks on the way to the agent: a share of all, or each partition's first of a topic."""
    chance, share, firsts = random.Random(), options.get("loses", 0.0), set()

    def loses(tp: Any) -> bool:
        if tp.topic == options.get("loses_first_of") and tp not in firsts:
            firsts.add(tp)
            return True
        return bool(chance.random() < share)

    return loses


def know_no_topics(assignments: int) -> None:
    """So often partitions are divided out as by a client that a broker just begun has told of none."""
    assign, left = WholeAssignor.assign, [assignments]

    def assign_later(cluster: Any, members: Any) -> Any:
        if not left[0]:
            return assign(cluster, members)
        left[0] -= 1
        return assign(ClusterMetadata(), members)

    WholeAssignor.assign = assign_later  # type: ignore[method-assign]


def _numbers(statistics: Any) -> dict[str, Any]:
    return {name: getattr(statistics, name) for name in statistics.__slots__}


def main() -> None:
    options = json.loads(sys.argv[1])
    made = stages(options["prefix"], options)
    fail_point = exits(options)
    if options.get("latency"):
        fail_point = measure_latency(made[-1], fail_point)
    app = make_app(
        options["prefix"],
        Connection(options["bootstrap"]),
        worker=options.get("worker"),
        identities=f"{options['prefix']}.identities",
        session_timeout=options.get("session_timeout", 6.0),
        worker_redirect_stdouts=False,
        fail_point=fail_point,
        loses_chunk=lose(options),
    )
    know_no_topics(options.get("knows_no_topics", 0) if not options["life"] else 0)
    break_law(options.get("breaks", ""))
    for stage in made:
        app.add(stage)
    if options.get("confirms"):
        ask_for_confirmation(app, made[-1])
    app.task(tell(app, made))
    faust.Worker(app, loglevel="WARNING", override_logging=True).execute_from_commandline()


if __name__ == "__main__":
    main()
