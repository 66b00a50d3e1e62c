"""Wall-clock time as the broker has it."""

import time
from collections.abc import Iterable
from typing import Any

#: aiokafka's `timestamp_type` of a topic on which the broker sets the time of records.
LOG_APPEND_TIME = 1


def local_ms() -> float:
    """This machine's wall clock, ms since the epoch."""
    return time.time() * 1000


class BrokerClock:
    """Now, corrected by the times that the broker gave to our own records (LogAppendTime).

    Such a time lies between sending and acknowledgement, which bounds how far the clocks are
    apart. Without any topic that has LogAppendTime it is this machine's clock.
    """

    def __init__(self) -> None:
        self.ahead = 0.0  #: broker's clock minus ours, ms

    def observe(self, acknowledged: Iterable[Any], sent: float) -> None:
        """Takes in metadata of records sent at `sent` (`local_ms`) and acknowledged just now."""
        now = local_ms()
        for metadata in acknowledged:
            if metadata.timestamp_type == LOG_APPEND_TIME:
                least, most = metadata.timestamp - now, metadata.timestamp - sent
                self.ahead = min(max(self.ahead, least), max(most, least))

    def now_ms(self) -> int:
        """Now, ms since the epoch."""
        return int(local_ms() + self.ahead)
