"""What was accepted under one configuration, told again under another: as if it had come under that one."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.config import Config, config_of, load_config
from streams.rebuild.resolving import as_of, as_then, named_again
from streams.rebuild.respreading import carried_on, spread
from streams.records import Event, EventRow, EventsRecord, pack
from streams.simulate import simulate
from tests.agents.pipeline import INTERNAL, PARTITIONS, Pipeline

START = 1_789_970_400_000  # 2026-09-21 06:00 UTC, a Monday
_EVENTS = msgspec.msgpack.Decoder(EventsRecord)


@pytest.fixture(scope="module")
def today() -> Config:
    return load_config(Path(__file__).parents[2] / "deploy" / "config")


@pytest.fixture(scope="module")
def former(today: Config) -> Config:
    """Other hours, nobody knows Boris under the name that the source gives him, no funnel."""
    text = today.files["directory.yaml"]
    changed = text.replace('mon-fri: "09:00-21:00"', 'mon-fri: "12:00-13:00"').replace("demo: [boris], ", "")
    assert changed.count("12:00-13:00") == 1
    assert "boris" not in changed
    return config_of({"directory.yaml": changed})


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    found = [dict(e) for e in simulate(5, days=0.3, start=START)]
    for event in found:
        if event.get("manager") == "m002":
            event["manager"] = "boris"
    assert sum(e.get("manager") == "boris" for e in found) > 20
    return found


def pipeline(config: Config, events: list[dict[str, Any]]) -> Pipeline:
    made = Pipeline(config)
    made.wire.now = START + 86_400_000
    made.put(events, random.Random(1))
    made.run()
    return made


def accepted(made: Pipeline) -> list[tuple[int, bytes]]:
    return [(record.partition, record.value or b"") for record in made.wire.all(INTERNAL.events)]


def test_tables_are_those_of_today_with_every_event_from_one_side_of_the_cut(
    today: Config, former: Config, events: list[dict[str, Any]]
) -> None:
    before = pipeline(former, events)
    wanted = pipeline(today, events)
    assert before.tables() != wanted.tables()

    told = accepted(before)
    contents = [_EVENTS.decode(value) for _, value in told if b"events" in value[:8]]
    stored = {(r.event.source, r.event.event_id): (r, one.config) for one in contents for r in one.rows}
    places = [(row.topic, row.partition, row.offset) for row, _ in stored.values()]
    cut = {place[:2]: max(p[2] for p in places if p[:2] == place[:2]) // 2 for place in places}
    below = [one for one in stored.values() if one[0].offset < cut[one[0].topic, one[0].partition]]
    assert 0 < len(below) < len(stored)
    again = Pipeline(today)
    for partition, value in spread(sorted(below, key=lambda one: one[0].offset), PARTITIONS, as_of(today)):
        again.wire.append(INTERNAL.events, partition, None, value)
    for partition, value in told:
        for place, record in carried_on(value, partition, PARTITIONS, cut, as_of(today)):
            again.wire.append(INTERNAL.events, place, None, record)
    again.run()
    assert again.tables() == wanted.tables()
    assert again.panes() == wanted.panes()
    stamps = {_EVENTS.decode(value).config for _, value in accepted(again) if b"events" in value[:8]}
    assert stamps == {today.version}


def row(number: int, customer: str = "c1") -> EventRow:
    event = Event("pbx", f"e{number}", "call.started", number, customer, data={"call_id": str(number)})
    return EventRow(0, 0, number, number, event)


def test_each_event_may_keep_the_configuration_of_its_time() -> None:
    told = [(row(1), "old"), (row(2), "new"), (row(3), "new"), (row(4), "old")]
    records = [_EVENTS.decode(value) for _, value in spread(told, 1, as_then)]
    assert [(r.config, [one.offset for one in r.rows]) for r in records] == [
        ("old", [1]),
        ("new", [2, 3]),
        ("old", [4]),
    ]


def test_records_stay_small_enough_for_kafka() -> None:
    event = msgspec.structs.replace(row(1).event, extra={"x": "y" * 60_000})
    large = [(msgspec.structs.replace(row(n), event=event), "v") for n in range(100)]
    sizes = [len(value) for _, value in spread(large, 1, as_then)]
    assert sum(sizes) > 6_000_000
    assert max(sizes) < 2 << 20
    many = spread([(row(n), "v") for n in range(2500)], 1, as_then)
    assert [len(_EVENTS.decode(value).rows) for _, value in many] == [1000, 1000, 500]


def test_what_a_stage_told_itself_is_not_carried_on() -> None:
    for value in (["history", "c1", 1, [], [], [], {}], ["forward", "c1", [], [], 0], ["tells", []]):
        assert carried_on(pack(value), 0, PARTITIONS, {}, as_then) == []


def test_names_that_nobody_knew_are_looked_up_and_others_left(today: Config) -> None:
    directory = today.directory
    event = Event(
        "demo",
        "e1",
        "call.transferred",
        START,
        "c1",
        manager="unmapped:demo:boris",
        group="online",
        data={"to_manager": "unmapped:demo:nobody", "actor": "system", "call_id": "unmapped:demo:boris"},
    )
    told = named_again(event, directory)
    assert (told.manager, told.group) == ("m002", "online")
    assert told.data == event.data  # nobody knows him yet, and an id of a call is no name
    other = msgspec.structs.replace(event, source="pbx")
    assert named_again(other, directory) is other  # a name of another source


def test_stages_that_were_told_without_a_funnel_are_found_in_it(today: Config) -> None:
    pipelines = today.directory.funnel.pipelines
    name = next(iter(pipelines))
    stage = next(iter(pipelines[name].stages))
    told = named_again(
        Event("crm", "e1", "deal.stage_changed", START, "c1", data={"pipeline": name, "stage": "unheard of"}),
        today.directory,
    )
    assert told.data == {"pipeline": name, "stage": "unmapped:crm:unheard of"}
    known = Event("crm", "e1", "deal.stage_changed", START, "c1", data={"pipeline": name, "stage": stage})
    assert named_again(known, today.directory) is known
