"""Panes that are wrong are replaced by what the measurements say, and the stage's next row still wins."""

import pytest
from clickhouse_connect.driver.client import Client

from streams.records import PaneState
from streams.sinks.comparing import compare_all
from streams.sinks.mending import mend
from streams.windows.pane import apply
from tests.sinks.pipeline import MINUTE, START
from tests.sinks.stored import fact, put_facts, put_panes

#: Versions of the stage's rows are below it.
BEYOND = 100


def pane(calls: int) -> PaneState:
    made = PaneState({}, {}, {}, {})
    for _ in range(calls):
        apply(made, "call_in", None, 1)
    return made


@pytest.mark.parametrize(
    ("stored", "gone", "version"),
    [(5, 0, 7), (5, 0, BEYOND), (1, 1, 7), (1, 1, 1 << 40)],
    ids=["its own", "the next", "gone", "gone for ever"],
)
def test_a_mended_pane_is_right_and_what_comes_later_still_counts(
    store: Client, migrated: str, stored: int, gone: int, version: int
) -> None:
    put_facts(migrated, fact("call_in", START, whole=False))
    put_panes(migrated, [("g:sales", MINUTE, pane(1))], version=7)
    put_panes(migrated, [("g:sales", MINUTE, pane(stored))], version=version, gone=gone)
    found = compare_all(store)
    assert found
    mend(store, [difference.pane for difference in found], 1, BEYOND)
    assert compare_all(store) == []
    mend(store, [difference.pane for difference in found], 1, BEYOND)
    assert compare_all(store) == []

    put_facts(migrated, fact("call_in", START + 5, entity="pbx/2", whole=False))
    put_panes(migrated, [("g:sales", MINUTE, pane(2))], version=BEYOND)
    assert compare_all(store) == []


def test_a_pane_that_is_missing_is_made_and_one_of_nothing_goes(store: Client, migrated: str) -> None:
    put_facts(migrated, fact("call_in", START, whole=False))
    put_panes(migrated, [("m:m1", MINUTE + 1, pane(3))], version=5)
    found = compare_all(store)
    assert {difference.subject for difference in found} == {"g:sales", "m:m1"}
    mend(store, [difference.pane for difference in found], 1, BEYOND)
    assert compare_all(store) == []
    put_panes(migrated, [("g:sales", MINUTE, pane(4))], version=2)
    assert [difference.stored for difference in compare_all(store)] == ["4"], "a row of the stage wins"
