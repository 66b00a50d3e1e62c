"""The job in quixstreams: a stateful function per manager, its state in RocksDB with a changelog."""

from typing import Any

from quixstreams import Application, State

from bench.peers.job import BOOTSTRAP, FOLDER, OUTPUT, RUN, TOPIC, Progress, counted_in

progress = Progress()
app = Application(
    broker_address=BOOTSTRAP,
    consumer_group=RUN,
    auto_offset_reset="earliest",
    state_dir=f"{FOLDER}/state",
    loglevel="WARNING",
    processing_guarantee="at-least-once",
    auto_create_topics=True,
)


def count(event: dict[str, Any], state: State) -> dict[str, Any]:
    """Counts an event."""
    minutes = state.get("minutes") or {}
    row = counted_in(minutes, event)
    state.set("minutes", minutes)
    progress.add()
    return row


source = app.topic(TOPIC, key_deserializer="str", value_deserializer="json")
output = app.topic(OUTPUT, key_serializer="str", value_serializer="json")
app.dataframe(source).apply(count, stateful=True).to_topic(output)

if __name__ == "__main__":
    app.run()
