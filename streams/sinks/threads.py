"""Work that blocks, in threads that nobody waits for when the process ends.

The threads of `asyncio.to_thread` hold the end of the process up until their work is done, and an answer of
ClickHouse may take minutes. All that is done so may be cut off at any moment, as by a kill.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """What `work` gives or raises; when the caller is cancelled it goes on unheard."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(how: Callable[[Any], None], what: object) -> None:
        def told() -> None:
            if not done.done():
                how(what)

        with contextlib.suppress(RuntimeError):  # the loop is over, and nobody asks any more
            loop.call_soon_threadsafe(told)

    def run() -> None:
        try:
            found = work()
        except BaseException as fault:  # noqa: BLE001 - raised where it is awaited
            tell(done.set_exception, fault)
        else:
            tell(done.set_result, found)

    threading.Thread(target=run, daemon=True).start()
    return await done
