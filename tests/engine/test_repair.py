"""The second look at a ledger, when the broker does not answer at that moment."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError

from streams.engine.ledger import LedgerPartition
from streams.engine.repair import Repair


def test_a_look_that_fails_is_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    async def look(self: Repair, part: LedgerPartition) -> None:
        looked.append(part.source.partition)
        if len(looked) == 1:
            raise KafkaConnectionError("away")

    async def run() -> None:
        repair = Repair(
            cast("Any", SimpleNamespace(repair_seconds=0.0)), cast("Any", None), cast("Any", None)
        )
        repair._due = {3: (0.0, LedgerPartition("ledger", 3))}
        keeping = asyncio.create_task(repair.keep())
        async with asyncio.timeout(10):
            while repair._due:  # noqa: ASYNC110 - nothing tells that it is done
                await asyncio.sleep(0)
        keeping.cancel()

    monkeypatch.setattr(Repair, "_look_again", look)
    asyncio.run(run())
    assert looked == [3, 3]
