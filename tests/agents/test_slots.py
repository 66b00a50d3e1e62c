"""A customer at rest is what he was, whenever his bytes were made."""

import pytest

from streams.agents.panes import KeptItem
from streams.agents.slots import Slot
from streams.journey import Journey, take_tells
from streams.journey.keys import day_key
from streams.records import ItemState, Tell


def told(calls: int) -> Journey:
    """A manager's day with so many calls."""
    day = Journey.new(day_key("m1", 20_000))
    take_tells(
        day,
        [Tell(day.customer, "pbx", f"c{n}", "k" * 33, ((n, n + 5),), ((n, n + 2),), 7) for n in range(calls)],
    )
    return day


@pytest.mark.parametrize("calls", [2, 300])
def test_a_slot_at_rest_gives_the_same_journey_and_bytes(calls: int) -> None:
    slot = Slot.of(told(calls))
    slot.touched(9, watermark=0)
    known, stored = slot.journey.encode(), slot.encode()
    assert (len(stored) > 4096) == (calls > 100), "a small and a large one"
    for again in (slot, Slot.restored(9, stored)):
        again.rest()
        assert again.encode() == stored
        assert again.journey.encode() == known
        assert (again.version, again.last_at, again.keep_until) == (9, slot.last_at, slot.keep_until)
    take_tells(slot.journey, [Tell(slot.journey.customer, "pbx", "another", "k", version=8)])
    slot.touched(10, watermark=0)
    assert slot.encode() != stored


def test_a_kept_item_gives_its_state_again() -> None:
    for seen in ({}, {3: 17}, {5: 2, 1: 9}):
        state = ItemState(seen, since=1, closed=2, until=3)
        kept = KeptItem.of(4, state)
        assert (kept.version, kept.state) == (4, state)
        assert list(kept.state.seen) == list(seen)
