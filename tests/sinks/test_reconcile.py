"""Stored panes against stored measurements: whatever differs is found, and put into words."""

import random
from collections.abc import Callable

import pytest
from clickhouse_connect.driver.client import Client

from streams.records import PaneState, StoredFact
from streams.sinks import reconcile as reconcile_module
from streams.sinks.comparing import Difference, compare_all, compare_some
from streams.sinks.reconcile import NotStored, Reading, differences, wait_until_read
from streams.windows.pane import apply
from tests.sinks.pipeline import MINUTE, START, Upstream
from tests.sinks.stored import fact, put_facts, put_panes

NAMES = ("call_in", "talk", "ring", "call_answered", "missed_caller", "callback", "waiting")


def facts(count: int) -> list[StoredFact]:
    """Measurements of every kind, over three minutes and two months."""
    chance = random.Random(4)
    return [
        fact(
            chance.choice(NAMES),
            START + chance.choice((0, 60_000, 120_000, 40 * 86_400_000)) + chance.randrange(60_000),
            chance.choice((0, 5, 31, 32, 33, 1_000, 12_345, 3_600_000, chance.randrange(100_000_000))),
            entity=f"pbx/{number}",
            manager=chance.choice(("", "m1", "unmapped:pbx:x|y")),
            group=chance.choice(("", "sales", "support")),
            whole=chance.random() < 0.8,
            tag=f"c{chance.randrange(9)}",
        )
        for number in range(count)
    ]


def panes_of(given: list[StoredFact]) -> dict[tuple[str, int], PaneState]:
    """The panes as the windows stage would have them."""
    panes: dict[tuple[str, int], PaneState] = {}
    for stored in given:
        for subject in stored.key.subjects():
            if stored.key.name != "waiting":
                pane = panes.setdefault((subject, stored.key.at // 60_000), PaneState({}, {}, {}, {}))
                apply(pane, stored.key.name, None, stored.value, stored.tag)
    return panes


def put_all(url: str, given: list[StoredFact], panes: dict[tuple[str, int], PaneState]) -> None:
    put_facts(url, *given)
    put_panes(url, [(subject, minute, pane) for (subject, minute), pane in panes.items()])


def test_panes_of_the_worker_agree_with_the_recount_of_every_kind_of_measurement(
    store: Client, migrated: str
) -> None:
    given = facts(2_000)
    put_all(migrated, given, panes_of(given))
    assert compare_all(store) == []


Corrupt = Callable[[str, dict[tuple[str, int], PaneState]], None]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda url, pane: put_panes(url, [("g:sales", MINUTE, pane("call_in", 1))], version=2),
            "group sales, 2026-01-12 09:00 UTC, call_in_n: stored is 3, the measurements give 2",
        ),
        (
            lambda url, pane: put_panes(url, [("g:sales", MINUTE, pane("ring", 1_000))], version=2),
            "group sales, 2026-01-12 09:00 UTC, ring_n: stored is 2, the measurements give 1",
        ),
        (
            lambda url, pane: put_panes(url, [("g:sales", MINUTE, pane("talk", 1))], version=2, gone=1),
            "group sales, 2026-01-12 09:00 UTC, call_in_n: no pane is stored, the measurements give 2",
        ),
        (
            lambda url, pane: put_panes(url, [("m:m1", MINUTE + 1, pane("call_in", 1))], version=2),
            "manager m1, 2026-01-12 09:01 UTC, call_in_n: stored is 3, there is no measurement",
        ),
        (
            lambda url, _: put_facts(url, fact("call_in", START, entity="pbx/9", whole=False)),
            "group sales, 2026-01-12 09:00 UTC, call_in_n: stored is 2, the measurements give 3",
        ),
        (
            lambda url, _: put_facts(url, fact("missed_caller", START, tag="c2", group="", entity="pbx/8")),
            "all, 2026-01-12 09:00 UTC, missed_caller_set: stored is {}, the measurements give {'c2':1}",
        ),
    ],
    ids=["more", "histogram", "gone", "of nothing", "less", "set"],
)
def test_a_corrupted_pane_is_found_and_named(
    store: Client,
    migrated: str,
    change: Callable[[str, Callable[[str, int], PaneState]], None],
    words: str,
) -> None:
    given = [
        fact("call_in", START),
        fact("call_in", START + 1, entity="pbx/2"),
        fact("ring", START + 2, 1_000),
    ]
    panes = panes_of(given)
    put_all(migrated, given, panes)

    def corrupted(name: str, value: int) -> PaneState:
        pane = panes_of(given)["g:sales", MINUTE]
        apply(pane, name, None, value)
        return pane

    change(migrated, corrupted)
    found = compare_all(store)
    assert words in [str(difference) for difference in found]
    assert compare_some(store, sorted({difference.pane for difference in found})) == found


def test_what_is_only_on_its_way_is_no_difference(
    store: Client, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [fact("call_in", START)]
    put_facts(migrated, *given)
    looks: list[int] = []

    def arrive(client: Client, panes: list[tuple[str, int]]) -> list[Difference]:
        looks.append(len(panes))
        if len(looks) == 2:
            put_all(migrated, given, panes_of(given))
        return compare_some(client, panes)

    monkeypatch.setattr(reconcile_module, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(reconcile_module, "compare_some", arrive)
    assert differences(store) == []
    assert looks == [2, 2]


def test_a_difference_that_stays_is_reported(
    store: Client, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_facts(migrated, fact("call_in", START))
    monkeypatch.setattr(reconcile_module, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(reconcile_module, "_STEADY_S", 0.05)
    assert [difference.subject for difference in differences(store)] == ["a:all", "g:sales"]


def test_a_sink_that_is_behind_is_named(kafka: str, migrated: str) -> None:
    upstream = Upstream(kafka, migrated)
    topic = upstream.internal.records
    wait_until_read(kafka, [Reading(upstream.group, (topic,))], within_s=20)
    upstream.calls(0, 3)
    with pytest.raises(NotStored, match=f"{upstream.group} has not read all of {topic}"):
        wait_until_read(kafka, [Reading(upstream.group, (topic,))], within_s=3)
