"""What a stage hands to the engine at a checkpoint."""

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

#: Largest record that is written, in bytes before compression; topics must allow as much.
MAX_RECORD_BYTES = 16 << 20


class Record(Protocol):
    """A record as read from Kafka."""

    topic: str
    partition: int
    offset: int
    timestamp: int  #: Kafka's time, ms
    key: bytes | None
    value: bytes | None


class Output(NamedTuple):
    """A record to be written."""

    topic: str
    partition: int | None  #: None: by the key, as Kafka does
    key: bytes | None
    value: bytes | None


class StateRecord(NamedTuple):
    """State of one key for the ledger; `state` None says that the key is forgotten.

    What is forgotten leaves a note with its version, so that a replay finds the key as it was. With
    `buried` nothing is left: for keys that the stage itself knows to be past, of which there would be
    more and more notes.
    """

    key: bytes
    version: int
    state: bytes | None
    buried: bool = False


@dataclass(slots=True)
class Batch:
    """All that was derived since the last checkpoint. Its bytes are final.

    Waves are sent one after the other, each when the one before is delivered. Records of one wave
    for the same partition have no order among them that survives a crash: what one origin gives
    to one destination belongs into one record, and what must be split goes into several waves.
    `state` is by input partition, each in the order in which it is to be written.
    """

    waves: list[list[Output]] = field(default_factory=list)
    state: dict[int, list[StateRecord]] = field(default_factory=dict)
