"""Random logs, folded and counted into KPI, against each KPI straight from the recount's facts."""

from typing import Any

import pytest

from streams.kpis.declarations import KPIS
from streams.kpis.formulas import FromRecords
from streams.kpis.kpi import Kpi, evaluate
from streams.records import PaneState
from streams.windows.items import OpenItems
from streams.windows.pane import apply
from streams.windows.totals import Totals
from tests.journey.feeding import PIPELINES, Feed, ms
from tests.random_calls import HOURS, LINES, MANAGERS, random_log
from tests.recount import recount
from tests.recount.kpi_values import Value, kpi_ids, kpi_values
from tests.recount.plain import OPEN, SPANS, Plain

#: KPI of records are computed by ClickHouse, and compared in tests/sinks/test_record_days.py.
LIVE = {id: kpi for id, kpi in KPIS.items() if not isinstance(kpi.formula, FromRecords)}

Json = dict[str, Any]
SUBJECTS = [
    *(f"m:{manager}" for manager in [*MANAGERS, "m9"]),
    *(f"g:{group}" for group in ["sales", "support", "night", "unassigned"]),
    "a:all",
]
PLAIN = Plain(MANAGERS, LINES, HOURS, 0, None)
MINUTE = 60_000


def of_fold(feed: Feed, subject: str, first: int, last: int, now: int) -> dict[str, Value]:
    """The product's values, from the folded facts."""
    pane, items = PaneState(), OpenItems()
    for key, value in feed.facts.items():
        if subject not in key.subjects() or key.name in SPANS:
            continue
        if key.name in OPEN:
            items.open(key.name, feed.tags[key], key.at, value)
        elif first <= key.at // MINUTE <= last and key.at <= now:
            apply(pane, key.name, None, value, feed.tags[key])
    items.expire(now)
    found = {}
    for kpi in LIVE.values():
        if kpi.concerns(subject):
            found[kpi.id] = Value(*evaluate(kpi, Totals(pane), items, now, PLAIN.working))
    return found


def alike(kpi: Kpi, found: Value, wanted: Value) -> bool:
    if found.n != wanted.n or (found.value is None) != (wanted.value is None):
        return False
    if found.value is None or wanted.value is None:
        return True
    # Quantiles are read from a histogram, and so is a maximum; all else is exact.
    histogram = any(part in kpi.id for part in ("_p50_", "_p95_", "_max_"))
    return found.value == pytest.approx(wanted.value, rel=0.05 if histogram else 1e-9, abs=1e-9)


def log_of(seed: int, share: float) -> list[Json]:
    """The first part of a log: in the middle of it more is open than at its end."""
    log = random_log(seed, calls=60, customers=8, days=3, leads=15, deals=25)
    return log[: round(len(log) * share)]


@pytest.mark.parametrize("seed", range(90, 95))
@pytest.mark.parametrize("share", [0.5, 1])
def test_every_kpi_is_what_the_recount_says(seed: int, share: float) -> None:
    log = log_of(seed, share)
    counted = recount(log, MANAGERS, LINES, HOURS, pipelines=PIPELINES)
    feed = Feed()
    feed.log(log)
    moments = sorted(ms(event["occurred_at"]) for event in log)
    now = moments[-1]
    for begin in (moments[0], moments[len(moments) // 2]):
        minutes = begin // MINUTE, now // MINUTE
        for subject in SUBJECTS:
            wanted = kpi_values(counted, subject, minutes, plain=PLAIN, now=now)
            unlike = {
                (subject, id): (value, wanted[id])
                for id, value in of_fold(feed, subject, *minutes, now).items()
                if not alike(LIVE[id], value, wanted[id])
            }
            assert not unlike


def test_no_kpi_is_empty_in_all_of_these_logs() -> None:
    filled: set[str] = set()
    for seed, share in [(seed, share) for seed in range(90, 95) for share in (0.5, 1)]:
        log = log_of(seed, share)
        counted = recount(log, MANAGERS, LINES, HOURS, pipelines=PIPELINES)
        now = max(ms(event["occurred_at"]) for event in log)
        values = kpi_values(counted, "a:all", (0, now // MINUTE), plain=PLAIN, now=now)
        filled |= {id for id, value in values.items() if value.value}
    assert filled == kpi_ids()


def test_the_recount_knows_every_kpi() -> None:
    assert kpi_ids() == set(LIVE)
