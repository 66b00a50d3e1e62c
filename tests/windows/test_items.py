"""Open items: how many, since when, in whatever order their facts come."""

from hypothesis import given
from hypothesis import strategies as st

from streams.windows.items import OpenItems


def test_count_and_oldest_by_group() -> None:
    items = OpenItems()
    assert not items
    assert items.change("open_missed", "sales|c1", 500, None, 1)
    assert items.change("open_missed", "sales|c2", 300, None, 1)
    assert items.change("open_missed", "support|c3", 900, None, 1)
    assert items.change("waiting", "sales|pbx/7", 100, None, 1)
    assert items.count("open_missed") == 3
    assert dict(items.oldest("open_missed")) == {"sales": 300, "support": 900}
    assert items.change("open_missed", "sales|c2", 300, 1, None)
    assert dict(items.oldest("open_missed")) == {"sales": 500, "support": 900}
    assert items.since("open_missed", "sales|c1") == 500
    assert items.since("open_missed", "sales|c2") is None
    assert items.count("uncalled_missed") == 0


def test_the_same_again_changes_nothing() -> None:
    items = OpenItems()
    assert items.open("waiting", "sales|1", 100)
    assert not items.open("waiting", "sales|1", 100)
    assert items.close("waiting", "sales|1")
    assert not items.close("waiting", "sales|1")
    assert not items
    assert not items.change("waiting", "sales|1", 100, None, None)


def test_an_item_that_moves_in_time_stays_open_when_its_old_fact_goes_last() -> None:
    items = OpenItems()
    items.change("open_missed", "sales|c1", 500, None, 1)
    items.change("open_missed", "sales|c1", 400, None, 1)
    assert not items.change("open_missed", "sales|c1", 500, 1, None)
    assert dict(items.oldest("open_missed")) == {"sales": 400}


def test_an_item_ends_by_itself_at_its_time() -> None:
    items = OpenItems()
    items.open("waiting", "sales|1", 100, until=500)
    items.open("waiting", "sales|2", 200, until=900)
    items.open("open_missed", "sales|c1", 50)
    assert not items.expire(499)
    assert items.expire(500)
    assert dict(items.oldest("waiting")) == {"sales": 200}
    assert not items.expire(899)
    items.close("waiting", "sales|2")
    assert not items.expire(900)
    assert items.count("open_missed") == 1


changes = st.tuples(
    st.sampled_from(["waiting", "open_missed"]),
    st.sampled_from(["a|1", "a|2", "a|3", "b|1"]),
    st.integers(1, 9),
    st.booleans(),
)


@given(st.lists(changes, max_size=40))
def test_items_equal_a_recount(changes: list[tuple[str, str, int, bool]]) -> None:
    items = OpenItems()
    expected: dict[tuple[str, str], int] = {}
    for name, tag, since, opens in changes:
        if opens:
            expected[name, tag] = since
            items.open(name, tag, since)
        else:
            expected.pop((name, tag), None)
            items.close(name, tag)
        for each in ("waiting", "open_missed"):
            held = {tag: at for (name, tag), at in expected.items() if name == each}
            assert items.count(each) == len(held)
            groups = {tag[0] for tag in held}
            oldest = {group: min(at for tag, at in held.items() if tag[0] == group) for group in groups}
            assert dict(items.oldest(each)) == oldest
        assert bool(items) == bool(expected)
