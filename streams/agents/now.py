"""Live values of every KPI, sent when they change and as time goes by."""

from collections.abc import Iterable, Iterator

from streams.agents.panes import Partition
from streams.agents.subjects import settings_of, working_ages
from streams.agents.windows import WindowsStage
from streams.directory import Directory
from streams.engine import Output
from streams.kpis.connected import NOT_CONNECTED, connected_kpis
from streams.kpis.declarations import KPIS
from streams.kpis.formulas import Value
from streams.kpis.kpi import NOW, Kpi, evaluate
from streams.records import NowRecord, NowRow, pack

_MINUTE = 60_000
#: How often a value is looked at that grows by itself, such as the age of an open item (ms).
_AGES_EVERY = 1_000
_OF_NOW = [kpi for kpi in KPIS.values() if kpi.windows == NOW]


class LiveValues:
    """Evaluates KPI over the stage's rolling windows and sends what differs from what it last sent.

    Once a minute everything is sent again: readers take a value older than two minutes for unknown.
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
                partition.rolling(subject).advance(now)
                yield from self._values(partition, subject, now, KPIS.values(), every=every)
            elif ages and partition.open(subject):
                yield from self._values(partition, subject, now, _OF_NOW, every=False)

    def _values(
        self, partition: Partition, subject: str, now: int, kpis: Iterable[Kpi], *, every: bool
    ) -> Iterator[NowRow]:
        windows, items = partition.rolling(subject), partition.open(subject)
        settings = settings_of(self._directory, subject, now)
        for kpi in kpis:
            if not kpi.concerns(subject):
                continue
            for window in kpi.windows:
                totals = windows.totals(window if window not in NOW else "5m")
                value = NOT_CONNECTED
                if kpi.id in self._connected:
                    value = evaluate(kpi, totals, items, now, self._working_age, settings)
                key = (subject, kpi.id, window)
                if every or self._sent.get(key) != value:
                    self._sent[key] = value
                    yield NowRow(now, subject, kpi.id, window, *value)
