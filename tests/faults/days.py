"""`kpi_daily` against each KPI of each day straight from the recount's facts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from streams.kpis.declarations import KPIS
from streams.kpis.formulas import FromRecords
from streams.kpis.kpi import NOW, SUBJECT_KINDS
from tests.e2e.outside import Outside
from tests.e2e.stored import rows
from tests.random_calls import HOURS, LINES, MANAGERS
from tests.recount import Counted
from tests.recount.kpi_values import Value, kpi_ids, kpi_values
from tests.recount.plain import DAY, MINUTE, OPEN, SPANS, FactId, Plain

_PLAIN = Plain(MANAGERS, LINES, HOURS, 0, None)
_EPOCH = date(1970, 1, 1)
#: What is counted over a window; states and what is computed from records is tested elsewhere.
_COUNTED = {
    id for id in kpi_ids() if KPIS[id].windows != NOW and not isinstance(KPIS[id].formula, FromRecords)
}
_KINDS = {kind: letter for letter, kind in SUBJECT_KINDS.items()}

#: Day since the epoch, subject such as `m:m1`, id of the KPI.
_Key = tuple[int, str, str]


def day_differences(product: Outside, counted: Counted) -> list[str]:
    """Where the view is not what the recount says, in words. Days that are not over are left out."""
    today = int(datetime.now(UTC).timestamp() * 1000) // DAY
    stored = _stored(product, today)
    expected = _expected(counted, today)
    return [
        f"day {_EPOCH + timedelta(key[0])} {key[1:]}: stored {stored.get(key)}, recount {expected.get(key)}"
        for key in sorted(stored.keys() | expected.keys())
        if not _alike(key[2], stored.get(key), expected.get(key))
    ]


def _stored(product: Outside, today: int) -> dict[_Key, Value]:
    asked = "SELECT day, subject_kind, subject, kpi, value, n FROM sales.kpi_daily WHERE n > 0"
    found = {}
    for row in rows(product, f"{asked} AND subject_kind != 'line'"):
        day = (date.fromisoformat(row["day"]) - _EPOCH).days
        if day < today and row["kpi"] in _COUNTED:
            found[day, f"{_KINDS[row['subject_kind']]}:{row['subject']}", row["kpi"]] = Value(
                row["value"], row["n"]
            )
    return found


def _expected(counted: Counted, today: int) -> dict[_Key, Value]:
    split: dict[tuple[int, str], dict[FactId, int]] = {}
    for id, value in counted.facts.items():
        _, name, manager, group, whole, at = id
        if name in OPEN or name in SPANS or at // DAY >= today:
            continue
        subjects = [f"m:{manager}"] * bool(manager) + [f"g:{group}"] * bool(group) + ["a:all"] * whole
        for subject in subjects:
            split.setdefault((at // DAY, subject), {})[id] = value
    found: dict[_Key, Value] = {}
    for (day, subject), facts in split.items():
        minutes = day * DAY // MINUTE, (day + 1) * DAY // MINUTE - 1
        one = Counted(facts=facts, whose=counted.whose)
        for kpi, reckoned in kpi_values(one, subject, minutes, plain=_PLAIN).items():
            if kpi in _COUNTED and reckoned.n and KPIS[kpi].concerns(subject):
                found[day, subject, kpi] = reckoned
    return found


def _alike(kpi: str, stored: Value | None, expected: Value | None) -> bool:
    if stored is None or expected is None or stored.n != expected.n:
        return False
    if stored.value is None or expected.value is None:
        return stored.value == expected.value
    # Quantiles are read from a histogram, and so is a maximum; all else is exact.
    histogram = any(part in kpi for part in ("_p50_", "_p95_", "_max_"))
    wanted: Any = pytest.approx(expected.value, rel=0.05 if histogram else 1e-9, abs=1e-9)
    return bool(stored.value == wanted)
