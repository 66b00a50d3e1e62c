"""The job as Faust's documentation teaches it: records, a table of minutes, one output per event."""

from typing import Any

import faust

from bench.peers.job import BOOTSTRAP, FOLDER, OUTPUT, PARTITIONS, RUN, TOPIC, Progress, counted_in

app = faust.App(
    RUN,
    broker=f"kafka://{BOOTSTRAP}",
    store="memory://",
    topic_partitions=PARTITIONS,
    web_enabled=False,
    consumer_auto_offset_reset="earliest",
    datadir=FOLDER,
)


class Call(faust.Record):
    """An event of the job's topic."""

    event_id: str
    type: str
    manager_id: str
    occurred_at: int
    customer: str
    direction: str
    wait_s: int
    talk_s: int
    call_id: str


source = app.topic(TOPIC, key_type=str, value_type=Call, key_serializer="raw")
output = app.topic(OUTPUT, key_type=str, key_serializer="raw", value_serializer="json")
minutes = app.Table("minutes", default=dict, partitions=PARTITIONS, key_type=str)
progress = Progress()


@app.agent(source)
async def count(stream: Any) -> None:
    """Counts each event."""
    async for call in stream:
        held = minutes[call.manager_id]
        row = counted_in(held, call.asdict())
        minutes[call.manager_id] = held
        await output.send(key=call.manager_id, value=row)
        progress.add()


if __name__ == "__main__":
    faust.Worker(app, loglevel="ERROR").execute_from_commandline()
