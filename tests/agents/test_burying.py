"""What the windows stage lets go of leaves its ledger, at once or when the sink has come by."""

import random
from pathlib import Path

import pytest

from streams.agents.panes import HORIZON
from streams.agents.windows import WindowsStage
from streams.config import Config, load_config
from streams.kpis.measurements import KINDS
from streams.records import MeasurementRow, MeasurementsRecord, pack
from streams.simulate import simulate
from tests.agents.pipeline import DAY, INTERNAL, Pipeline
from tests.agents.wire import Runner, Wire

START = 1_789_970_400_000  # 2026-09-21 06:00 UTC
MINUTE = 60_000
ITEM = next(name for name, kind in KINDS.items() if kind == "item")
COUNTED = next(name for name, kind in KINDS.items() if kind == "n")


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(Path(__file__).parents[2] / "deploy" / "config")


def below_horizon(made: Pipeline) -> list[bytes]:
    """Keys of panes that stand on the ledger from before what their partition holds."""
    horizons = {number: held.horizon for number, held in made.windows.all_held().items()}
    return [
        key
        for partition, key in made.on_ledger(INTERNAL.panes)
        if key[:1] not in b"!@" and int(key.rpartition(b"|")[2]) < horizons[partition]
    ]


@pytest.mark.parametrize("seed", range(2))
def test_burying_can_wait_over_crashes_and_changes_of_owner(config: Config, seed: int) -> None:
    rnd = random.Random(seed)
    events = list(simulate(seed, days=3, start=START, calls_per_day=200))
    made = Pipeline(config)
    made.wire.now = START + 4 * DAY
    made.windows.buries = False
    made.put(events[: len(events) // 2], rnd)
    made.run_badly(rnd)
    made.put(events[len(events) // 2 : -200], rnd)
    made.run_in_turns(rnd)
    assert all(record.value is not None for record in made.wire.all(INTERNAL.panes))
    assert made.windows.unburied > 1000
    waited = below_horizon(made)
    made.windows.buries = True
    made.put(events[-200:], rnd)
    made.run()
    assert made.windows.unburied == 0
    assert not set(waited) & set(below_horizon(made))
    assert made.conflicts(INTERNAL.panes) == []


class Windows:
    """The stage on a wire of one partition, and what is told to it."""

    def __init__(self) -> None:
        self.wire = Wire(1)
        self.stage = WindowsStage(internal=INTERNAL, midnight=lambda _: lambda at: at // DAY * DAY)
        self.runner = Runner(self.wire, self.stage)
        self._origin = 0

    def tell(self, name: str, at: int, new: int | None, tag: str = "") -> None:
        self._origin += 1
        row = MeasurementRow(0, self._origin, "m:m1", name, at, None, new, tag, at)
        self.wire.now = at
        self.wire.append(INTERNAL.measurements, 0, None, pack(MeasurementsRecord([row])))

    def open_items(self) -> set[bytes]:
        """Items on the ledger."""
        last = {record.key: record.value for record in self.wire.all(INTERNAL.panes)}
        return {key for key, value in last.items() if key and key[:1] == b"!" and value is not None}


@pytest.mark.parametrize("buries", [True, False])
def test_an_item_that_comes_back_is_not_buried(buries: bool) -> None:
    made = Windows()
    made.tell(ITEM, START, 0, "lead")
    made.tell(ITEM, START + MINUTE, None, "lead")
    made.runner.fold(9)
    made.runner.checkpoint()
    assert made.open_items(), "closed, and remembered as that"
    made.stage.buries = buries
    made.tell(COUNTED, START + HORIZON + 3 * DAY, 1)  # lets go of it
    if not buries:
        made.runner.fold(9)
        made.runner.checkpoint()
        assert made.stage.unburied
    made.tell(ITEM, START + HORIZON + 3 * DAY, 0, "lead")
    made.runner.fold(9)
    made.stage.buries = True
    made.runner.checkpoint()
    assert made.open_items()
    made.runner.restart()
    (item,) = made.stage.held(0).items.values()
    assert not item.state.closed
