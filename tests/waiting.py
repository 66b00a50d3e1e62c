"""Waiting for conditions: tests never sleep for a fixed time and hope."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(check: Callable[[], T], within: float = 30.0, every: float = 0.05, what: str = "") -> T:
    """The first truthy result of `check`; fails when there is none `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what or check}; last result {result!r}")
        time.sleep(every)
