"""The job that every engine does, and how it tells its progress.

Per manager and minute: how many events, the sums of their waits and talks, how many missed; on every
update (or once per micro-batch, where an engine works so) the totals of the last 5 and 60 minutes as
JSON to an output topic. State survives a crash in the engine's own normal way, at least once.

Programs of this folder run in other environments too, so this imports nothing of the project.
"""

import os
import time
from typing import Any

#: Where to read and write; set by whoever starts the program.
BOOTSTRAP = os.environ.get("JOB_BOOTSTRAP", "")
TOPIC = os.environ.get("JOB_TOPIC", "")
OUTPUT = os.environ.get("JOB_OUTPUT", "")
#: A name that no other run has, for consumer groups and internal topics.
RUN = os.environ.get("JOB_RUN", "")
#: Events on the topic.
EVENTS = int(os.environ.get("JOB_EVENTS", "0"))
#: A folder of this run's own.
FOLDER = os.environ.get("JOB_FOLDER", ".")
PARTITIONS = 4

#: Minutes held.
HOUR = 60
#: Length of the short window, minutes.
SHORT = 5
MINUTE_MS = 60_000


class Progress:
    """Says on standard output when the first and the last event are done."""

    def __init__(self) -> None:
        self._done = 0

    def add(self, events: int = 1) -> None:
        """So many events more are done: their effect is on its way to the output."""
        if self._done == 0:
            self._say("first", events)
        self._done += events
        if self._done >= EVENTS:
            self._say("last", self._done)
            self._done = -(10**12)

    @staticmethod
    def _say(what: str, events: int) -> None:
        # Past libraries that turn standard output into their log.
        os.write(1, f"\n@{what} {events} {time.time():.4f}\n".encode())


def rolled(minutes: dict[str, list[int]], manager: str, minute: int) -> dict[str, Any]:
    """Output row: n, waits (w), talks (t) and missed (m) of the last 5 and 60 minutes up to `minute`."""
    long, short = [0, 0, 0, 0], [0, 0, 0, 0]
    for counted in minutes.values():
        for place in range(4):
            long[place] += counted[place]
    for past in range(minute - SHORT + 1, minute + 1):
        counted = minutes.get(str(past), [])
        for place, value in enumerate(counted):
            short[place] += value
    row: dict[str, Any] = {"manager_id": manager, "minute": minute}
    for place, letter in enumerate("nwtm"):
        row[f"{letter}{SHORT}"] = short[place]
        row[f"{letter}{HOUR}"] = long[place]
    return row


def counted_in(minutes: dict[str, list[int]], event: dict[str, Any]) -> dict[str, Any]:
    """Counts an event in the minutes of its manager and gives the row; old minutes are let go."""
    minute = event["occurred_at"] // MINUTE_MS
    held = minutes.get(str(minute))
    if held is None:
        held = minutes[str(minute)] = [0, 0, 0, 0]
        for old in [each for each in minutes if int(each) <= minute - HOUR]:
            del minutes[old]
    held[0] += 1
    held[1] += event["wait_s"]
    held[2] += event["talk_s"]
    held[3] += event["type"] == "call.missed"
    return rolled(minutes, event["manager_id"], minute)
