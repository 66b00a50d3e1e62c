"""Facts made at random, and what a recount of them gives. Shares no code with the product."""

from collections import Counter
from typing import NamedTuple

from hypothesis import strategies as st

#: One measurement of each kind that panes count.
KIND = {"call_in": "n", "talk": "sum", "ring": "hist", "missed_caller": "set"}


class Fact(NamedTuple):
    """A fact of one subject."""

    minute: int
    name: str
    value: int
    tag: str


class Recount(NamedTuple):
    """What some facts add up to."""

    counts: dict[str, int]
    totals: dict[str, int]
    spread: dict[str, dict[int, int]]
    distinct: dict[str, int]


def recount(facts: list[Fact]) -> Recount:
    """Counts each fact anew. Values are below 32, so that each has a bucket of its own."""
    counted = [fact for fact in facts if KIND[fact.name] != "set"]
    measured = [fact for fact in counted if KIND[fact.name] != "n"]
    return Recount(
        {name: sum(fact.name == name for fact in counted) for name in KIND},
        {name: sum(fact.value for fact in measured if fact.name == name) for name in KIND},
        {"ring": dict(Counter(fact.value for fact in measured if fact.name == "ring"))},
        {"missed_caller": len({fact.tag for fact in facts if fact.name == "missed_caller"})},
    )


def facts(first: int, last: int) -> st.SearchStrategy[Fact]:
    """Facts at minutes from `first` to `last`."""
    return st.builds(
        Fact,
        st.integers(first, last),
        st.sampled_from(list(KIND)),
        st.integers(0, 31),
        st.sampled_from(["c1", "c2", "c3"]),
    )
