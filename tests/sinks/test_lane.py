"""How long rows gather before they are written."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

from streams.sinks import lane
from streams.sinks.lane import Gathered, Lane

PLACE = TopicPartition("records", 0)
GATHERS_S = 1.0


class Trial:
    """A lane with a clock of its own, into which rows are put by number alone."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.stored: list[int] = []
        patch.setattr(lane, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.lane = Lane(self._store, GATHERS_S)

    async def _store(self, gathered: Gathered) -> None:
        self.stored.append(gathered.batch.taken)

    def put(self, rows: int) -> None:
        self.lane.gathered.note(PLACE, 1, 100)
        self.lane.gathered.batch.taken += rows

    async def after(self, seconds: float) -> bool:
        """Whether a batch is handed over when so much time has gone by."""
        self.now += seconds
        handed = self.lane.hand_over()
        await asyncio.sleep(0)
        return handed is not None


async def test_rows_gather_for_longer_after_a_batch_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "_MANY_ROWS", 100)
    monkeypatch.setattr(lane, "LONGER", 4.0)
    trial = Trial(monkeypatch)
    trial.put(99)
    assert not await trial.after(0.9)
    assert await trial.after(0.1)
    trial.put(100)
    assert await trial.after(1.0), "as long as ever after one of few"
    for _ in range(4):
        trial.put(50)
        assert not await trial.after(0.9)
    assert await trial.after(0.4)
    trial.put(50)
    assert not await trial.after(0.9)
    trial.put(50)
    assert not await trial.after(0.9)
    assert await trial.after(0.1), "as nothing more comes"
    assert trial.stored == [99, 100, 200, 100]


async def test_a_full_batch_goes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "_FLUSH_ROWS", 50)
    trial = Trial(monkeypatch)
    trial.put(50)
    assert await trial.after(0.0)
    assert trial.stored == [50]
