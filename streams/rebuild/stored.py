"""The stored events in the order of the log, as a rebuild reads them: a copy that stands still.

The copy is ordered by when Kafka got each event, so that it can be read in stretches however many there
are, and in each raw partition by offset: folds take an offset below one that they have seen for a
repetition.
"""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from streams.rebuild.respreading import Cut
from streams.records import Event, EventRow
from streams.sinks.connection import ROWS
from streams.sinks.rebuilt_tables import database_of

_ORDER = "logged_at, raw_topic, raw_partition, raw_offset, source, event_id"
_PER_STRETCH = 20_000
#: Sorting by raw partition may need more memory than there is.
_SORTING = {"max_bytes_before_external_sort": 512 << 20}
#: Numbers of raw partitions stay below this; above them those of logs that are no more.
_FORMER = 1 << 10
_MOST_FORMER = 1000

#: A raw partition (index of its topic, number), and places in its log (ms, offset).
_Raw = tuple[int, int]
_Place = tuple[int, int]


class LogsTooOften(Exception):
    """Offsets of a raw partition begin again more often than can be told apart."""


class StoredEvents:
    """A copy of table `events`, in the database of an epoch."""

    def __init__(self, client: Client, epoch: int) -> None:
        self._client = client
        self._database = database_of(epoch)
        self._begins: dict[_Raw, list[_Place]] = {}
        self._cut: Cut = {}

    def copy(self, cut: Cut, ends: Cut) -> int:
        """Makes the copy; how many events there are. Raises clickhouse-connect's errors, and `LogsTooOften`.

        `cut`: what lies from there on is not told by `stretches`. `ends`: where the raw topics end.
        """
        self._cut = cut
        self._client.command(
            f"CREATE TABLE {self._database}.feed ENGINE = MergeTree ORDER BY ({_ORDER}) AS "
            "SELECT source, event_id, type, at, customer, manager, `group`, data, extra, raw_topic, "
            f"raw_partition, raw_offset, logged_at, config FROM {ROWS}.events FINAL"
        )
        self._begins = self._logs(ends)
        ((count,),) = self._client.query(f"SELECT count() FROM {self._database}.feed").result_rows
        return int(count)

    def configs(self) -> set[str]:
        """Versions of the configuration that events are stamped with."""
        rows = self._client.query(f"SELECT DISTINCT config FROM {self._database}.feed").result_rows
        return {str(row[0]) for row in rows}

    def stretches(self) -> Iterator[list[tuple[EventRow, str]]]:
        """All events below the cut, each with the version it was stamped with."""
        after: tuple[Any, ...] | None = None
        while True:
            rows = self._stretch(after)
            if not rows:
                return
            told = (self._row(list(values)) for values in rows)
            yield [(row, config) for row, config in told if self._is_below(row)]
            last = rows[-1]
            after = (last[0], *last[1:4], last[4], last[5])

    def missing(self) -> int:
        """How many of the copied events have not been stored again."""
        ((copied, stored),) = self._client.query(
            f"SELECT (SELECT count() FROM {self._database}.feed), "
            f"(SELECT count() FROM {self._database}.events FINAL)"
        ).result_rows
        return max(0, int(copied) - int(stored))

    def _stretch(self, after: tuple[Any, ...] | None) -> list[Any]:
        where, parameters = "", {}
        if after is not None:
            began = "fromUnixTimestamp64Milli({at:Int64}, 'UTC')"
            where = (
                f"WHERE logged_at >= {began} AND ({_ORDER}) > ({began}, {{topic:UInt8}}, "
                "{partition:Int32}, {offset:Int64}, {source:String}, {event:String})"
            )
            names = ("at", "topic", "partition", "offset", "source", "event")
            parameters = dict(zip(names, after, strict=True))
        found = self._client.query(
            "SELECT toUnixTimestamp64Milli(logged_at), raw_topic, raw_partition, raw_offset, source, "
            "event_id, type, toUnixTimestamp64Milli(at), customer, manager, `group`, data, extra, config "
            f"FROM {self._database}.feed {where} ORDER BY {_ORDER} LIMIT {_PER_STRETCH}",
            parameters=parameters,
        )
        return list(found.result_rows)

    def _row(self, values: list[Any]) -> tuple[EventRow, str]:
        logged_at, topic, partition, offset, source, event_id, kind, at, customer, *rest = values
        manager, group, data, extra, config = rest
        event = Event(
            source,
            event_id,
            kind,
            at,
            customer,
            manager,
            group,
            msgspec.json.decode(data) if data else {},
            msgspec.json.decode(extra) if extra else {},
        )
        number = self._numbered(topic, partition, (logged_at, offset))
        return EventRow(topic, number, offset, logged_at, event), config

    def _is_below(self, row: EventRow) -> bool:
        return row.partition >= _FORMER or row.offset < self._cut.get((row.topic, row.partition), 0)

    def _numbered(self, topic: int, partition: int, place: _Place) -> int:
        """The partition's number, another one for a log that ended before the present one began."""
        begins = self._begins.get((topic, partition))
        if begins is None:
            return partition
        former = len(begins) - bisect_right(begins, place)
        return partition + former * _FORMER

    def _logs(self, ends: Cut) -> dict[_Raw, list[_Place]]:
        """Where offsets of a raw partition began again: its topic was made anew, or a clock put back."""
        found = self._restarts()
        newest = self._client.query(
            "SELECT raw_topic, raw_partition, max((toUnixTimestamp64Milli(logged_at), raw_offset)) "
            f"FROM {self._database}.feed GROUP BY raw_topic, raw_partition"
        ).result_rows
        for topic, partition, (logged_at, offset) in newest:
            # Of the present log nothing is stored yet: all there is lies behind its end, or was never cut.
            if offset >= ends.get((topic, partition), 0) or (topic, partition) not in self._cut:
                found.setdefault((topic, partition), []).append((logged_at, offset + 1))
        return found

    def _restarts(self) -> dict[_Raw, list[_Place]]:
        before = (
            f"lagInFrame(raw_offset, 1, -1) OVER (PARTITION BY raw_topic, raw_partition ORDER BY {_WITHIN})"
        )
        rows = self._client.query(
            "SELECT raw_topic, raw_partition, toUnixTimestamp64Milli(logged_at), raw_offset FROM "
            f"(SELECT raw_topic, raw_partition, logged_at, raw_offset, {before} AS before "
            f"FROM {self._database}.feed) WHERE raw_offset <= before "
            f"ORDER BY raw_topic, raw_partition, logged_at, raw_offset LIMIT {_MOST_FORMER}",
            settings=_SORTING,
        ).result_rows
        if len(rows) == _MOST_FORMER:
            raise LogsTooOften(
                f"the offsets of the raw topics begin again {_MOST_FORMER} times or more in the events: "
                "was the clock of Kafka's broker put back again and again?"
            )
        found: dict[_Raw, list[_Place]] = {}
        for topic, partition, logged_at, offset in rows:
            found.setdefault((topic, partition), []).append((logged_at, offset))
        return found


_WITHIN = "logged_at, raw_offset, source, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
