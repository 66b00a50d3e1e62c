"""Live values of every KPI, sent when they change and as time goes by."""

from collections.abc import Iterable, Iterator, Mapping

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
_HOUR_MINUTES = 60
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


class LiveValues:
    """Evaluates KPI over the stage's rolling windows and sends what differs from what it last sent.

    Once a minute every value is sent again: readers take one older than two minutes for unknown. That
    there is none need not be said again but once an hour, so that the row does not go with its age.
    """

    def __init__(self, stage: WindowsStage, directory: Directory) -> None:
        self._stage = stage
        self._directory = directory
        self._working_age = working_ages(directory)
        self._connected = connected_kpis(source.provides for source in directory.sources.values())
        self._minute = -1
        self._aged_at = 0
        self._sent: dict[tuple[str, str, str], Value] = {}

    async def send(self, now: int) -> None:
        """Sends what is new at `now` (ms), and waits until the broker has it."""
        every = now // _MINUTE != self._minute
        ages = now - self._aged_at >= _AGES_EVERY
        self._minute = now // _MINUTE
        if ages:
            self._aged_at = now
        changed, self._stage.changed = self._stage.changed, set()
        outputs = []
        for number, partition in self._stage.all_held().items():
            rows = list(self._rows(partition, now, changed, every=every, ages=ages))
            if rows:
                outputs.append(Output(self._stage.internal.now, number, None, pack(NowRecord(rows))))
        if outputs:
            await self._stage.deliver(outputs)

    def _rows(
        self, partition: Partition, now: int, changed: set[str], *, every: bool, ages: bool
    ) -> Iterator[NowRow]:
        for subject in partition.subjects():
            if partition.open(subject).expire(now):
                changed.add(subject)
            if every or subject in changed:
                windows = partition.rolling(subject)
                windows.advance(now)
                changes = windows.take_changed()
                concerned = _concerned(None if every else changes)
                yield from self._over_windows(windows, subject, now, concerned, every=every)
                yield from self._of_now(partition, subject, now, every=every)
            elif ages and partition.open(subject):
                yield from self._of_now(partition, subject, now, every=False)

    def _over_windows(
        self, windows: SubjectWindows, subject: str, now: int, concerned: Concerned, *, every: bool
    ) -> Iterator[NowRow]:
        settings = settings_of(self._directory, subject, now)
        for window, kpis in concerned.items():
            totals = windows.totals(window)
            for kpi in kpis:
                if window in kpi.windows and kpi.concerns(subject):
                    value = NOT_CONNECTED
                    if kpi.id in self._connected:
                        value = evaluate_window(kpi, totals, settings)
                    yield from self._new(subject, kpi.id, window, now, value, every=every)

    def _of_now(self, partition: Partition, subject: str, now: int, *, every: bool) -> Iterator[NowRow]:
        items = partition.open(subject)
        for kpi in _OF_NOW:
            if kpi.concerns(subject):
                value = NOT_CONNECTED
                if kpi.id in self._connected:
                    value = evaluate_now(kpi, items, now, self._working_age)
                yield from self._new(subject, kpi.id, *NOW, now, value, every=every)

    def _new(
        self, subject: str, kpi: str, window: str, now: int, value: Value, *, every: bool
    ) -> Iterator[NowRow]:
        """The row of a value, if it has to be sent."""
        key = (subject, kpi, window)
        again = every and (value[0] is not None or self._minute % _HOUR_MINUTES == 0)
        if again or self._sent.get(key) != value:
            self._sent[key] = value
            yield NowRow(now, subject, kpi, window, *value)
