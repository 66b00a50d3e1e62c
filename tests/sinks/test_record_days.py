"""KPI that are computed from records, against a recount in Python over random records."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from tests.sinks.holding import Opened, at_ends, between, parts, subjects, unless_meeting
from tests.sinks.random_records import (
    BEGIN,
    DAY,
    END,
    HOUR,
    PEOPLE,
    Records,
    ms,
    some_records,
    store_all,
)
from tests.sinks.record_days import keep, local, settle, shown
from tests.sinks.stored import fact, put_facts


@pytest.fixture
def centre(store: Client) -> Client:
    settle(store)
    return store


def shares(rows: Iterable[tuple[datetime, dict[str, Any], bool]]) -> dict[tuple[str, str], tuple[float, int]]:
    """Share by local day and subject of rows (when, whose, whether it counts above)."""
    counted: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for at, row, above in rows:
        for subject in subjects(row):
            counted[local(at, subject), subject].append(above)
    return {key: (sum(found) / len(found), len(found)) for key, found in counted.items()}


def enquiries(records: Records) -> list[tuple[datetime, dict[str, Any], str]]:
    found = [(lead["created_at"], lead, lead["customer"]) for lead in records.leads]
    first: dict[str, dict[str, Any]] = {}
    for call in sorted(records.calls, key=lambda call: (call["started_at"], call["call_id"])):
        if call["direction"] == "in" and not call["excluded_reason"] and call["customer"] != "anonymous:1":
            first.setdefault(call["customer"], call)
    for customer, call in first.items():
        at = call["started_at"]
        led = any(lead["customer"] == customer and lead["created_at"] <= at + DAY for lead in records.leads)
        sold = any(deal["customer"] == customer and deal["created_at"] < at for deal in records.deals)
        if not led and not sold:
            found.append((at, call, customer))
    return found


def won_since(records: Records, customer: str, at: datetime) -> bool:
    return any(
        deal["customer"] == customer and deal["stage_kind"] == "won" and deal["closed_at"] >= at
        for deal in records.deals
    )


def proposed_since(records: Records, lead: dict[str, Any]) -> bool:
    return any(
        (deal["customer"] == lead["customer"] or deal["lead_id"] == lead["lead_id"])
        and deal["proposed_at"] is not None
        and deal["proposed_at"] >= lead["created_at"]
        for deal in records.deals
    )


def won_before(records: Records, id_: str, customer: str, at: datetime) -> bool:
    return any(other != id_ and whose == customer and before < at for other, whose, _, before in records.wins)


def handled_at(records: Records, lead: dict[str, Any]) -> datetime | None:
    ends = [
        deal["created_at"]
        for deal in records.deals
        if (deal["customer"] == lead["customer"] or deal["lead_id"] == lead["lead_id"])
        and deal["created_at"] >= lead["created_at"]
    ]
    return min([*ends, *([lead["disqualified_at"]] if lead["disqualified_at"] else [])], default=None)


def counts(rows: Iterable[tuple[datetime, dict[str, Any]]]) -> dict[tuple[str, str], tuple[float, int]]:
    return {key: (float(n), n) for key, (_, n) in shares((at, row, True) for at, row in rows).items()}


def win_rows(records: Records, again: bool) -> list[tuple[datetime, dict[str, Any]]]:
    return [
        (at, {"manager": who, "group": PEOPLE[who]})
        for id_, customer, who, at in records.wins
        if won_before(records, id_, customer, at) == again
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_became_of_leads_and_deals(centre: Client, migrated: str, seed: int) -> None:
    records = some_records(seed)
    store_all(centre, migrated, records)
    keep(centre)
    assert shown(centre, "enquiry_to_deal") == shares(
        (at, row, won_since(records, customer, at)) for at, row, customer in enquiries(records)
    )
    assert shown(centre, "lead_to_proposal") == shares(
        (lead["created_at"], lead, proposed_since(records, lead)) for lead in records.leads
    )
    assert shown(centre, "proposal_to_won") == shares(
        (deal["proposed_at"], deal, deal["stage_kind"] == "won")
        for deal in records.deals
        if deal["proposed_at"]
    )
    assert shown(centre, "deals_won_new") == counts(win_rows(records, again=False))
    assert shown(centre, "deals_won_repeat") == counts(win_rows(records, again=True))


@pytest.mark.parametrize("seed", [4, 5])
def test_how_long_a_lead_is_handled(centre: Client, migrated: str, seed: int) -> None:
    records = some_records(seed)
    store_all(centre, migrated, records)
    keep(centre)
    spread: dict[tuple[str, str], list[float]] = defaultdict(list)
    for lead in records.leads:
        end = handled_at(records, lead)
        if end is not None:
            for subject in subjects(lead):
                spread[local(end, subject), subject].append((end - lead["created_at"]).total_seconds())
    found = shown(centre, "lead_handling_p50_s")
    assert {key: n for key, (_, n) in found.items()} == {key: len(times) for key, times in spread.items()}
    for key, times in spread.items():
        exact = sorted(times)[(len(times) * 50 + 99) // 100 - 1]
        assert found[key][0] == pytest.approx(exact, rel=0.032)


def states(store: Client, kpi: str) -> dict[tuple[str, str], int]:
    """Values without the zeros before something first held to a day's end."""
    found = shown(store, kpi)
    begun = {s: min((d for (d, s2), (v, _) in found.items() if s2 == s and v), default="9") for _, s in found}
    return {(day, s): int(value or 0) for (day, s), (value, _) in found.items() if day >= begun[s]}


@pytest.mark.parametrize("seed", [6, 7])
def test_what_was_open_at_the_end_of_a_day(centre: Client, migrated: str, seed: int) -> None:
    records = some_records(seed)
    store_all(centre, migrated, records)
    keep(centre)
    opened = [row for row in records.stays if row["stage_kind"] == "open"]
    assert states(centre, "open_deals") == at_ends(
        had for row in opened for had in parts(row, row["entered_at"], row["left_at"])
    )
    limited = [row for row in opened if row["due_at"]]
    assert states(centre, "stalled_deals") == at_ends(
        (of, unless_meeting(row, lasts))
        for row in limited
        for of, lasts in parts(row, row["due_at"], row["left_at"])
    )
    assert states(centre, "tasks_overdue") == at_ends(
        had for row in records.tasks for had in parts(row, row["due_at"], row["done_at"])
    )
    waiting = [call for call in records.calls if call["direction"] == "in" and not call["excluded_reason"]]
    assert states(centre, "calls_waiting") == at_ends(
        [(row, between(row["started_at"], row["ended_at"])) for row in waiting], "ga"
    )

    def without_step(row: dict[str, Any], lasts: Callable[[datetime], bool]) -> Opened:
        return row, lambda at: lasts(at) and not has_step(records, row["customer"], at)

    assert states(centre, "deals_without_next_step") == at_ends(
        without_step(*had) for row in opened for had in parts(row, row["entered_at"], row["left_at"])
    )
    longest = shown(centre, "longest_waiting_s")
    assert {key: n for key, (_, n) in longest.items() if n} == {
        key: n for key, n in states(centre, "calls_waiting").items() if n
    }


def has_step(records: Records, customer: str, at: datetime) -> bool:
    tasks = [task for task in records.tasks if task["customer"] == customer and task["created_at"] <= at]
    if any(task["due_at"] > at and (task["done_at"] is None or task["done_at"] > at) for task in tasks):
        return True
    told = [(when, name) for name, whose, when in records.meetings if whose == customer and when <= at]
    arranged = [when for when, name in told if name == "meeting_scheduled"]
    over = [when for when, name in told if name != "meeting_scheduled"]
    return bool(arranged) and max(arranged) > max(over, default=BEGIN)


def span(name: str, since: datetime, until: datetime, entity: str = "pbx/1", **key: Any) -> Any:
    return fact(name, ms(since), ms(until), entity=entity, **key)


def test_missed_items_and_leads_at_the_end_of_a_day(centre: Client, migrated: str) -> None:
    tokyo_midnight = datetime(2026, 1, 12, 15, tzinfo=UTC)
    put_facts(
        migrated,
        span("span_missed", tokyo_midnight - HOUR, tokyo_midnight, "pbx/1"),  # to the last moment of the 12th
        span("span_missed", tokyo_midnight - HOUR, tokyo_midnight - HOUR / 60, "pbx/2"),
        span("span_uncalled", tokyo_midnight - HOUR, tokyo_midnight + DAY + HOUR, "pbx/1"),
        span(
            "span_lead", tokyo_midnight, tokyo_midnight + DAY, "crm/1", manager="anna", group="", whole=False
        ),
    )
    keep(centre)
    group = {kpi: states(centre, kpi) for kpi in ("open_missed", "uncalled_missed", "open_leads")}
    missed = {day: n for (day, subject), n in group["open_missed"].items() if subject == "g:sales"}
    assert (missed["2026-01-12"], missed["2026-01-13"]) == (1, 0)
    uncalled = {day: n for (day, subject), n in group["uncalled_missed"].items() if subject == "g:sales"}
    assert (uncalled["2026-01-12"], uncalled["2026-01-13"], uncalled["2026-01-14"]) == (1, 1, 0)
    leads = {day: n for (day, subject), n in group["open_leads"].items() if subject == "m:anna"}
    assert (leads["2026-01-13"], leads["2026-01-14"]) == (1, 0)
    assert "2026-01-12" not in leads
    # Of a period a state has the value at its end.
    period = centre.query(
        "SELECT value FROM sales.kpi_period(from = '2026-01-01', to = '2026-01-13') "
        "WHERE kpi = 'uncalled_missed' AND subject = 'sales'"
    ).result_rows
    assert period == [(1.0,)]


def test_missed_customers_reached_by_their_deadline(centre: Client, migrated: str) -> None:
    at, later = datetime(2026, 1, 12, 10, tzinfo=UTC), datetime.now(UTC) + DAY
    put_facts(
        migrated,
        span("missed_item", at, at + DAY, "pbx/1"),
        span("missed_item_reached", at, at + DAY, "pbx/1"),
        span("missed_item", at, at + DAY, "pbx/2"),
        span("missed_item", at, later, "pbx/3"),  # not yet to be judged
        span("missed_item", at, later, "pbx/4"),
        span("missed_item_reached", at, later, "pbx/4"),
    )
    keep(centre)
    found = centre.query(
        "SELECT value, n, num, den, mature FROM sales.kpi_daily WHERE kpi = 'recovered_share' AND subject = 'sales'"
    ).result_rows
    assert found == [(2 / 3, 3, 2.0, 3, 0.75)]


def test_what_a_record_becomes_changes_the_days_of_the_past(centre: Client, migrated: str) -> None:
    row = {
        "source": "crm", "deal_id": "d1", "stage_kind": "open", "customer": "c1", "manager": "anna", "group": "sales",
        "created_at": BEGIN, "closed_at": None, "lead_id": "", "proposed_at": BEGIN,
    }  # fmt: skip

    def put(version: int, **changes: Any) -> None:
        whole = row | changes | {"version": version}
        centre.insert("deals", [list(whole.values())], column_names=list(whole), database="sales_rows")

    put(1)
    keeper = keep(centre)
    assert {value for value, _ in shown(centre, "proposal_to_won").values()} == {0.0}
    put(2, stage_kind="won", closed_at=END)
    keeper.turn()
    assert {value for value, _ in shown(centre, "proposal_to_won").values()} == {1.0}
    put(3, gone=1)
    keeper.turn()
    assert shown(centre, "proposal_to_won") == {}
