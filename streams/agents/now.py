"""Live values of every KPI, sent when they change and as time goes by."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from zlib import crc32

from streams.agents.panes import Partition
from streams.agents.subjects import settings_of, working_ages
from streams.agents.windows import WindowsStage
from streams.directory import Directory
from streams.engine import Output
from streams.kpis.connected import NOT_CONNECTED, connected_kpis
from streams.kpis.declarations import KPIS
from streams.kpis.formulas import Value
from streams.kpis.kpi import NOW, ROLLING, Kpi, evaluate_now, evaluate_window, readings
from streams.records import NowRecord, NowRow, pack
from streams.windows.rolling import SubjectWindows

_MINUTE = 60_000
_HOUR = 60 * _MINUTE
#: When a minute ends all windows move. Of more subjects than these the rest follows, each by its turn, 2 ms
#: a subject, so that events between them need not wait for all.
_MOVED_AT_ONCE = 125
_MOVED_IN = 2
#: How often a value is looked at that grows by itself, such as the age of an open item (ms).
_AGES_EVERY = 1_000
_LIVE = [kpi for kpi in KPIS.values() if kpi.live]
_OF_NOW = [kpi for kpi in _LIVE if kpi.windows == NOW]
_OF_WINDOWS = [kpi for kpi in _LIVE if kpi.windows != NOW]


def _readers() -> dict[str, list[int]]:
    """By measurement: which of `_OF_WINDOWS` read it."""
    found: dict[str, list[int]] = {}
    for place, kpi in enumerate(_OF_WINDOWS):
        for name in dict.fromkeys(measured for measured, _ in readings(kpi.formula)):
            found.setdefault(name, []).append(place)
    return found


_READ_BY = _readers()
_EVERYTHING = dict.fromkeys(ROLLING, _OF_WINDOWS)
#: by window
Concerned = Mapping[str, Iterable[Kpi]]


def _concerned(changed: dict[str, set[str]] | None) -> Concerned:
    """The KPI whose value over a window can have changed with these measurements; None: any."""
    if changed is None:
        return _EVERYTHING
    found: dict[str, list[Kpi]] = {}
    for window, names in changed.items():
        places = sorted({place for name in names for place in _READ_BY.get(name, ())})
        found[window] = [_OF_WINDOWS[place] for place in places]
    return found


class _Again(NamedTuple):
    """What of a subject is to be sent though it is what was sent before."""

    values: bool
    absent: bool  #: that there is no value


_NEWS = _Again(values=False, absent=False)


def _over(length: int, turn: int, last: int, now: int) -> bool:
    """Whether a stretch of so many ms, each of which begins `turn` ms later, ended between two moments."""
    return (now - turn) // length != (last - turn) // length


class LiveValues:
    """Evaluates KPI over the stage's rolling windows and sends what differs from what it last sent.

    Once a minute each subject's values are sent again: readers take one older than two minutes for unknown.
    Each has its own moment of the minute, so that neither the worker nor who stores them has a burst of
    all to deal with. That there is none need not be said again but once an hour, so that the row does
    not go with its age.
    """

    def __init__(self, stage: WindowsStage, directory: Directory) -> None:
        self._stage = stage
        self._directory = directory
        self._working_age = working_ages(directory)
        self._connected = connected_kpis(source.provides for source in directory.sources.values())
        self._sent_at = -1
        self._moved_within = 1  #: of a minute's end, ms; the same until the next
        self._aged_at = 0
        self._sent: dict[tuple[str, str, str], Value] = {}

    async def send(self, now: int) -> None:
        """Sends what is new at `now` (ms), and waits until the broker has it."""
        ages = now - self._aged_at >= _AGES_EVERY
        if ages:
            self._aged_at = now
        last, self._sent_at = self._sent_at, now
        changed, self._stage.changed = self._stage.changed, set()
        outputs = []
        held = self._stage.all_held()
        if _over(_MINUTE, 0, last, now):
            further = sum(len(partition.subjects()) for partition in held.values()) - _MOVED_AT_ONCE
            self._moved_within = min(max(1, _MOVED_IN * further), _MINUTE)
        for number, partition in held.items():
            rows = list(self._rows(partition, last, now, changed, ages=ages))
            if rows:
                outputs.append(Output(self._stage.internal.now, number, None, pack(NowRecord(rows))))
        if outputs:
            await self._stage.deliver(outputs)

    def _rows(
        self, partition: Partition, last: int, now: int, changed: set[str], *, ages: bool
    ) -> Iterator[NowRow]:
        for subject in partition.subjects():
            turn = crc32(subject.encode())
            own = turn % _MINUTE
            every = _over(_MINUTE, own, last, now)
            if partition.open(subject).expire(now):
                changed.add(subject)
            if every or subject in changed or _over(_MINUTE, turn % self._moved_within, last, now):
                windows = partition.rolling(subject)
                windows.advance(now)
                changes = windows.take_changed()
                concerned = _concerned(None if every else changes)
                again = _Again(values=every, absent=_over(_HOUR, own, last, now))
                yield from self._over_windows(windows, subject, now, concerned, again)
                yield from self._of_now(partition, subject, now, again)
            elif ages and partition.open(subject):
                yield from self._of_now(partition, subject, now, _NEWS)

    def _over_windows(
        self, windows: SubjectWindows, subject: str, now: int, concerned: Concerned, again: _Again
    ) -> Iterator[NowRow]:
        settings = settings_of(self._directory, subject, now)
        for window, kpis in concerned.items():
            totals = windows.totals(window)
            for kpi in kpis:
                if window in kpi.windows and kpi.concerns(subject):
                    value = NOT_CONNECTED
                    if kpi.id in self._connected:
                        value = evaluate_window(kpi, totals, settings)
                    yield from self._new(subject, kpi.id, window, now, value, again)

    def _of_now(self, partition: Partition, subject: str, now: int, again: _Again) -> Iterator[NowRow]:
        items = partition.open(subject)
        for kpi in _OF_NOW:
            if kpi.concerns(subject):
                value = NOT_CONNECTED
                if kpi.id in self._connected:
                    value = evaluate_now(kpi, items, now, self._working_age)
                yield from self._new(subject, kpi.id, *NOW, now, value, again)

    def _new(
        self, subject: str, kpi: str, window: str, now: int, value: Value, again: _Again
    ) -> Iterator[NowRow]:
        """The row of a value, if it has to be sent."""
        key = (subject, kpi, window)
        said_again = again.absent if value[0] is None else again.values
        if said_again or self._sent.get(key) != value:
            self._sent[key] = value
            yield NowRow(now, subject, kpi, window, *value)
