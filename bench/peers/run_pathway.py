"""The job in pathway: tumbling minutes, joined with those of the last hour; commits every 100 ms."""

from typing import Any

import pathway as pw

from bench.peers.job import BOOTSTRAP, FOLDER, HOUR, MINUTE_MS, OUTPUT, RUN, SHORT, TOPIC, Progress

COMMIT_MS = 100
KAFKA = {"bootstrap.servers": BOOTSTRAP, "group.id": RUN, "auto.offset.reset": "earliest"}


class Call(pw.Schema):  # type: ignore[misc]
    """What the job needs of an event."""

    manager_id: str
    type: str
    occurred_at: int
    wait_s: int
    talk_s: int


calls = pw.io.kafka.read(
    KAFKA, topic=TOPIC, schema=Call, format="json", autocommit_duration_ms=COMMIT_MS, name="calls"
)
minutes = calls.windowby(
    calls.occurred_at, window=pw.temporal.tumbling(duration=MINUTE_MS), instance=calls.manager_id
).reduce(
    manager=pw.this._pw_instance,
    minute=pw.this._pw_window_start,
    n=pw.reducers.count(),
    w=pw.reducers.sum(pw.this.wait_s),
    t=pw.reducers.sum(pw.this.talk_s),
    m=pw.reducers.sum(pw.if_else(pw.this.type == "call.missed", 1, 0)),
)
newest = minutes.groupby(minutes.manager).reduce(minutes.manager, minute=pw.reducers.max(minutes.minute))
hour = pw.temporal.interval(-(HOUR - 1) * MINUTE_MS, 0)
last = newest.interval_join(minutes, newest.minute, minutes.minute, hour, newest.manager == minutes.manager)
held = last.select(
    newest.manager,
    newest.minute,
    n=minutes.n,
    w=minutes.w,
    t=minutes.t,
    m=minutes.m,
    short=minutes.minute > newest.minute - SHORT * MINUTE_MS,
)
sums = {f"{name}{HOUR}": pw.reducers.sum(held[name]) for name in "nwtm"}
sums |= {f"{name}{SHORT}": pw.reducers.sum(pw.if_else(held.short, held[name], 0)) for name in "nwtm"}
rows = held.groupby(held.manager).reduce(
    manager_id=held.manager, minute=pw.reducers.max(held.minute) // MINUTE_MS, **sums
)
pw.io.kafka.write(rows, {"bootstrap.servers": BOOTSTRAP}, OUTPUT, format="json")

progress = Progress()
told = 0


def tell(key: Any, row: dict[str, Any], time: int, is_addition: bool) -> None:  # noqa: ARG001  pathway's names
    """Tells how many more events a micro-batch has counted."""
    global told  # noqa: PLW0603  the callback has no other place for it
    if is_addition:
        progress.add(row["n"] - told)
        told = row["n"]


pw.io.subscribe(calls.reduce(n=pw.reducers.count()), on_change=tell)

if __name__ == "__main__":
    kept = pw.persistence.Config(
        pw.persistence.Backend.filesystem(f"{FOLDER}/state"),
        persistence_mode=pw.PersistenceMode.PERSISTING,
        snapshot_interval_ms=0,
    )
    pw.run(persistence_config=kept, monitoring_level=pw.MonitoringLevel.NONE)
