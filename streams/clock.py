"""The one place that reads the wall clock. Pure code is given times, it never asks for them."""

import time


def now_ms() -> int:
    """Wall-clock time in ms since the epoch, UTC."""
    return time.time_ns() // 1_000_000
