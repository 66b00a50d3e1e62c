"""Judges the alert rules on a timer. The records on topic `alerts` are their state."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
from aiokafka.structs import TopicPartition

from streams.agents.panes import Partition
from streams.agents.subjects import calendar_of, name_of, settings_of
from streams.agents.windows import WindowsStage
from streams.alerts.machine import AlertState, Transition, restore, step, withdrawn
from streams.alerts.rules import Rule
from streams.directory import Directory
from streams.directory_entries import GroupSettings
from streams.engine import Connection, Output, partitions_of, read_log, reader
from streams.kpis.connected import NOT_CONNECTED, connected_kpis
from streams.kpis.formulas import Value, WorkingAge
from streams.kpis.kpi import NOW, evaluate
from streams.topics import ALERTS, partition_of

_LOG = logging.getLogger(__name__)
_JSON = msgspec.json.Encoder()
_TRANSITION = msgspec.json.Decoder(Transition)

#: Rule and subject, such as `missed-share` and `g:sales`.
Watched = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Judged:
    watched: Watched
    state: AlertState
    transition: Transition


class Alerting:
    """The rules, and where each stands for each subject of this worker's partitions."""

    def __init__(
        self,
        stage: WindowsStage,
        rules: list[Rule],
        directory: Directory,
        working_age: WorkingAge,
        partitions: int,
    ) -> None:
        self._stage = stage
        self._rules = {rule.name: rule for rule in rules}
        self._directory = directory
        self._working_age = working_age
        self._connected = connected_kpis(source.provides for source in directory.sources.values())
        self._partitions = partitions
        self._states: dict[Watched, AlertState] = {}
        #: firing alerts on the topic that no rule watches any more
        self._orphans: list[Transition] = []

    def restore(self, transitions: Iterable[Transition], partitions: frozenset[int]) -> None:
        """Takes over what the topic says of subjects of these partitions, given in its order."""
        for watched in [w for w in self._states if self._partition(w[1]) in partitions]:
            del self._states[watched]
        newest = {transition.key: transition for transition in transitions}
        self._orphans = []
        for last in newest.values():
            subject = f"{last.subject_kind[0]}:{last.subject}"
            if self._partition(subject) not in partitions or last.state != "firing":
                continue
            rule = self._rules.get(last.rule)
            if rule is None or not rule.concerns(subject):
                self._orphans.append(last)
            else:
                self._states[last.rule, subject] = restore(rule, last)

    async def judge(self, now: int) -> None:
        """Steps every rule for every subject; tells what changed. Only to be called while caught up.

        A change counts once it is on the topic, and it is written only by a worker whose generation
        the broker has just confirmed: one that was frozen and replaced has nothing to say.
        """
        judged = []
        for watched, state, transition in self._steps(now):
            if transition is None:
                self._states[watched] = state
            else:
                judged.append(_Judged(watched, state, transition))
        ended = [withdrawn(last, now) for last in self._orphans]
        if not (judged or ended) or not await self._stage.confirm():
            return
        told = [one.transition for one in judged] + ended
        await self._stage.deliver([_output(transition) for transition in told])
        self._states.update({one.watched: one.state for one in judged})
        self._orphans = []

    def _steps(self, now: int) -> Iterator[tuple[Watched, AlertState, Transition | None]]:
        for partition in self._stage.all_held().values():
            for subject in partition.subjects():
                for rule in self._rules.values():
                    if rule.concerns(subject) and rule.kpi.concerns(subject):
                        yield self._step(rule, partition, subject, now)

    def _step(
        self, rule: Rule, partition: Partition, subject: str, now: int
    ) -> tuple[Watched, AlertState, Transition | None]:
        settings = settings_of(self._directory, subject, now)
        value, n = self._value(rule, partition, subject, now, settings)
        in_hours = calendar_of(self._directory, subject, now).in_hours(now)
        label = name_of(self._directory, subject)
        known = self._states.get((rule.name, subject))
        own = rule.of_group(settings.min_n)
        state, transition = step(own, known, subject, value, n, now, in_hours, label)
        return (rule.name, subject), state, transition

    def _value(
        self, rule: Rule, partition: Partition, subject: str, now: int, settings: GroupSettings
    ) -> Value:
        if rule.kpi.id not in self._connected:
            return NOT_CONNECTED
        windows = partition.rolling(subject)
        windows.advance(now)
        window = "5m" if rule.window in NOW else rule.window
        items = partition.open(subject)
        items.expire(now)
        return evaluate(rule.kpi, windows.totals(window), items, now, self._working_age, settings)

    def _partition(self, subject: str) -> int:
        return partition_of(subject, self._partitions)


def _output(transition: Transition) -> Output:
    return Output(ALERTS, None, transition.key.encode(), _JSON.encode(transition))


async def read_transitions(connection: Connection) -> list[Transition]:
    """All records of topic `alerts`, those of one key in their order. Foreign ones are passed over."""
    found: list[Transition] = []

    def take(_: TopicPartition, __: bytes | None, value: bytes | None) -> None:
        try:
            found.append(_TRANSITION.decode(value or b""))
        except msgspec.DecodeError:
            _LOG.warning("a record on topic %s is no transition of an alert", ALERTS)

    client = reader(connection)
    await client.start()
    try:
        places = await partitions_of(connection, [ALERTS])
        await read_log(client, dict.fromkeys(places, 0), take)
    finally:
        await client.stop()
    return found
