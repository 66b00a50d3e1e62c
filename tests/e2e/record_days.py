"""Days of KPI that are computed from records, as they follow from the recount's facts one by one."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.e2e.installation import Installation
from tests.e2e.stored import rows
from tests.recount import Counted
from tests.recount.plain import DAY, FactId, Plain
from tests.waiting import eventually

#: (day, subject), such as ("2026-01-12", "g:sales") -> value, n
Days = dict[tuple[str, str], tuple[float | None, int]]
#: KPI of what is open -> the fact that says how long it was; for whom the KPI is.
_OPEN = {"open_missed": ("span_missed", "ga"), "open_leads": ("span_lead", "mga")}


def wait_for_days(installation: Installation, counted: Counted, plain: Plain, within: float) -> None:
    """Waits until the sink has computed all of them."""
    found: list[str] = []

    def right() -> bool:
        found[:] = record_differences(installation, counted, plain)
        return not found

    try:
        eventually(right, within, every=2)
    except AssertionError:
        raise AssertionError("\n".join(found[:10])) from None


def record_differences(installation: Installation, counted: Counted, plain: Plain) -> list[str]:
    """Where `kpi_daily` and the recount do not agree; all groups live in UTC."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    wanted: dict[str, Days] = {"recovered_share": _recovered(counted, now), **_wins(counted)}
    for kpi, (name, kinds) in _OPEN.items():
        spans = [(id, until) for id, until in counted.facts.items() if id[1] == name]
        wanted[kpi], wanted[f"{kpi}_oldest_s"] = _at_ends_of_days(spans, kinds, plain, now)
    found = []
    for kpi, days in wanted.items():
        assert days, f"nothing to compare of {kpi}"
        stored = _stored(installation, kpi)
        found += [
            f"{kpi} {key}: stored {stored.get(key)}, recount {days.get(key)}"
            for key in sorted(stored.keys() | days.keys())
            if stored.get(key) != days.get(key)
        ]
    return found


def _stored(installation: Installation, kpi: str) -> Days:
    """Days on which something was counted, or open."""
    told = rows(
        installation,
        "SELECT toString(day) AS day, substring(subject_kind, 1, 1) AS kind, subject, value, n "
        f"FROM sales.kpi_daily WHERE kpi = '{kpi}' AND (n != 0 OR mature != 1)",
    )
    return {(row["day"], f"{row['kind']}:{row['subject']}"): (row["value"], row["n"]) for row in told}


def _subjects(id: FactId) -> Iterator[str]:
    _, _, manager, group, whole, _ = id
    if manager:
        yield f"m:{manager}"
    if group:
        yield f"g:{group}"
    if whole:
        yield "a:all"


def _day(at: int) -> str:
    return str(datetime.fromtimestamp(at // 1000, UTC).date())


def _recovered(counted: Counted, now: int) -> Days:
    """Missed customers whose deadline has passed or who were reached; a day without any has a row too."""
    judged: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for id, deadline in counted.facts.items():
        if id[1] == "missed_item":
            reached = (id[0], "missed_item_reached", *id[2:]) in counted.facts
            for subject in _subjects(id):
                of_day = judged[_day(id[5]), subject]
                of_day += [reached] if reached or deadline <= now else []
    return {key: (sum(one) / len(one) if one else None, len(one)) for key, one in judged.items()}


def _wins(counted: Counted) -> dict[str, Days]:
    """Wins of customers by whether they had won another deal before."""
    wins = [id for id in counted.facts if id[1] == "deal_win"]
    whose = {f"{source}/{deal}": row["customer"] for (source, deal), row in counted.deals.items()}
    found: dict[str, dict[tuple[str, str], int]] = {
        "deals_won_new": defaultdict(int),
        "deals_won_repeat": defaultdict(int),
    }
    for id in wins:
        customer = whose.get(id[0])
        again = any(
            customer and whose.get(other[0]) == customer and other[0] != id[0] and other[5] < id[5]
            for other in wins
        )
        for subject in _subjects(id):
            found["deals_won_repeat" if again else "deals_won_new"][_day(id[5]), subject] += 1
    return {kpi: {key: (float(n), n) for key, n in days.items()} for kpi, days in found.items()}


def _at_ends_of_days(
    spans: list[tuple[FactId, int]], kinds: str, plain: Plain, now: int
) -> tuple[Days, Days]:
    """How many were open at the last moment of each day that is over, and the age of the oldest, s."""
    ages: dict[tuple[str, str], list[int]] = defaultdict(list)
    for id, until in spans:
        _, _, manager, group, _, since = id
        for midnight in range(since // DAY * DAY + DAY, now + 1, DAY):
            last = midnight - 1
            if since <= last < until:
                age = plain.working(group or plain.group_of(manager), since, last)
                for subject in _subjects(id):
                    if subject[0] in kinds:
                        ages[_day(last), subject].append(age)
    counts: Days = {key: (float(len(own)), len(own)) for key, own in ages.items()}
    return counts, {key: (max(own) / 1000, len(own)) for key, own in ages.items()}
