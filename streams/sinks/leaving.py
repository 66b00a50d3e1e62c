"""Closing clients at the end of a part, which has to end whatever becomes of that."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_LOG = logging.getLogger(__name__)

#: A client of a broker that is away may never say that it has closed, s.
_LONGEST_S = 5.0


async def leave(*closings: Coroutine[Any, Any, None], within: float = _LONGEST_S) -> None:
    """Closes clients side by side, and leaves to themselves those that fail or do not end in time.

    A part that failed is started again once it has ended: a client that hangs must not keep it from that.
    """
    tasks = [asyncio.ensure_future(closing) for closing in closings]
    done, unfinished = await asyncio.wait(tasks, timeout=within)
    for task in unfinished:
        _LOG.warning("a client did not close within %g s and is left: %s", within, task.get_coro())
        task.cancel()
    for task in done:
        if not task.cancelled() and (fault := task.exception()) is not None:
            _LOG.warning("a client did not close: %r", fault)
