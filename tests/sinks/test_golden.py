"""The golden numbers of `kpi.md`, from records to the views that people read.

Service levels: tests/kpis/test_levels. 7 of 20 million: test_plan_views. The calls over half hours:
tests/journey.
"""

from datetime import timedelta

import pytest
from clickhouse_connect.driver.client import Client

from tests.sinks.random_records import BEGIN, HOUR, Records, store_all
from tests.sinks.record_days import keep, shown
from tests.sinks.stored import put_counted
from tests.sinks.test_plan_views import TODAY, counted, insert, minute, plan
from tests.sinks.test_plan_views import centre as every_day  # noqa: F401 - a fixture
from tests.sinks.test_record_days import centre  # noqa: F401 - a fixture


def test_of_1000_enquiries_362_come_to_a_proposal_and_32_buy(centre: Client, migrated: str) -> None:  # noqa: F811
    own = {"source": "crm", "manager": "anna", "group": "sales"}
    names = [f"c{number}" for number in range(1000)]
    leads = [
        {**own, "lead_id": f"l{name}", "customer": name, "created_at": BEGIN, "disqualified_at": None}
        for name in names
    ]
    deals = [
        {
            **own, "deal_id": f"d{name}", "customer": name, "created_at": BEGIN + HOUR, "lead_id": f"l{name}",
            "stage_kind": "won" if number < 32 else "lost", "proposed_at": BEGIN + 2 * HOUR,
            "closed_at": BEGIN + 3 * HOUR,
        }
        for number, name in enumerate(names[:362])
    ]  # fmt: skip
    stay = {
        **own,
        "event_id": "e",
        "deal_id": "dc0",
        "stage_kind": "open",
        "entered_at": BEGIN,
        "customer": "c0",
    }
    task = {**own, "task_id": "t", "customer": "c0", "created_at": BEGIN, "due_at": BEGIN, "done_at": BEGIN}
    store_all(centre, migrated, Records(leads, deals, [stay], [task], [], [], []))
    keep(centre)
    percent = {}
    for kpi in ("lead_to_proposal", "enquiry_to_deal", "proposal_to_won"):
        ((value, n),) = [found for (_, subject), found in shown(centre, kpi).items() if subject == "a:all"]
        assert value is not None
        percent[kpi] = f"{value * n:.0f}/{n} = {value:.2%}"
    assert percent == {
        "lead_to_proposal": "362/1000 = 36.20%",
        "enquiry_to_deal": "32/1000 = 3.20%",
        "proposal_to_won": "32/362 = 8.84%",
    }


def test_a_million_is_10_deals_and_20_calls_on_each_of_21_days(every_day: Client, migrated: str) -> None:  # noqa: F811
    first, last = TODAY + timedelta(days=1), TODAY + timedelta(days=21)
    insert(every_day, "plans", plan("manager", "m1", "calls_handled", 420, first, last))
    (row,) = every_day.query(
        "SELECT remaining, days_left, needed_per_workday FROM sales.plan_fact"
    ).result_rows
    assert row == (420.0, 21, 20.0)
    day = TODAY - timedelta(days=1)
    sums = counted(
        handled=(420, 0), deal_won=(10, 10), won_amount=(10, 100_000_000), win_amount=(10, 100_000_000)
    )
    put_counted(migrated, [("m:m1", minute(day), sums)])
    rows = every_day.query(
        "SELECT kpi, value FROM sales.kpi_daily WHERE subject = 'm1' AND day = {day:Date} AND kpi IN "
        "('calls_handled', 'deals_won', 'won_amount', 'avg_deal')",
        {"day": day},
    ).result_rows
    found: dict[str, float] = {kpi: value for kpi, value in rows}  # noqa: C416 - rows are only sequences
    assert found == {"calls_handled": 420, "deals_won": 10, "won_amount": 1_000_000, "avg_deal": 100_000}
    assert found["won_amount"] / found["avg_deal"] == found["deals_won"]
    assert found["deals_won"] / found["calls_handled"] == pytest.approx(0.0238, abs=5e-5)
