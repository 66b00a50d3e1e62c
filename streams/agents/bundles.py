"""Gathers what a checkpoint derived into few records, one after another where one would grow too large."""

from collections.abc import Callable
from itertools import zip_longest
from typing import Generic, TypeVar

from streams.engine import Output

Row = TypeVar("Row")


class Bundles(Generic[Row]):
    """Rows by destination partition, cut into records of about `limit` weight.

    The rows of one origin for one destination always stay in one record: consumers compare an origin
    with their high-water mark as it stood *before* the record, so a second record of the same origin
    would be taken for a replay.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: dict[int, list[list[Row]]] = {}
        self._weights: dict[int, int] = {}

    def add(self, partition: int, rows: list[Row], weight: int) -> None:
        """Adds all rows of one origin for a partition."""
        parts = self._parts.get(partition)
        if parts is None:
            parts = self._parts[partition] = [[]]
            self._weights[partition] = 0
        if self._weights[partition] + weight > self._limit and parts[-1]:
            parts.append([])
            self._weights[partition] = 0
        parts[-1].extend(rows)
        self._weights[partition] += weight

    def waves(self, topic: str, encode: Callable[[list[Row]], bytes]) -> list[list[Output]]:
        """Records to send: each wave holds at most one per partition, later waves wait for earlier."""
        columns = [
            [Output(topic, partition, None, encode(rows)) for rows in parts]
            for partition, parts in sorted(self._parts.items())
        ]
        return [[output for output in wave if output] for wave in zip_longest(*columns)]
