"""Notes when panes of the whole centre can be read from the ledger, in a process of its own.

    python -m bench.noted_panes BOOTSTRAP FILE

Until it is killed it writes a line for each state of a pane of subject `a:all`: the moment when a consumer
got it (ms since the epoch), the pane's minute, and how many inbound calls it counts. It reads the one
partition in which this subject is, committed records only, and decodes no other subject's panes.
"""

import argparse
import sys
import time
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.noted import Step, steps
from bench.parts import Process
from streams.engine.ledger import decode_state
from streams.records import PaneState
from streams.topics import InternalTopics, partition_of

_SUBJECT = "a:all"
_PANE = msgspec.msgpack.Decoder(PaneState)


class PaneNotes(Process):
    """The process that notes."""

    def __init__(self, folder: Path, bootstrap: str) -> None:
        """`folder` takes its notes and its log."""
        self._file = folder / "panes.txt"
        self._file.touch()
        command = [sys.executable, "-m", "bench.noted_panes", bootstrap, str(self._file)]
        super().__init__("panes", command, folder, {})

    def steps(self) -> list[Step]:
        """Inbound calls that all panes counted together, and since when."""
        self.check()
        text = self._file.read_text("ascii")
        return steps(line.split() for line in text[: text.rfind("\n") + 1].splitlines())


def note(bootstrap: str, file: Path) -> None:
    """Reads the ledger from its beginning, for ever."""
    panes = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench.panes",  # it has to have one, and commits nothing
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    topic = InternalTopics().panes
    number = partition_of(_SUBJECT, len(panes.list_topics(topic, timeout=10).topics[topic].partitions))
    panes.assign([TopicPartition(topic, number, 0)])
    begins = f"{_SUBJECT}|".encode()
    with file.open("a", encoding="ascii", buffering=1) as notes:
        while True:
            message = panes.poll(1)
            if message is None:
                continue
            if message.error():
                raise KafkaException(message.error())
            name, value = message.key() or b"", message.value()
            if value is not None and name.startswith(begins):
                notes.write(_line(name, value, time.time_ns() // 1_000_000))


def _line(name: bytes, value: bytes, now: int) -> str:
    state = decode_state(value)[1]
    pane = _PANE.decode(state) if state is not None else PaneState()
    calls = pane.counters.get("call_in", (0, 0))[0]
    return f"{now} {name.decode().rsplit('|', 1)[1]} {calls}\n"


def main() -> None:
    """Notes until it is killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("bootstrap")
    parser.add_argument("file", type=Path)
    asked = parser.parse_args()
    note(asked.bootstrap, asked.file)


if __name__ == "__main__":
    main()
