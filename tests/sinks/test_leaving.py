"""A part that failed ends, whatever its clients do about it."""

import asyncio
import logging

import pytest

from streams.sinks.leaving import leave


def test_who_hangs_or_fails_keeps_nobody(caplog: pytest.LogCaptureFixture) -> None:
    closed: list[str] = []

    async def closes() -> None:
        closed.append("one")

    async def hangs() -> None:
        await asyncio.Event().wait()

    async def fails() -> None:
        raise OSError("gone")

    async def part() -> None:
        try:
            raise ValueError("why it ends")
        finally:
            await leave(hangs(), fails(), closes(), within=0.05)

    with caplog.at_level(logging.WARNING), pytest.raises(ValueError, match="why it ends"):
        asyncio.run(part())
    assert closed == ["one"]
    assert "hangs" in caplog.text
    assert "gone" in caplog.text
