"""The job on this project's own windows stage, with every KPI in every rolling window.

Each event becomes the facts that a call gives its manager, in place of the stage before. Panes go to
the ledger, live values of all KPI to the output as they change, as in the product.
"""

from dataclasses import dataclass

import msgspec

from bench.peers.events import Call
from bench.peers.job import MINUTE_MS, OUTPUT, RUN, TOPIC, Progress
from bench.peers.run_engine import serve
from bench.peers.topics import LEDGER
from streams.agents.now import LiveValues
from streams.agents.subjects import midnights
from streams.agents.windows import WindowsStage
from streams.directory import Directory
from streams.engine import Batch, Record
from streams.records import MeasurementRow, MeasurementsRecord, pack
from streams.topics import InternalTopics

_CALL = msgspec.json.Decoder(Call).decode
#: Events whose facts are folded as one record, as the journeys' stage sends them.
_TOGETHER = 500
_VALUES_EVERY_S = 0.25


class _Topics(InternalTopics):
    """The job's topics in the places of the product's."""

    @property
    def measurements(self) -> str:
        return TOPIC

    @property
    def panes(self) -> str:
        return f"{RUN}{LEDGER}"

    @property
    def now(self) -> str:
        return OUTPUT


@dataclass(slots=True)
class _Together:
    """Facts of several events as one record of measurements; its offset is that of the last event."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class CountedCalls(WindowsStage):
    """The windows stage, reading the job's events."""

    chunk_records = 2000

    def clear(self) -> None:
        super().clear()
        self._waiting: dict[int, tuple[Record, list[MeasurementRow]]] = {}
        self.folded = self.reached = 0

    def fold(self, record: Record) -> int:
        assert record.value is not None
        call = _CALL(record.value)
        rows = self._waiting[record.partition][1] if record.partition in self._waiting else []
        self._waiting[record.partition] = (record, rows)
        rows += facts(call, record)
        self.reached = max(self.reached, call.occurred_at)
        self.folded += 1
        if len(rows) >= _TOGETHER:
            self._fold_waiting(record.partition)
        return 1

    def _fold_waiting(self, partition: int) -> None:
        last, rows = self._waiting.pop(partition)
        value = pack(MeasurementsRecord(rows))
        super().fold(_Together(last.topic, partition, last.offset, last.timestamp, None, value))

    def collect(self) -> Batch:
        for partition in list(self._waiting):
            self._fold_waiting(partition)
        return super().collect()


def facts(call: Call, record: Record) -> list[MeasurementRow]:
    """What a call gives its manager: that he had it, its ring and talk, and whether he missed it."""
    values = {"handled": 1, "ring": call.wait_s * 1000, "talk": call.talk_s * 1000}
    if call.type == "call.missed":
        values["offer_missed"] = 1
    subject, at = f"m:{call.manager_id}", call.occurred_at
    return [
        MeasurementRow(record.partition, record.offset, subject, name, at, None, value, "", at)
        for name, value in values.items()
    ]


def main() -> None:
    """Become the app."""
    directory = Directory.from_text("groups: {}\nmanagers: {}\n")
    stage = CountedCalls(internal=_Topics(), midnight=midnights(directory))
    values, progress, told = LiveValues(stage, directory), Progress(), 0

    async def show() -> None:
        nonlocal told
        folded, minute = stage.folded, stage.reached // MINUTE_MS
        if folded > told:
            # At the end of the minute every subject has had its turn; no time goes by after the last event.
            await values.send((minute + 1) * MINUTE_MS - 1)
            progress.add(folded - told)
            told = folded

    stage.every(_VALUES_EVERY_S, show)
    serve(stage)


if __name__ == "__main__":
    main()
