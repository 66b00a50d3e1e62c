"""Panes: each fact counts once, in any order, and leaves no trace when it is taken back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.records import PaneState
from streams.windows.pane import apply, clear, is_empty, merge
from streams.windows.totals import Totals
from tests.windows.facts import KIND, Fact, Recount, facts, recount


def pane_of(facts: list[Fact]) -> PaneState:
    pane = PaneState()
    for fact in facts:
        apply(pane, fact.name, None, fact.value, fact.tag)
    return pane


def read(pane: PaneState) -> Recount:
    totals = Totals(pane)
    return Recount(
        {name: totals.count(name) for name in KIND},
        {name: totals.total(name) for name in KIND},
        {"ring": dict(totals.histogram("ring"))},
        {"missed_caller": totals.distinct("missed_caller")},
    )


some_facts = st.lists(facts(0, 0), max_size=30)


@given(some_facts)
def test_a_pane_counts_what_a_recount_gives(facts: list[Fact]) -> None:
    assert read(pane_of(facts)) == recount(facts)


@given(some_facts, st.randoms(use_true_random=False))
def test_order_does_not_matter(facts: list[Fact], random: object) -> None:
    shuffled = sorted(facts, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert pane_of(facts) == pane_of(shuffled)


@given(some_facts, some_facts)
def test_facts_taken_back_leave_no_trace(kept: list[Fact], passing: list[Fact]) -> None:
    pane = pane_of(kept + passing)
    for fact in passing:
        apply(pane, fact.name, fact.value, None, fact.tag)
    assert pane == pane_of(kept)


@given(some_facts)
def test_facts_may_be_taken_back_before_they_come(facts: list[Fact]) -> None:
    pane = PaneState()
    for fact in facts:
        apply(pane, fact.name, fact.value, None, fact.tag)
    for fact in facts:
        apply(pane, fact.name, None, fact.value, fact.tag)
    assert is_empty(pane)
    assert pane == PaneState()


def test_a_changed_value_moves_the_sum_and_the_histogram_but_not_the_count() -> None:
    pane = pane_of([Fact(0, "ring", 5, ""), Fact(0, "ring", 9, "")])
    apply(pane, "ring", 5, 11)
    assert pane.counters == {"ring": [2, 20]}
    assert pane.histograms == {"ring": {9: 1, 11: 1}}


@given(some_facts, some_facts)
def test_merging_adds_and_subtracts(one: list[Fact], other: list[Fact]) -> None:
    pane = pane_of(one)
    pane.seen[3] = 17
    merge(pane, pane_of(other))
    assert read(pane) == recount(one + other)
    merge(pane, pane_of(other), -1)
    assert read(pane) == recount(one)
    assert pane.seen == {3: 17}, "where a pane stands in the log is not a counter"
    clear(pane)
    assert is_empty(pane)


def test_items_are_not_counted_in_panes_and_unknown_names_are_refused() -> None:
    pane = PaneState()
    apply(pane, "open_missed", None, 1, "sales|c1")
    assert is_empty(pane)
    with pytest.raises(KeyError):
        apply(pane, "call_inn", None, 1)
