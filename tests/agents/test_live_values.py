"""Live values that follow what changed say at every moment what is said by one who looks at everything."""

import asyncio
import random
from collections import Counter

import msgspec
import pytest

from streams.agents.now import LiveValues
from streams.agents.panes import Partition
from streams.agents.subjects import midnights
from streams.agents.windows import WindowsStage
from streams.directory import Directory
from streams.engine import Output
from streams.kpis.measurements import KINDS, NOT_IN_PANES
from streams.records import ItemState, NowRecord, NowRow
from streams.topics import InternalTopics

MINUTE = 60_000
#: A minute of an hour in which nothing is said again for its own sake.
NOW = 30_000_007 * MINUTE
DIRECTORY = Directory.from_text("groups: {sales: {}}\nmanagers: {anna: {group: sales}}\n")
SUBJECTS = ("m:anna", "g:sales", "a:all")
NAMES = [name for name, kind in KINDS.items() if kind not in NOT_IN_PANES]


class Stage(WindowsStage):
    """Holds one partition or several, and keeps what it should have sent."""

    def __init__(self) -> None:
        super().__init__(internal=InternalTopics(1), midnight=midnights(DIRECTORY))
        self.clear()
        self.partition = Partition(midnights(DIRECTORY))
        self.mine = {0: self.partition}
        self.sent: list[NowRow] = []

    def all_held(self) -> dict[int, Partition]:
        return self.mine

    async def deliver(self, outputs: list[Output]) -> None:
        for output in outputs:
            self.sent += msgspec.msgpack.decode(output.value or b"", type=NowRecord).rows


def happen(stage: Stage, chance: random.Random, now: int) -> None:
    """Some facts come, change or go, some of them of long ago or of later; an item opens or closes."""
    for _ in range(chance.randrange(6)):
        subject, name = chance.choice(SUBJECTS), chance.choice(NAMES)
        minute = now // MINUTE - chance.choice([0, 0, 0, 1, 4, 5, 14, 29, 59, 60, 400, 5000, -3])
        windows = stage.partition.rolling(subject)
        windows.change(minute, name, None, value := chance.randrange(900_000), "someone")
        if chance.random() < 0.4:
            windows.change(minute, name, value, chance.choice([None, 1, 700_000]), "someone")
        stage.changed.add(subject)
    subject, item = chance.choice(SUBJECTS), ("open_missed", f"sales|{chance.randrange(3)}")
    state = ItemState({}, since=now - 5_000, closed=chance.choice([0, now]))
    stage.partition.put_item((subject, *item), 1, state)
    stage.changed.add(subject)


@pytest.mark.parametrize("seed", range(6))
def test_following_changes_is_looking_at_everything(seed: int) -> None:
    chance = random.Random(seed)
    stage = Stage()
    values = LiveValues(stage, DIRECTORY)
    shown: dict[tuple[str, str, str], tuple[float | None, int]] = {}
    now = NOW
    for _ in range(60):
        happen(stage, chance, now)
        now += chance.choice([250, 250, 250, 1_000, 30_000, MINUTE, 7 * MINUTE])
        stage.sent.clear()
        asyncio.run(values.send(now))
        shown.update({(row.subject, row.kpi, row.window): (row.value, row.n) for row in stage.sent})
        stage.sent.clear()
        asyncio.run(LiveValues(stage, DIRECTORY).send(now))
        for row in stage.sent:
            value, n = shown[row.subject, row.kpi, row.window]
            if row.kpi.endswith("_oldest_s") and value is not None and row.value is not None:
                assert abs(value - row.value) < 1  # ages are looked at once a second
                value = row.value
            assert (value, n) == (row.value, row.n), row


def test_that_there_is_no_value_is_said_again_once_an_hour_only() -> None:
    stage = Stage()
    values = LiveValues(stage, DIRECTORY)
    stage.partition.rolling("m:anna").change(NOW // MINUTE, "talk", None, 7_000)
    stage.changed.add("m:anna")
    said = []
    for minute in range(55):  # through the first minute of the next hour, which NOW is 53 minutes before
        stage.sent.clear()
        asyncio.run(values.send(NOW + minute * MINUTE))
        rows = [row for row in stage.sent if row.window == "today"]
        said.append((len([row for row in rows if row.value is None]), {r.kpi for r in rows if r.value}))
    first, *between, last = said
    assert (first[0] > 5, last[0]) == (True, first[0])
    assert all(nothing == 0 and "talk_s" in values for nothing, values in between)


def many(stage: Stage, count: int) -> LiveValues:
    """As many managers in six partitions, each with a call of a minute ago; all was sent at NOW."""
    stage.mine = {number: Partition(midnights(DIRECTORY)) for number in range(6)}
    for number in range(count):
        stage.mine[number % 6].rolling(f"m:{number}").change(NOW // MINUTE - 1, "handled", None, 1)
    values = LiveValues(stage, DIRECTORY)
    asyncio.run(values.send(NOW))
    return values


def turns(stage: Stage, values: LiveValues, begin: int, end: int) -> list[list[NowRow]]:
    """What is said in each turn, of a quarter second, from one moment to another."""
    said = []
    for now in range(begin, end, 250):
        stage.sent = []
        asyncio.run(values.send(now))
        said.append(stage.sent)
    return said


def test_every_value_is_said_once_a_minute_and_never_many_of_them_at_once() -> None:
    stage = Stage()
    values = many(stage, 600)
    said = turns(stage, values, NOW + 250, NOW + MINUTE + 250)
    each = Counter(
        row.subject for rows in said for row in rows if (row.kpi, row.window) == ("calls_handled", "1h")
    )
    assert each == {f"m:{number}": 1 for number in range(600)}
    assert max(len({row.subject for row in rows}) for rows in said) < 12  # two and a half on average


def test_windows_of_many_move_one_after_the_other_within_seconds() -> None:
    stage = Stage()
    values = many(stage, 600)
    end = NOW + 4 * MINUTE  # then the call leaves the last five minutes
    turns(stage, values, NOW + 250, end)
    gone = [
        {row.subject for row in rows if (row.kpi, row.window, row.n) == ("calls_handled", "5m", 0)}
        for rows in turns(stage, values, end, end + 1_250)
    ]
    assert set().union(*gone) == {f"m:{number}" for number in range(600)}
    assert max(map(len, gone)) < 200
