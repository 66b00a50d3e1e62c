"""Rolling windows against a recount of all facts, at any minute, whatever happened before."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.records import PaneState
from streams.windows.rolling import WINDOWS, SubjectWindows
from tests.windows.facts import KIND, Fact, Recount, facts, recount
from tests.windows.test_pane import pane_of

MINUTE = 60_000
DAY = 1440
#: The tests begin at noon of some day, UTC.
NOON = 20_000 * DAY + 720
LENGTH = {"5m": 5, "15m": 15, "30m": 30, "1h": 60}


@dataclass
class World:
    """The windows at hand, and all facts that they have been given."""

    offset: int = 0  #: local time minus UTC, minutes
    now: int = -1
    held: list[Fact] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.windows = SubjectWindows(self.midnight)

    def midnight(self, now_ms: int) -> int:
        local = now_ms // MINUTE + self.offset
        return (local // DAY * DAY - self.offset) * MINUTE

    def within(self, window: str) -> list[Fact]:
        first = (
            self.midnight(self.now * MINUTE) // MINUTE if window == "today" else self.now - LENGTH[window] + 1
        )
        return [fact for fact in self.held if first <= fact.minute <= self.now]

    def add(self, fact: Fact) -> None:
        self.windows.change(fact.minute, fact.name, None, fact.value, fact.tag)
        self.held.append(fact)

    def take_back(self, index: int) -> None:
        if self.held:
            fact = self.held.pop(index % len(self.held))
            self.windows.change(fact.minute, fact.name, fact.value, None, fact.tag)

    def advance(self, minutes: int) -> None:
        moment = max(self.now, NOON) + minutes
        self.now = max(self.now, moment)
        self.windows.advance(moment * MINUTE + 59_999)

    def load(self, minute: int, facts: list[Fact]) -> None:
        facts = [fact._replace(minute=minute) for fact in facts]
        self.held = [fact for fact in self.held if fact.minute != minute] + facts
        self.windows.load(minute, pane_of(facts))

    def forget(self, before: int) -> None:
        self.held = [fact for fact in self.held if fact.minute >= before]
        self.windows.forget(before)

    def move_zone(self, offset: int) -> None:
        self.offset = offset
        if self.now >= 0:
            self.windows.advance(self.now * MINUTE)


def shown(windows: SubjectWindows, window: str) -> Recount:
    totals = windows.totals(window)
    return Recount(
        {name: totals.count(name) for name in KIND},
        {name: totals.total(name) for name in KIND},
        {"ring": dict(totals.histogram("ring"))},
        {"missed_caller": totals.distinct("missed_caller")},
    )


minutes = st.one_of(st.integers(NOON - 90, NOON + 90), st.integers(NOON - 2 * DAY, NOON + 2 * DAY))
steps = st.one_of(
    st.tuples(st.just("add"), facts(NOON - 90, NOON + 90)),
    st.tuples(st.just("add"), facts(NOON - 2 * DAY, NOON + 2 * DAY)),
    st.tuples(st.just("take_back"), st.integers(0, 1000)),
    st.tuples(st.just("advance"), st.one_of(st.integers(-3, 4), st.sampled_from([14, 59, 61, 700, 3000]))),
    st.tuples(st.just("load"), minutes, st.lists(facts(0, 0), max_size=5)),
    st.tuples(st.just("forget"), minutes),
    st.tuples(st.just("move_zone"), st.sampled_from([-300, 0, 180, 345, 780])),
)


@settings(max_examples=300)
@given(st.lists(steps, max_size=40))
def test_windows_equal_a_recount_of_all_facts(steps: list[tuple[str, ...]]) -> None:
    world = World()
    for what, *arguments in steps:
        getattr(world, what)(*arguments)
        if world.now >= 0:
            for window in WINDOWS:
                assert shown(world.windows, window) == recount(world.within(window)), (what, window)


def begun() -> World:
    world = World()
    world.advance(0)
    return world


@pytest.mark.parametrize(("window", "length"), LENGTH.items())
def test_a_window_is_the_running_minute_and_those_before_it(window: str, length: int) -> None:
    world = begun()
    world.add(Fact(NOON, "call_in", 1, ""))
    totals = world.windows.totals(window)
    seen = []
    for _ in range(length + 1):
        seen.append(totals.count("call_in"))
        world.advance(1)
    assert seen == [1] * length + [0]


def test_what_is_dated_ahead_joins_when_its_minute_comes() -> None:
    world = begun()
    world.add(Fact(NOON + 20, "call_in", 1, ""))
    assert [world.windows.totals(window).count("call_in") for window in WINDOWS] == [0] * 5
    world.advance(19)
    assert [world.windows.totals(window).count("call_in") for window in WINDOWS] == [0] * 5
    world.advance(1)
    assert [world.windows.totals(window).count("call_in") for window in WINDOWS] == [1] * 5


def test_a_clock_that_goes_back_changes_nothing() -> None:
    world = begun()
    world.add(Fact(NOON, "call_in", 1, ""))
    world.windows.take_changed()
    world.windows.advance((NOON - 3) * MINUTE)
    assert [world.windows.totals(window).count("call_in") for window in WINDOWS] == [1] * 5
    assert world.windows.take_changed() == {}


def test_today_begins_at_local_midnight() -> None:
    world = World(offset=180)  # noon UTC is 15:00; midnight was at 21:00 UTC
    world.advance(0)
    midnight = NOON - 15 * 60
    world.add(Fact(midnight - 1, "call_in", 1, ""))
    world.add(Fact(midnight, "call_in", 1, ""))
    assert world.windows.totals("today").count("call_in") == 1
    world.advance(9 * 60 - 1)  # 23:59
    assert world.windows.totals("today").count("call_in") == 1
    world.advance(1)
    assert world.windows.totals("today").count("call_in") == 0


def test_today_follows_the_subject_into_another_time_zone() -> None:
    world = begun()  # noon, today began 12 hours ago
    for hours in (11, 13, 17):
        world.add(Fact(NOON - hours * 60, "call_in", 1, ""))
    found = []
    for offset in (0, 180, -600, 0):  # local noon, 15:00, 02:00, noon again
        world.move_zone(offset)
        found.append(world.windows.totals("today").count("call_in"))
    assert found == [1, 2, 0, 1]


def test_windows_tell_what_of_them_changed() -> None:
    world = begun()
    assert world.windows.take_changed() is None  # nobody has looked yet
    world.add(Fact(NOON - 20, "call_in", 1, ""))
    world.add(Fact(NOON - 20, "talk", 7, ""))
    world.add(Fact(NOON - 50, "ring", 7, ""))
    assert world.windows.take_changed() == {
        "30m": {"call_in", "talk"},
        "1h": {"call_in", "talk", "ring"},
        "today": {"call_in", "talk", "ring"},
    }
    world.advance(9)
    assert world.windows.take_changed() == {}
    world.advance(1)  # what is 30 minutes old leaves a window, and what is an hour old another
    assert world.windows.take_changed() == {"30m": {"call_in", "talk"}, "1h": {"ring"}}


def test_totals_hold_each_change_once_whenever_they_are_asked_for() -> None:
    world = begun()
    for length in range(1, 4):
        world.add(Fact(NOON, "talk", 7, ""))
        world.add(Fact(NOON - 10, "talk", 7, ""))
        if length != 2:
            assert world.windows.totals("5m").total("talk") == 7 * length
    assert world.windows.totals("1h").total("talk") == 42
    world.windows.change(NOON, "talk", 7, 5)
    world.windows.load(NOON - 10, PaneState(counters={"talk": [1, 100]}))
    assert world.windows.totals("1h").total("talk") == 19 + 100
    world.windows.change(NOON, "talk", 7, 6)
    world.forget(NOON - 9)
    assert world.windows.totals("today").total("talk") == 18


def test_the_pane_of_a_minute_can_be_read_and_goes_when_forgotten() -> None:
    world = begun()
    world.add(Fact(NOON, "talk", 7, ""))
    pane = world.windows.pane(NOON)
    assert pane is not None
    assert pane.counters == {"talk": [1, 7]}
    world.forget(NOON + 1)
    assert world.windows.pane(NOON) is None
    assert world.windows.totals("5m").count("talk") == 0
