"""Blocking work apart from the loop: heard while somebody waits, never waited for at the end."""

import asyncio
import threading

import pytest

from streams.background import in_background


def test_what_it_gives_and_what_it_raises() -> None:
    def fails() -> None:
        raise ValueError("no")

    assert asyncio.run(in_background(lambda: 7)) == 7
    with pytest.raises(ValueError, match="no"):
        asyncio.run(in_background(fails))


def test_the_end_does_not_wait_for_it() -> None:
    goes_on, over = threading.Event(), threading.Event()

    def hangs() -> None:
        goes_on.wait(60)
        over.set()

    async def run() -> None:
        task = asyncio.create_task(in_background(hangs))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert not over.is_set()
    goes_on.set()
    assert over.wait(10)
