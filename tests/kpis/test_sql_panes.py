"""SQL of panes: the same buckets, the same quantiles, the same recount as in Python."""

import random
from collections import Counter, defaultdict
from typing import Any

import pytest

from streams.kpis.declarations import KPIS
from streams.kpis.kpi import evaluate
from streams.kpis.measurements import MEASUREMENTS
from streams.kpis.sql import pane_columns, pane_row, recompute_select
from streams.kpis.sql_formulas import quantile, representative, summed_columns, value_and_n
from streams.kpis.sql_panes import BUCKET
from streams.records import PaneState
from streams.windows import histogram
from streams.windows.items import OpenItems
from streams.windows.pane import apply, merge
from streams.windows.totals import Totals
from tests.kpis.conftest import Tables

MINUTE = 60_000
#: 2024-03-01 10:00 UTC
TEN = 28_488_120


def test_buckets_are_the_same_for_every_value(tables: Tables) -> None:
    values = [*range(3000), *(2**power + step for power in range(12, 60) for step in (-1, 0, 1)), -1, -7]
    found = tables.rows(
        f"SELECT value, {BUCKET} AS bucket, {representative('bucket')} FROM "
        f"(SELECT arrayJoin({values}) AS value)"
    )
    assert len(found) == len(values)
    for value, bucket, middle in found:
        assert (bucket, middle) == (histogram.bucket(value), histogram.representative(bucket)), value


def test_quantiles_are_the_same_bucket_for_bucket(tables: Tables) -> None:
    rng = random.Random(5)
    for size in (1, 2, 19, 20, 21, 400):
        counts = Counter(histogram.bucket(int(rng.expovariate(1 / 30_000))) for _ in range(size))
        text = "map(" + ", ".join(f"{key}, {counts[key]}" for key in sorted(counts)) + ")"
        for percent in (1, 50, 95, 100):
            found = tables.rows(f"SELECT {quantile('h', str(percent))} FROM (SELECT {text} AS h)")
            assert found == [(histogram.quantile(counts, percent),)], (size, percent)


def test_a_row_has_a_value_for_each_column() -> None:
    pane = PaneState()
    apply(pane, "talk", None, 9)
    apply(pane, "ring", None, 40)
    apply(pane, "missed_caller", None, 1, "c1")
    row = dict(zip((name for name, _ in pane_columns()), pane_row(pane), strict=True))
    assert (row["talk_n"], row["talk_sum"], row["ring_n"], row["ring_sum"]) == (1, 9, 1, 40)
    assert row["ring_hist"] == {36: 1}, "from 32 on buckets are 2 ms wide: 32 and 33 have bucket 32"
    assert row["missed_caller_set"] == {"c1": 1}
    assert row["call_in_n"] == 0


def facts(rng: random.Random, count: int) -> list[dict[str, Any]]:
    """Stored facts of an hour: of managers, groups, the whole, or several of these."""
    names = list(MEASUREMENTS)
    return [
        {
            "entity": f"pbx/{number}",
            "name": rng.choice(names),
            "manager": rng.choice(["", "m1", "m2"]),
            "group": rng.choice(["", "sales", "unassigned"]),
            "whole": rng.random() < 0.7,
            "at": TEN * 60 + rng.randrange(3600),
            "value": rng.randrange(50_000),
            "tag": rng.choice(["c1", "c2", "c3"]),
            "customer": "c1",
            "version": 1,
            "gone": 0,
        }
        for number in range(count)
    ]


def subjects(fact: dict[str, Any]) -> list[str]:
    found = [f"m:{fact['manager']}"] if fact["manager"] else []
    found += [f"g:{fact['group']}"] if fact["group"] else []
    return found + (["a:all"] if fact["whole"] else [])


def panes_of(facts: list[dict[str, Any]]) -> dict[tuple[str, int], PaneState]:
    panes: dict[tuple[str, int], PaneState] = defaultdict(PaneState)
    for fact in facts:
        if MEASUREMENTS[fact["name"]].kind != "item":
            for subject in subjects(fact):
                apply(panes[subject, fact["at"] // 60], fact["name"], None, fact["value"], fact["tag"])
    return panes


def comparable(values: list[Any]) -> list[Any]:
    """Values of a row; keys of maps as JSON has them."""
    return [
        {str(key): count for key, count in value.items()} if isinstance(value, dict) else value
        for value in values
    ]


def recomputed(tables: Tables, where: str) -> dict[tuple[str, int], list[Any]]:
    select = f"SELECT * REPLACE (toUnixTimestamp(minute) AS minute) FROM ({recompute_select(where)})"
    return {(row[0], row[1] // 60): list(row[2:]) for row in tables.rows(select)}


def test_panes_can_be_recomputed_from_the_stored_facts(tables: Tables) -> None:
    stored = facts(random.Random(1), 3000)
    tables.put("measurements", stored)
    expected = {key: comparable(pane_row(pane)) for key, pane in panes_of(stored).items()}
    assert recomputed(tables, "1") == expected


def test_only_what_is_asked_for_is_recomputed_and_facts_that_are_gone_do_not_count(tables: Tables) -> None:
    stored = facts(random.Random(2), 1000)
    tables.put("measurements", stored)
    tables.put("measurements", [fact | {"version": 2, "gone": 1} for fact in stored[500:]])
    tables.put("measurements", stored[500:700])  # an older version that comes late
    wanted = f"subject = 'g:sales' AND minute = toDateTime({(TEN + 7) * 60}, 'UTC')"
    key = ("g:sales", TEN + 7)
    assert recomputed(tables, wanted) == {key: comparable(pane_row(panes_of(stored[:500])[key]))}


def test_every_formula_gives_the_same_in_sql_as_in_python(tables: Tables) -> None:
    stored = facts(random.Random(3), 4000)
    tables.put("measurements", stored)
    kpis = [kpi for kpi in KPIS.values() if kpi.rolling]
    values = ", ".join(f"{text}" for kpi in kpis for text in value_and_n(kpi))
    level = "('SL6', 20, 5) AS level"
    panes = f"SELECT {level}, {summed_columns()} FROM ({recompute_select('1')}) WHERE subject = 'a:all'"
    found = tables.rows(f"SELECT {values} FROM ({panes})")
    total = PaneState()
    for (subject, _), pane in panes_of(stored).items():
        if subject == "a:all":
            merge(total, pane)
    answers = [evaluate(kpi, Totals(total), OpenItems(), 0, lambda _g, a, b: b - a) for kpi in kpis]
    assert found == [tuple(part for answer in answers for part in answer)]
    assert all(n for _, n in answers)


def test_a_state_of_now_has_no_sql() -> None:
    with pytest.raises(TypeError, match="open_missed has no panes"):
        value_and_n(KPIS["open_missed"])
