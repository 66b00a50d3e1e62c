"""No record is skipped on the way from the log to the fold, and none is folded twice."""

from time import monotonic
from typing import TYPE_CHECKING

from faust.types import TP

from streams.engine.batch import Record
from streams.engine.faults import EngineFault
from streams.engine.offsets import RENEWED, check_continuity
from streams.engine.transport import Chunk

if TYPE_CHECKING:
    from streams.engine.application import EngineApp
    from streams.engine.stage import Stage

#: A seek that brought nothing is asked for again after this long, s.
SEEK_AGAIN = 5.0


class Guard:
    """Knows which offset each partition's fold needs next."""

    def __init__(self, stage: "Stage", app: "EngineApp") -> None:
        self._stage, self._app = stage, app
        #: next offset to fold, by partition of ours
        self.next: dict[TP, int] = {}
        self._seeking: dict[TP, float] = {}
        #: offset at which a record is missing that should be there, and that was asked for once more
        self._missing: dict[TP, int] = {}

    def start(self, points: dict[TP, int]) -> None:
        """Begins with these partitions, and only these, at these offsets."""
        self.next, self._seeking, self._missing = points, {}, {}

    def admit(self, tp: TP, chunk: Chunk) -> list[Record]:
        """The chunk's records that are next; none when they are known already or out of place."""
        want = self.next[tp]
        if chunk.start > want:
            self._seek_back(tp)
            return []
        self._seeking.pop(tp, None)
        records: list[Record] = chunk.records
        if records[-1].offset < want:
            self._check_end(tp, want)
            return []
        if records[0].offset < want:
            records = [record for record in records if record.offset >= want]
        return records

    def holes(self, tp: TP, records: list[Record]) -> bool:
        """Whether offsets are missing up to the last of these records."""
        return records[-1].offset - self.next[tp] + 1 != len(records)

    def doubts(self, tp: TP) -> bool:
        """Whether a hole where there should be none was seen for the first time; it is read again then.

        Where a consumer stands while the group changes is the consumer's word only.
        """
        if self._stage.may_have_holes or self._missing.get(tp) == self.next[tp]:
            return False
        self._missing[tp] = self.next[tp]
        self.read_again(tp)
        return True

    async def check_holes(self, tp: TP) -> None:
        """Raises `EngineFault` unless offsets of `tp` may be missing and none was deleted."""
        want = self.next[tp]
        begin = (await self._app.consumer.earliest_offsets(tp))[tp]
        check_continuity(tp, want, begin, max(begin, want))
        if not self._stage.may_have_holes:
            raise EngineFault(
                f"{tp.topic} partition {tp.partition} has no record {want}, though later ones: "
                f"something else than this pipeline writes to it, or removes from it. {RENEWED}"
            )

    def _seek_back(self, tp: TP) -> None:
        asked = self._seeking.get(tp)
        if asked is None or monotonic() - asked > SEEK_AGAIN:
            self._stage.statistics.gaps += asked is None
            self.read_again(tp)

    def read_again(self, tp: TP) -> None:
        """Lets `tp` be read again from the offset that is next."""
        self._seeking[tp] = monotonic()
        self._app.consumer.read_again(tp, self.next[tp])

    def _check_end(self, tp: TP, want: int) -> None:
        reach = self._app.consumer.reach(tp)
        if reach is not None and reach.end < want:
            check_continuity(tp, want, 0, reach.end)


class Watchdog:
    """Notices a chunk that was lost with nothing behind it to show the gap."""

    def __init__(self, stage: "Stage", app: "EngineApp", guard: Guard) -> None:
        self._stage, self._app, self._guard = stage, app, guard
        self._since: dict[TP, tuple[int, float]] = {}

    def look(self, idle: bool) -> None:
        """To be called every second or so; `idle` says that the stage has nothing in hand."""
        now = monotonic()
        for tp, following in self._guard.next.items():
            delivered = self._app.consumer.delivered(tp)
            if not idle or delivered is None or delivered <= following:
                self._since.pop(tp, None)
                continue
            at, since = self._since.get(tp, (following, now))
            if at != following:
                at, since = following, now
            self._since[tp] = (at, since)
            if now - since >= self._stage.stall_seconds:
                self._stage.statistics.stalls += 1
                self._since.pop(tp)
                self._guard.read_again(tp)
