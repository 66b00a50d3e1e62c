"""The job on this project's engine: minute counters in a ledger, a row per manager and checkpoint."""

from collections.abc import Callable

import faust
import msgspec

from bench.peers.events import Call
from bench.peers.job import BOOTSTRAP, HOUR, MINUTE_MS, OUTPUT, PARTITIONS, RUN, SHORT, TOPIC, Progress
from bench.peers.topics import LEDGER
from streams.engine import Batch, Connection, Output, Record, Stage, StateRecord, make_app

_CALL = msgspec.json.Decoder(Call).decode
_JSON = msgspec.json.Encoder().encode
_PACK = msgspec.msgpack.Encoder().encode
_UNPACK = msgspec.msgpack.Decoder(list[int]).decode

#: n, waits, talks, missed, and the version of the input that the minute includes
Minute = list[int]


class Minutes(Stage):
    """Counts per manager and minute."""

    name, topics, ledger = "windows", (TOPIC,), f"{RUN}{LEDGER}"
    interval, max_events, chunk_records = 0.1, 20_000, 2000

    def clear(self) -> None:
        self._held: list[dict[str, dict[int, Minute]]] = [{} for _ in range(PARTITIONS)]
        self._begin()

    def _begin(self) -> None:
        self._dirty: list[set[tuple[str, int]]] = [set() for _ in range(PARTITIONS)]
        self.new = 0

    def drop(self, partition: int) -> None:
        self._held[partition] = {}

    def restore(self, partition: int, key: bytes, version: int, state: bytes | None) -> None:
        assert state is not None
        manager, minute = key.decode().rsplit("|", 1)
        self._held[partition].setdefault(manager, {})[int(minute)] = [*_UNPACK(state), version]

    def fold(self, record: Record) -> int:
        assert record.value is not None
        call = _CALL(record.value)
        minute = call.occurred_at // MINUTE_MS
        held = self._held[record.partition].setdefault(call.manager_id, {})
        counted = held.get(minute)
        if counted is None:
            counted = held[minute] = [0, 0, 0, 0, -1]
        version = self.version(record.offset)
        self.new += 1
        if version <= counted[4]:
            return 1
        counted[0] += 1
        counted[1] += call.wait_s
        counted[2] += call.talk_s
        if call.type == "call.missed":
            counted[3] += 1
        counted[4] = version
        self._dirty[record.partition].add((call.manager_id, minute))
        return 1

    def collect(self) -> Batch:
        outputs: list[Output] = []
        state: dict[int, list[StateRecord]] = {}
        for partition, dirty in enumerate(self._dirty):
            if not dirty:
                continue
            held = self._held[partition]
            state[partition] = [
                StateRecord(f"{name}|{minute}".encode(), held[name][minute][4], _PACK(held[name][minute][:4]))
                for name, minute in dirty
            ]
            newest: dict[str, int] = {}
            for name, minute in dirty:
                newest[name] = max(minute, newest.get(name, 0))
            outputs += [self._row(partition, name, minute) for name, minute in newest.items()]
        self._begin()
        return Batch([outputs] if outputs else [], state)

    def _row(self, partition: int, manager: str, minute: int) -> Output:
        minutes = self._held[partition][manager]
        for old in [each for each in minutes if each <= minute - HOUR]:
            del minutes[old]
        row: dict[str, int | str] = {"manager_id": manager, "minute": minute}
        for length in (SHORT, HOUR):
            within = [counted for at, counted in minutes.items() if at > minute - length]
            for place, letter in enumerate("nwtm"):
                row[f"{letter}{length}"] = sum([counted[place] for counted in within])
        return Output(OUTPUT, partition, manager.encode(), _JSON(row))


def telling(stage: Stage, new: Callable[[], int]) -> Callable[[], Batch]:
    """`stage.collect` that counts what a checkpoint holds as done once the next one begins.

    Checkpoints follow one another, so that by then what the former gave is written.
    """
    progress, collect = Progress(), stage.collect

    def collect_and_tell() -> Batch:
        count = new()
        batch = collect()
        progress.add(count)
        return batch

    return collect_and_tell


def serve(stage: Stage) -> None:
    """Runs a stage as the app of this process."""
    app = make_app(RUN, Connection(BOOTSTRAP), session_timeout=10.0, worker_redirect_stdouts=False)
    app.add(stage)
    faust.Worker(app, loglevel="WARNING").execute_from_commandline()


if __name__ == "__main__":
    minutes = Minutes()
    minutes.collect = telling(minutes, lambda: minutes.new)  # type: ignore[method-assign]
    serve(minutes)
