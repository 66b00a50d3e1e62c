"""What the pipeline is compared with: Faust as its documentation teaches it, doing far less.

    python -m bench.plain_faust NAME BOOTSTRAP TOPIC OUTPUT EVENTS

Counts calls' events per manager in a table and sends one record per event. Prints a line of JSON with
the time (s since the epoch) when the first event is done, and one when `EVENTS` are.
It does not filter doubles, knows no calls, and its numbers are not exact (`bench.stock_faust_tables`).
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import faust

PARTITIONS = 8


def make_app(name: str, bootstrap: str, topic: str, output: str, events: int) -> faust.App:
    """The app; it tells when it has done `events`, and goes on."""
    app = faust.App(
        name,
        broker=f"kafka://{bootstrap}",
        store="memory://",
        topic_partitions=PARTITIONS,
        web_enabled=False,
        # Made even for tables in memory.
        datadir=Path(tempfile.gettempdir()) / f"{name}-data",
    )
    source = app.topic(topic, key_serializer="raw", value_serializer="json")
    counted = app.topic(output, key_type=str, value_serializer="json")
    counts = app.Table("counts", default=int, partitions=PARTITIONS)
    done = 0

    @app.agent(source)
    async def count(stream: Any) -> None:
        nonlocal done
        async for event in stream:
            manager = event.get("manager", "")
            counts[manager] += 1
            await counted.send(key=manager, value={"manager": manager, "count": counts[manager]})
            done += 1
            if done in (1, events):
                _tell()

    return app


def _tell() -> None:
    # Past Faust, which turns standard output into its log.
    os.write(1, json.dumps({"at": time.time()}).encode() + b"\n")


def main() -> None:
    """Become the app."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("bootstrap")
    parser.add_argument("topic")
    parser.add_argument("output")
    parser.add_argument("events", type=int)
    asked = parser.parse_args()
    sys.argv = sys.argv[:1]
    app = make_app(asked.name, asked.bootstrap, asked.topic, asked.output, asked.events)
    faust.Worker(app, loglevel="ERROR").execute_from_commandline()


if __name__ == "__main__":
    main()
