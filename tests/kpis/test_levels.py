"""Service level: six variants on the published example, in Python and SQL, by hand and at random."""

import random
from dataclasses import dataclass
from typing import Any

import pytest

from streams.directory_entries import GroupSettings
from streams.kpis.declarations import KPIS
from streams.kpis.kpi import evaluate
from streams.kpis.measurements import MEASUREMENTS
from streams.kpis.sql import daily_view_sql, now_view_sql, pane_columns, recompute_select, rolling_select
from streams.kpis.sql_panes import SECOND
from streams.records import PaneState
from streams.windows import seconds
from streams.windows.items import OpenItems
from streams.windows.pane import apply, merge
from streams.windows.totals import Totals
from tests.kpis.conftest import Tables
from tests.kpis.keeping import keep_days
from tests.kpis.test_sql_rolling import Panes, minute_of, store

TEN = minute_of("2024-03-01 10:00")
DAY = "2024-03-01"

#: callcentrehelper.com, service level calculations: numerator and denominator of each variant.
EXAMPLE = {
    "SL1": (880, 1060, "83.02%"),
    "SL2": (860, 1000, "86.00%"),
    "SL3": (860, 1060, "81.13%"),
    "SL4": (860, 1040, "82.69%"),
    "SL5": (870, 1060, "82.08%"),
    "SL6": (860, 1050, "81.90%"),
}


def example() -> PaneState:
    """Answered 1000, 860 within 20 s; abandoned 60, 20 within 20 s, of these 10 within 5 s."""
    waits = (
        ("wait_answered_hours", 20_000, 860),
        ("wait_answered_hours", 20_001, 140),
        ("wait_abandoned_hours", 5_000, 10),
        ("wait_abandoned_hours", 5_001, 5),
        ("wait_abandoned_hours", 20_000, 5),
        ("wait_abandoned_hours", 20_001, 40),
    )
    pane = PaneState()
    for name, wait, times in waits:
        for _ in range(times):
            apply(pane, name, None, wait)
    return pane


def live(pane: PaneState, settings: GroupSettings, kpi: str = "service_level") -> tuple[float | None, int]:
    return evaluate(KPIS[kpi], Totals(pane), OpenItems(), 0, lambda _g, a, b: b - a, settings)


def group(name: str, variant: str = "SL6", t: int = 20, s: int = 5, version: int = 1) -> dict[str, Any]:
    limits = {"answer_within_ms": t * 1000, "short_abandon_ms": s * 1000, "sl_variant": variant}
    return {"group": name, "name": name, "active": True, "version": version, "gone": 0, **limits}


@pytest.fixture
def views(tables: Tables) -> Tables:
    """The tables, empty, with the views over them."""
    for statement in (*daily_view_sql(), *now_view_sql()):
        tables.do(statement)
    return tables


LEVELS = "SELECT subject, value, n, num, den, param FROM sales.{view} WHERE kpi = 'service_level'"


def days(tables: Tables) -> dict[str, tuple[Any, ...]]:
    """Value, n, num, den and param by subject, of the one day; those of the period are the same."""
    keep_days(tables)
    found = tables.rows(LEVELS.format(view="kpi_daily"))
    period = f"kpi_period(from = '{DAY}', to = '{DAY}')"
    assert sorted(tables.rows(LEVELS.format(view=period))) == sorted(found)
    return {subject: tuple(row) for subject, *row in found}


@pytest.mark.parametrize("variant", EXAMPLE)
def test_the_published_example_live(variant: str) -> None:
    upper, n, percent = EXAMPLE[variant]
    value, rests_on = live(example(), GroupSettings(sl_variant=variant))
    assert (value, rests_on) == (upper / n, n)
    assert f"{value:.2%}" == percent


def test_the_published_example_in_days_and_periods(views: Tables) -> None:
    views.put("groups", [group(variant.lower(), variant) for variant in EXAMPLE])
    store(views, {(f"g:{variant.lower()}", TEN): example() for variant in EXAMPLE})
    short = {"SL5": " S=5 s", "SL6": " S=5 s"}
    assert days(views) == {
        variant.lower(): (upper / n, n, upper, n, f"{variant} T=20 s{short.get(variant, '')}")
        for variant, (upper, n, _) in EXAMPLE.items()
    }


def rolling(tables: Tables, at: int) -> set[tuple[Any, ...]]:
    select = rolling_select(str(at * 60), str(at * 60))
    return set(
        tables.rows(f"SELECT subject, value, n FROM ({select}) WHERE kpi = 'service_level' AND window = '1h'")
    )


def test_who_changes_variant_or_limits_changes_the_past_of_that_group(views: Tables) -> None:
    views.put("groups", [group("unassigned"), group("sales"), group("support")])
    store(views, {(subject, TEN): example() for subject in ("g:sales", "g:support", "a:all")})
    kept = (860 / 1050, 1050)
    assert rolling(views, TEN + 9) == {(name, *kept) for name in ("sales", "support", "all")}
    views.put("groups", [group("sales", "SL1", version=2)])
    assert rolling(views, TEN + 9) == {("sales", 880 / 1060, 1060), ("support", *kept), ("all", *kept)}
    assert {name: row[0] for name, row in days(views).items()} == {
        "sales": 880 / 1060,
        "support": kept[0],
        "all": kept[0],
    }
    views.put("groups", [group("sales", "SL6", t=21, s=20, version=3)])
    assert days(views)["sales"] == (1000 / 1040, 1040, 1000, 1040, "SL6 T=21 s S=20 s")
    views.put("groups", [group("sales", "SL4", t=5, version=4)])
    assert days(views)["sales"] == (0.0, 1050, 0, 1050, "SL4 T=5 s")


def test_the_whole_centre_and_whom_nobody_listed_go_by_the_directory(views: Tables) -> None:
    views.put("groups", [group("sales"), group("unassigned", "SL2", t=30)])
    store(views, {(subject, TEN): example() for subject in ("a:all", "g:unmapped:pbx:9", "g:sales")})
    params = {subject: row[-1] for subject, row in days(views).items()}
    assert params == {"all": "SL2 T=30 s", "unmapped:pbx:9": "SL2 T=30 s", "sales": "SL6 T=20 s S=5 s"}


def test_a_day_that_is_added_up_follows_the_variant_too(views: Tables) -> None:
    views.put("groups", [group("sales")])
    store(views, {("g:sales", TEN): example()})
    assert days(views)["sales"][:2] == (860 / 1050, 1050)
    counted = "SELECT max(version) FROM sales_rows.kpi_days"
    before = views.rows(counted)
    views.put("groups", [group("sales", "SL5", version=2)])
    assert days(views)["sales"][:2] == (870 / 1060, 1060)
    assert views.rows(counted) == before


def test_live_values_say_how_they_were_reckoned(views: Tables) -> None:
    views.put("groups", [group("sales", "SL3")])
    now = views.rows("SELECT toUnixTimestamp(now())")[0][0]
    row = {"subject": "g:sales", "window": "1h", "value": 0.5, "n": 4, "version": 1, "gone": 0}
    views.put("kpi_now", [row | {"kpi": kpi, "as_of": now} for kpi in ("service_level", "missed_share")])
    found = views.rows("SELECT subject_kind, subject, kpi, value, param FROM sales.kpi_now ORDER BY kpi")
    assert found == [
        ("group", "sales", "missed_share", 0.5, None),
        ("group", "sales", "service_level", 0.5, "SL3 T=20 s"),
    ]


def test_voicemail_is_no_short_abandon_however_early() -> None:
    pane = PaneState()
    apply(pane, "wait_answered_hours", None, 3_000)
    apply(pane, "voicemail_hours", None, 1)
    for variant in EXAMPLE:
        assert live(pane, GroupSettings(sl_variant=variant)) == ((1.0, 1) if variant == "SL2" else (0.5, 2))


def test_where_nothing_is_left_to_divide_by_there_is_no_value(views: Tables) -> None:
    pane = PaneState()
    apply(pane, "wait_abandoned_hours", None, 2_000)
    assert live(pane, GroupSettings()) == (None, 0)
    views.put("groups", [group("sales")])
    store(views, {("g:sales", TEN): pane})
    assert days(views)["sales"] == (None, 0, 0, 0, "SL6 T=20 s S=5 s")
    assert rolling(views, TEN) == {("sales", None, 0)}


def test_seconds_are_the_same_in_sql_and_end_at_ten_minutes(tables: Tables) -> None:
    waits = [-5, 0, 1, 999, 1000, 1001, 19_999, 20_000, 20_001, 599_999, 600_000, 600_001, 10**9]
    found = tables.rows(f"SELECT {SECOND} FROM (SELECT arrayJoin({waits}) AS value)")
    assert [bucket for (bucket,) in found] == [0, 0, 1, 1, 1, 2, 20, 20, 21, 600, 600, 601, 601]
    assert [seconds.bucket(wait) for wait in waits] == [bucket for (bucket,) in found]


# -- at random


@dataclass(frozen=True)
class Caller:
    """What became of a caller; wait in ms."""

    name: str  #: answered, abandoned or voicemail
    in_hours: bool
    wait: int


def callers(rng: random.Random, count: int) -> list[Caller]:
    edges = [0, 1, 999, 1000, 5000, 5001, 20_000, 20_001, 600_000, 600_001, 900_000]
    names = ("answered", "answered", "abandoned", "voicemail")
    return [
        Caller(
            rng.choice(names),
            rng.random() < 0.7,
            rng.choice(edges) if rng.random() < 0.3 else int(rng.expovariate(1 / 20_000)),
        )
        for _ in range(count)
    ]


def by_brute_force(found: list[Caller], settings: GroupSettings) -> tuple[float | None, int]:
    """The variants as `kpi.md` words them, caller by caller."""
    t, s = settings.answer_within_ms, settings.short_abandon_ms
    answered = [c for c in found if c.name == "answered"]
    gave_up = [c for c in found if c.name == "abandoned"]
    in_t = sum(c.wait <= t for c in answered)
    everybody = len(found)
    upper, n = {
        "SL1": (in_t + sum(c.wait <= t for c in gave_up), everybody),
        "SL2": (in_t, len(answered)),
        "SL3": (in_t, everybody),
        "SL4": (in_t, everybody - sum(c.wait <= t for c in gave_up)),
        "SL5": (in_t + sum(c.wait <= s for c in gave_up), everybody),
        "SL6": (in_t, everybody - sum(c.wait <= s for c in gave_up)),
    }[settings.sl_variant]
    return (upper / n, n) if n else (None, 0)


_MEASURED = {"answered": "wait_answered", "abandoned": "wait_abandoned", "voicemail": "voicemail"}


def facts(name: str, found: list[Caller]) -> list[dict[str, Any]]:
    """Stored facts of a group's callers."""
    stored = []
    for number, caller in enumerate(found):
        for hours in ("all", "hours") if caller.in_hours else ("all",):
            fact = {"entity": f"pbx/{number}", "name": f"{_MEASURED[caller.name]}_{hours}", "group": name}
            value = 1 if caller.name == "voicemail" else caller.wait
            at = TEN * 60 + number % 3600
            stored.append(fact | {"at": at, "value": value, "version": 1, "gone": 0})
    return stored


def pane_of(found: list[dict[str, Any]]) -> PaneState:
    """Each minute's pane, added up."""
    panes: Panes = {}
    for fact in found:
        assert fact["name"] in MEASUREMENTS
        apply(panes.setdefault(("", fact["at"] // 60), PaneState()), fact["name"], None, fact["value"])
    total = PaneState()
    for pane in panes.values():
        merge(total, pane)
    return total


@pytest.mark.parametrize("seed", range(3))
def test_live_sql_and_brute_force_agree(views: Tables, seed: int) -> None:
    rng = random.Random(seed)
    wanted: dict[tuple[str, str], tuple[float | None, int]] = {}
    for number in range(40):
        name, found = f"g{number}", callers(rng, rng.choice((0, 1, 3, 40, 200)))
        variant, t, s = rng.choice(list(EXAMPLE)), rng.choice((0, 1, 5, 20, 600)), rng.choice((0, 5, 6, 600))
        settings = GroupSettings(sl_variant=variant, answer_within_ms=t * 1000, short_abandon_ms=s * 1000)
        views.put("groups", [group(name, variant, t, s)])
        stored = facts(name, found)
        if stored:
            views.put("measurements", stored)
        pane = pane_of(stored)
        in_hours = [caller for caller in found if caller.in_hours]
        for kpi, counted in (("service_level", in_hours), ("service_level_all_hours", found)):
            expected = by_brute_force(counted, settings)
            assert live(pane, settings, kpi) == expected
            if expected[1]:
                wanted[name, kpi] = expected
    columns = ", ".join(["subject", "minute", *(name for name, _ in pane_columns()), "version"])
    views.do(f"INSERT INTO sales_rows.kpi_minutes ({columns}) SELECT *, 1 FROM ({recompute_select('1')})")
    keep_days(views)
    rows = views.rows(
        "SELECT subject, kpi, value, n FROM sales.kpi_daily WHERE kpi LIKE 'service_level%' AND n != 0"
    )
    assert {(subject, kpi): (value, n) for subject, kpi, value, n in rows} == wanted
