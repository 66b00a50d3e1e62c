"""The stages without Kafka: topics are lists, and a crash is a call.

What the engine promises is kept here in the plainest form: outputs, then state, then position. A
crash forgets everything that is not on a topic, after any of these steps.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from streams.engine import Output, Stage, decode_state, encode_state


@dataclass
class Stored:
    """A record on a topic."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


@dataclass
class Wire:
    """All topics by (topic, partition), and the position of each reader."""

    partitions: int
    now: int = 0
    logs: dict[tuple[str, int], list[Stored]] = field(default_factory=dict)
    positions: dict[tuple[str, str, int], int] = field(default_factory=dict)

    def log(self, topic: str, partition: int) -> list[Stored]:
        return self.logs.setdefault((topic, partition), [])

    def append(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> None:
        log = self.log(topic, partition)
        log.append(Stored(topic, partition, len(log), self.now, key, value))

    def write(self, outputs: Iterable[Output]) -> None:
        for topic, partition, key, value in outputs:
            self.append(topic, partition or 0, key, value)

    def all(self, topic: str) -> list[Stored]:
        return [r for (name, _), log in sorted(self.logs.items()) if name == topic for r in log]


class Runner:
    """Runs one stage on the wire."""

    def __init__(self, wire: Wire, stage: Stage) -> None:
        self.wire, self.stage = wire, stage
        self._folded: dict[tuple[str, int], int] = {}
        self.restart()

    def restart(self) -> None:
        """As after kill -9: memory is what the ledger says, positions are the committed ones."""
        self.stage.clear()
        self._folded = {}
        self._away: set[int] = set()
        for partition in range(self.wire.partitions):
            self._load(partition)

    def give(self, partition: int) -> None:
        """As when a partition goes to another worker: everything folded is written before."""
        self.checkpoint()
        self.stage.drop(partition)
        self._away.add(partition)

    def take(self, partition: int) -> None:
        """As when a partition that was given comes back."""
        self._away.remove(partition)
        self._load(partition)

    def _load(self, partition: int) -> None:
        if self.stage.ledger is None:
            return
        newest: dict[bytes, tuple[int, bytes | None]] = {}
        for record in self.wire.log(self.stage.ledger, partition):
            assert record.key is not None
            if record.value is None:
                newest.pop(record.key, None)
                continue
            version, state = decode_state(record.value)
            if record.key not in newest or version >= newest[record.key][0]:
                newest[record.key] = (version, state)
        for key, (version, state) in newest.items():
            self.stage.restore(partition, key, version, state)

    def position(self, topic: str, partition: int) -> int:
        at = self._folded.get((topic, partition))
        return self.wire.positions.get((self.stage.name, topic, partition), 0) if at is None else at

    def behind(self) -> int:
        """Records not folded yet."""
        return sum(
            len(self.wire.log(topic, partition)) - self.position(topic, partition)
            for topic in self.stage.topics
            for partition in range(self.wire.partitions)
        )

    def fold(self, most: int) -> None:
        """Folds up to so many records of each partition."""
        for topic in self.stage.topics:
            for partition in set(range(self.wire.partitions)) - self._away:
                at = self.position(topic, partition)
                for record in self.wire.log(topic, partition)[at : at + most]:
                    self.stage.fold(record)
                    self._folded[topic, partition] = record.offset + 1

    def checkpoint(self, until: int = 1 << 30) -> bool:
        """Writes a checkpoint, but only its first `until` steps; whether it was all.

        Steps are single records and the commit, so that any part of them can be cut off.
        """
        if not self._folded:
            return True
        batch, folded = self.stage.collect(), self._folded
        steps = [output for wave in batch.waves for output in wave]
        self.wire.write(steps[:until])
        until -= len(steps)
        for partition, rows in batch.state.items():
            assert self.stage.ledger is not None
            for row in rows[: max(0, until)]:
                value = None if row.buried else encode_state(row.version, row.state)
                self.wire.append(self.stage.ledger, partition, row.key, value)
            until -= len(rows)
        if until <= 0:
            return False
        for (topic, partition), at in folded.items():
            self.wire.positions[self.stage.name, topic, partition] = at
        self._folded = {}
        return True
