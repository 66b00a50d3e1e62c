"""Asking Kafka again while the broker that answers for a group has not settled."""

import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

#: What a broker answers that is about to answer for a group, or just has ceased to: a moment later, or
#: another broker, will know. Librdkafka looks for that broker again by itself, but tells the error first.
_UNSETTLED = frozenset(
    {
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError._TRANSPORT,  # noqa: SLF001 - public in the library's documentation in spite of its name
        KafkaError._WAIT_COORD,  # noqa: SLF001 - the same
    }
)
#: A broker that was killed has given its groups away after its session's end (9 s) and the reading of
#: `__consumer_offsets` by another.
_PATIENCE_S = 60.0
_AGAIN_S = 0.3

T = TypeVar("T")


def patiently(ask: Callable[[], T], within_s: float = _PATIENCE_S, again_s: float = _AGAIN_S) -> T:
    """What `ask` returns, asked again while the group's broker has not settled.

    Raises `KafkaException` for every other error, and for these when they last longer than `within_s`.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            return ask()
        except KafkaException as fault:
            if fault.args[0].code() not in _UNSETTLED or time.monotonic() > deadline:
                raise
        time.sleep(again_s)
