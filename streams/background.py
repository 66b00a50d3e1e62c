"""Blocking work beside the event loop, in threads that nobody waits for when the process ends."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def in_background(work: Callable[[], T]) -> T:
    """What `work` returns or raises, done in a thread of its own.

    Unlike `asyncio.to_thread` the thread is a daemon: when the process is told to stop while `work`
    waits for an answer, the process ends and does not wait with it.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        result: T | None = None
        fault: BaseException | None = None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001 - raised again where it is awaited
            fault = raised
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(_answer, answer, result, fault)

    threading.Thread(target=run, daemon=True).start()
    return await answer


def _answer(answer: "asyncio.Future[Any]", result: object, fault: BaseException | None) -> None:
    if answer.done():  # nobody waits for it any more
        return
    if fault is not None:
        answer.set_exception(fault)
    else:
        answer.set_result(result)
