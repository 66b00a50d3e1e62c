"""Crashes at any step of any checkpoint, in any stage, change no result."""

import random
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.agents.slots import Slots
from streams.config import Config, config_of, load_config
from streams.records import RecomputeRow
from streams.simulate import simulate
from tests.agents.pipeline import INTERNAL, Pipeline, panes_of_facts
from tests.journey.feeding import FUNNEL, directory_text
from tests.random_calls import Nastiness, random_log
from tests.recount.plain import OPEN, SPANS

START = 1_789_970_400_000  # 2026-09-21 06:00 UTC


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(Path(__file__).parents[2] / "deploy" / "config")


def at(event: dict[str, Any]) -> int:
    return int(datetime.fromisoformat(event["occurred_at"]).timestamp() * 1000)


def disordered(seed: int, rnd: random.Random) -> list[dict[str, Any]]:
    """A simulated morning, each tenth event twice, a third of them late by up to 200 places."""
    events = list(simulate(seed, days=0.4, start=START))
    places = [(n + (rnd.randrange(200) if rnd.random() < 0.3 else 0), e) for n, e in enumerate(events)]
    places += [(n + rnd.randrange(1, 500), e) for n, e in enumerate(events) if rnd.random() < 0.1]
    return [event for _, event in sorted(places, key=lambda place: place[0])]


def pipeline(config: Config, events: list[dict[str, Any]], seed: int) -> Pipeline:
    made = Pipeline(config)
    made.wire.now = max(map(at, events)) + 1000
    made.put(events, random.Random(seed))
    return made


def assert_comes_to_the_same(rough: Pipeline, smooth: Pipeline) -> None:
    """Also: no version of any state was ever written with different bytes."""
    assert rough.tables() == smooth.tables()
    assert rough.panes() == smooth.panes()
    assert rough.conflicts(INTERNAL.journeys) == []
    assert rough.conflicts(INTERNAL.panes) == []


@pytest.mark.parametrize("seed", range(6))
def test_crashes_change_nothing(config: Config, seed: int) -> None:
    rnd = random.Random(seed)
    events = disordered(seed, rnd)
    smooth = pipeline(config, events, seed)
    smooth.run()
    rough = pipeline(config, events, seed + 1000)
    crashes = rough.run_badly(rnd)
    assert crashes > 10
    assert_comes_to_the_same(rough, smooth)


@pytest.mark.parametrize("seed", range(3))
def test_partitions_that_come_and_go_change_nothing(config: Config, seed: int) -> None:
    rnd = random.Random(seed)
    events = disordered(seed, rnd)
    still = pipeline(config, events, seed)
    still.run()
    moving = pipeline(config, events, seed + 1000)
    assert moving.run_in_turns(rnd) > 20
    assert_comes_to_the_same(moving, still)


@pytest.mark.parametrize("warm", [0, 3])
def test_customers_kept_as_bytes_give_what_others_give(
    config: Config, warm: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = disordered(9, random.Random(9))
    usual = pipeline(config, events, 9)
    usual.run()
    monkeypatch.setattr(Slots, "WARM", warm)
    saving = pipeline(config, events, 9)
    saving.run()
    assert saving.tables() == usual.tables()
    assert saving.panes() == usual.panes()
    saving = pipeline(config, events, 1009)
    saving.run_badly(random.Random(10))
    assert saving.tables() == usual.tables()
    assert saving.conflicts(INTERNAL.journeys) == []


def test_panes_hold_what_the_stored_facts_say(config: Config) -> None:
    events = disordered(7, random.Random(7))
    made = pipeline(config, events, 7)
    made.run_badly(random.Random(8))
    facts = made.tables()["measurements"].values()
    expected = panes_of_facts(f for f in facts if f[1] not in (*OPEN, *SPANS))
    counted = {
        key: {name: count for name, (count, _) in pane.counters.items()}
        | {name: sum(tags.values()) for name, tags in pane.sets.items()}
        for key, pane in made.panes().items()
    }
    assert counted == expected


@pytest.mark.parametrize("seed", range(3))
def test_crashes_change_nothing_in_what_managers_are_told_and_what_they_answer(seed: int) -> None:
    config = config_of({"directory.yaml": directory_text(), "funnel.yaml": FUNNEL})
    events = random_log(seed, calls=150, customers=40, days=0.4, nastiness=Nastiness(other_content=0))
    smooth = pipeline(config, events, seed)
    smooth.run()
    rough = pipeline(config, events, seed + 1000)
    assert rough.run_badly(random.Random(seed)) > 10
    names = Counter(fact[1] for fact in smooth.tables()["measurements"].values())
    assert min(names["span_offer_excused"], names["span_offer_missed"]) > 0
    assert rough.tables() == smooth.tables()
    panes = [rough.panes(), smooth.panes()]
    differing = {key for one in panes for key in one if panes[0].get(key) != panes[1].get(key)}
    assert differing <= recounted(rough) | recounted(smooth)
    assert rough.conflicts(INTERNAL.journeys) == []


def recounted(made: Pipeline) -> set[tuple[str, int]]:
    """Panes that were let go, and are counted again from the stored facts."""
    records = [record.value or b"" for record in made.wire.all(INTERNAL.recompute)]
    rows = [row for value in records for row in msgspec.msgpack.decode(value, type=list[RecomputeRow])]
    return {(row.subject, row.minute) for row in rows}
