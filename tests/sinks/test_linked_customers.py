"""Deals and tasks bear the key that their events named; lead, call and meeting that of who he became."""

from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from streams.kpis.declarations import KPIS
from streams.kpis.sql_record_days import state_now
from tests.sinks.random_records import BEGIN, DAY, HOUR, Records, store_all
from tests.sinks.record_days import keep, settle, shown
from tests.sinks.stored import put_named

OWN = {"source": "crm", "manager": "anna", "group": "sales"}
#: The day of all that happens here, where `all` is, and the one after it.
FIRST, NEXT = "2026-01-10", "2026-01-11"
#: A chain, c to b to a, and one more. The keys at the ends are the least, and all calls and leads have those.
LINKS = [("c", "b"), ("b", "a"), ("f", "e")]


@pytest.fixture
def centre(store: Client) -> Client:
    settle(store)
    return store


def deal(id_: str, customer: str, after: int, kind: str, closed: int | None, **values: Any) -> dict[str, Any]:
    """A deal that began and was closed so many hours after the lead."""
    row = {
        **OWN,
        "deal_id": id_,
        "customer": customer,
        "created_at": BEGIN + after * HOUR,
        "stage_kind": kind,
    }
    at = None if closed is None else BEGIN + closed * HOUR
    return row | {"closed_at": at, "lead_id": "", "proposed_at": None} | values


def stay(id_: str, customer: str) -> dict[str, Any]:
    """An open deal's stay, since the lead."""
    row = {**OWN, "event_id": id_, "deal_id": id_, "customer": customer, "entered_at": BEGIN + 4 * HOUR}
    return row | {"stage_kind": "open", "left_at": None}


#: a: a lead, a proposal after 2 h, a win after 3 h, another after 5 h. e: a call by somebody who had a deal.
RECORDS = Records(
    leads=[{**OWN, "lead_id": "l1", "customer": "a", "created_at": BEGIN, "disqualified_at": None}],
    deals=[
        deal("d1", "c", 1, "won", 3, proposed_at=BEGIN + 2 * HOUR),
        deal("d2", "a", 4, "won", 5),
        deal("d3", "f", 1, "lost", 2),
    ],
    stays=[stay("d4", "c"), stay("d5", "f")],
    tasks=[
        {**OWN, "task_id": "t1", "customer": "b", "created_at": BEGIN, "due_at": BEGIN + DAY + HOUR, "done_at": None}
    ],
    calls=[
        {
            "source": "pbx", "call_id": "k1", "customer": "e", "manager": "", "group": "sales", "direction": "in",
            "started_at": BEGIN + 6 * HOUR, "ended_at": BEGIN + 7 * HOUR, "excluded_reason": "",
        }
    ],
    meetings=[("meeting_scheduled", "e", BEGIN + DAY + 5 * HOUR)],
    wins=[("d1", "c", "anna", BEGIN + 3 * HOUR), ("d2", "a", "anna", BEGIN + 5 * HOUR)],
)  # fmt: skip


def of_all(store: Client, kpi: str, day: str = FIRST) -> tuple[float | None, int] | None:
    return shown(store, kpi).get((day, "a:all"))


def hours_handled(store: Client) -> float:
    found = of_all(store, "lead_handling_p50_s")
    assert found is not None
    assert found[0] is not None
    return found[0] / 3600


def test_what_is_joined_by_customer_is_joined_across_links(centre: Client, migrated: str) -> None:
    store_all(centre, migrated, RECORDS)
    keeper = keep(centre)
    assert of_all(centre, "lead_to_proposal") == (0.0, 1)
    assert of_all(centre, "enquiry_to_deal") == (0.5, 2)  # the lead's own customer has won a deal
    assert of_all(centre, "deals_won_new") == (2.0, 2)
    assert of_all(centre, "deals_won_repeat") is None
    assert (
        of_all(centre, "deals_without_next_step")
        == of_all(centre, "deals_without_next_step", NEXT)
        == (2.0, 2)
    )
    assert hours_handled(centre) == pytest.approx(4, rel=0.032)

    put_named(migrated, "customer_links", *({"customer": customer, "root": root} for customer, root in LINKS))
    keeper.turn()
    assert of_all(centre, "lead_to_proposal") == (1.0, 1)
    assert of_all(centre, "enquiry_to_deal") == (1.0, 1)  # who calls had a deal before
    assert of_all(centre, "deals_won_new") == (1.0, 1)
    assert of_all(centre, "deals_won_repeat") == (1.0, 1)
    assert hours_handled(centre) == pytest.approx(1, rel=0.032)
    # The task of b is ahead of the deal of c for a day, the meeting of e of that of f from the day after on.
    assert of_all(centre, "deals_without_next_step") == (1.0, 1)
    assert of_all(centre, "deals_without_next_step", NEXT) == (1.0, 1)
    live = centre.query(state_now(KPIS["deals_without_next_step"])).result_rows
    assert ("a:all", 1.0, 1) in live
