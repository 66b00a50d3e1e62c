"""Funnel, open deals and reasons, on deals written by hand."""

from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from streams.clock import now_ms
from streams.directory import Directory
from streams.sinks.directory_rows import write_directory
from tests.sinks.stored import put_named
from tests.sinks.test_day_views import tuples

HOUR = 3_600_000
DAY = 24 * HOUR
#: 2026-01-12 21:30:00 UTC: past midnight of the next day in Moscow (+3).
EVENING = 1_768_253_400_000

DIRECTORY = """
time_zone: Europe/Moscow
groups:
  sales: {name: Sales, time_zone: Europe/Moscow}
  support: {name: Support, time_zone: UTC}
managers:
  a: {name: Anna, group: sales}
  b: {name: Boris, group: sales}
  c: {name: Clara, group: support}
"""
#: Stages of the pipeline of the tests, with their kind.
KINDS = {"new": "open", "talk": "open", "offer": "open", "won": "won", "lost": "lost"}


@pytest.fixture
def centre(store: Client) -> Client:
    """A ClickHouse that knows who works where, and the stages of pipeline `p`."""
    write_directory(store, Directory.from_text(DIRECTORY), EVENING)
    put_stages(
        store, "p", {stage: kind for stage, kind in KINDS.items() if stage != "offer"} | {"offer": "open"}
    )
    return store


def put_stages(store: Client, pipeline: str, kinds: dict[str, str]) -> None:
    """Stages as funnel.yaml lists them; `offer` stands third wherever it is written."""
    order = [stage for stage in KINDS if stage in kinds]
    rows = [[pipeline, stage, stage.title(), order.index(stage), kind, 1] for stage, kind in kinds.items()]
    names = ["pipeline", "stage", "name", "position", "kind", "version"]
    store.insert("funnel_stages", rows, column_names=names, database="sales_rows")


def stays(
    deal: str, start: int, *path: tuple[str, float], pipeline: str = "p", **values: Any
) -> list[dict[str, Any]]:
    """Rows of a deal: each stage with the hours for which it lasts; the last one lasts still."""
    rows: list[dict[str, Any]] = []
    at = start
    for number, (stage, hours) in enumerate(path):
        last = number == len(path) - 1
        dwell = int(hours * HOUR)
        row: dict[str, Any] = {
            "source": "crm",
            "event_id": f"{deal}/{number}",
            "deal_id": deal,
            "pipeline": pipeline,
        }
        row |= {"stage": stage, "stage_kind": KINDS.get(stage, "open"), "entered_at": at, "manager": "a"}
        row |= {"group": "sales"} | ({} if last else {"left_at": at + dwell, "dwell_ms": dwell})
        rows.append(row | values)
        at += dwell
    return rows


def seed_deals(url: str, start: int) -> None:
    """Five deals of Anna and Boris in pipeline `p`."""
    put_named(
        url,
        "stage_stays",
        *stays("d1", start, ("new", 1), ("talk", 2), ("offer", 4), ("won", 0)),
        *stays("d2", start, ("new", 3), ("offer", 5), ("lost", 0), loss_reason="price"),  # skips talk
        *stays("d3", start, ("new", 5), ("lost", 0)),
        *stays("d4", start, ("new", 7), ("talk", 1), ("new", 0), manager="b"),  # goes back
        *stays("d5", start, ("new", 0), manager="b"),
        *stays("d6", start, ("new", 1), ("won", 2), ("talk", 0), manager="b"),  # reopened
    )


#: Stage, manager, entered, left_forward, won, lost, conversion, conversion_all, mature, median stay in h.
#: new: d1, d2, d4 and d6 went on, d3 is lost, d5 waits; d4 counts once. talk: d1 went on, d4 is back in
#: new, d6 waits. offer: d1 is won, d2 lost.
FUNNEL = [
    ("new", None, 6, 4, 1, 2, 4 / 6, 4 / 6, 5 / 6, 3.0),
    ("talk", None, 3, 1, 1, 0, 1 / 3, 1 / 3, 1 / 3, 1.0),
    ("offer", None, 2, 1, 1, 1, 1 / 2, 1 / 2, 1.0, 4.0),
    ("won", None, 2, 0, 1, 0, None, None, 1 / 2, 2.0),
    ("lost", None, 2, 0, 0, 2, None, None, 1.0, None),
    ("new", "a", 3, 2, 1, 2, 2 / 3, 4 / 6, 1.0, 3.0),
    ("talk", "a", 1, 1, 1, 0, 1.0, 1 / 3, 1.0, 2.0),
    ("offer", "a", 2, 1, 1, 1, 1 / 2, 1 / 2, 1.0, 4.0),
    ("won", "a", 1, 0, 1, 0, None, None, 1.0, None),
    ("lost", "a", 2, 0, 0, 2, None, None, 1.0, None),
    ("new", "b", 3, 2, 0, 0, 2 / 3, 4 / 6, 2 / 3, 1.0),
    ("talk", "b", 2, 0, 0, 0, 0.0, 1 / 3, 0.0, 1.0),
    ("offer", "b", 0, 0, 0, 0, None, 1 / 2, None, None),
    ("won", "b", 1, 0, 0, 0, None, None, 0.0, 2.0),
    ("lost", "b", 0, 0, 0, 0, None, None, None, None),
]
COLUMNS = (
    "stage, manager, entered, left_forward, won, lost, conversion, conversion_all, mature, dwell_p50_s / 3600"
)


def test_a_funnel_counts_each_deal_once_in_a_stage_and_skips_as_forward(
    centre: Client, migrated: str
) -> None:
    seed_deals(migrated, EVENING)
    between = "sales.funnel_between(from = '2026-01-13', to = '2026-01-13')"
    found = tuples(
        centre, f"SELECT {COLUMNS} FROM {between} WHERE pipeline = 'p' ORDER BY ifNull(manager, ''), position"
    )
    assert found == [tuple(row) for row in FUNNEL]
    compared = tuples(
        centre,
        "SELECT manager, stage_name, `group`, position, conversion_group, round(difference, 6) "
        f"FROM {between} WHERE stage = 'talk' ORDER BY ifNull(manager, '')",
    )
    assert compared == [
        (None, "Talk", None, 2, None, 0.0),
        ("a", "Talk", "sales", 2, 1 / 3, 0.666667),
        ("b", "Talk", "sales", 2, 1 / 3, -0.333333),
    ]


def test_a_stage_is_of_the_manager_who_had_the_deal_at_its_entry(centre: Client, migrated: str) -> None:
    given_away = [(EVENING, "a", "sales"), (EVENING + HOUR, "b", "sales")]
    first, second = stays("d1", EVENING, ("new", 2), ("talk", 0), manager="b")
    put_named(
        migrated,
        "stage_stays",
        first | {"owners": given_away},  # Anna's at entry, Boris's from the second hour on
        second | {"owners": [(EVENING + 2 * HOUR, "b", "sales")]},
        *stays("d2", EVENING, ("new", 1), ("lost", 0), manager="b"),  # of before owners were kept
        *stays("d3", EVENING, ("new", 0), owners=[(EVENING, "", ""), (EVENING + HOUR, "b", "sales")]),
    )
    between = "sales.funnel_between(from = '2026-01-13', to = '2026-01-13')"
    found = tuples(
        centre,
        "SELECT stage, manager, entered, left_forward, lost, dwell_p50_s / 3600 "
        f"FROM {between} WHERE pipeline = 'p' AND entered > 0 ORDER BY ifNull(manager, ''), position",
    )
    assert found == [
        ("new", None, 3, 1, 1, 1.0),
        ("talk", None, 1, 0, 0, None),
        ("lost", None, 1, 0, 1, None),
        ("new", "a", 1, 1, 0, 2.0),
        ("new", "b", 1, 0, 1, 1.0),
        ("talk", "b", 1, 0, 0, None),
        ("lost", "b", 1, 0, 1, None),
    ]


@pytest.mark.parametrize(("first", "last"), [("2026-01-12", "2026-01-12"), ("2026-01-14", "2026-01-15")])
def test_days_are_those_of_the_directory_and_only_the_first_entry_counts(
    centre: Client, migrated: str, first: str, last: str
) -> None:
    put_named(migrated, "stage_stays", *stays("d1", EVENING, ("new", 30), ("talk", 1), ("new", 0)))
    query = f"SELECT entered, conversion FROM sales.funnel_between(from = '{first}', to = '{last}')"
    assert tuples(centre, f"{query} WHERE stage = 'new' AND manager IS NULL") == [(0, None)]


def test_the_periods_of_the_funnel_end_today(centre: Client, migrated: str) -> None:
    now = now_ms()
    for number, age in enumerate((0.01, 5.0, 8.0, 28.0, 31.0, 88.0, 92.0)):
        put_named(migrated, "stage_stays", *stays(f"d{number}", now - int(age * DAY), ("new", 0)))
    query = "SELECT {} FROM sales.funnel WHERE stage = 'new' AND manager IS NULL AND period {} 'month'"
    assert sorted(tuples(centre, query.format("period, entered", "!="))) == [
        ("30d", 4),
        ("7d", 2),
        ("90d", 6),
    ]
    month = query.format("entered", "=")
    recount = (
        "SELECT count() FROM sales_rows.stage_stays FINAL WHERE "
        "formatDateTime(entered_at, '%Y-%m', 'Europe/Moscow') = "
        "formatDateTime(now(), '%Y-%m', 'Europe/Moscow')"
    )
    assert tuples(centre, month) == tuples(centre, recount)


def test_stages_that_nobody_listed_stand_in_the_order_of_their_first_appearance(
    centre: Client, migrated: str
) -> None:
    put_named(
        migrated,
        "stage_stays",
        *stays("d1", EVENING, ("x", 1), ("won", 0), pipeline="q"),
        *stays("d2", EVENING + HOUR // 2, ("z", 1), ("y", 1), pipeline="q"),
        *stays("d3", EVENING, ("talk", 2), ("unmapped:crm:7", 0), pipeline="p"),
    )
    between = "sales.funnel_between(from = '2026-01-13', to = '2026-01-13')"
    query = f"SELECT pipeline, position, stage, stage_name, conversion FROM {between} WHERE manager IS NULL"
    found = sorted(row for row in tuples(centre, query) if row[0] == "q" or row[2].startswith("unmapped"))
    assert found == [
        ("p", 6, "unmapped:crm:7", None, 0.0),
        ("q", 1, "x", None, 1.0),
        ("q", 2, "z", None, 1.0),
        ("q", 3, "y", None, 0.0),
        ("q", 4, "won", None, None),
    ]


def test_open_deals_are_added_up_by_stage_and_manager(centre: Client, migrated: str) -> None:
    now = now_ms()
    deal = {"source": "crm", "pipeline": "p", "stage": "talk", "stage_kind": "open", "group": "sales"}
    put_named(
        migrated,
        "deals",
        deal
        | {"deal_id": "1", "manager": "a", "created_at": now - 3 * DAY, "stage_since": now - HOUR}
        | {"amount_minor": 150_050, "due_at": now - 1},
        deal
        | {"deal_id": "2", "manager": "a", "created_at": now - 2 * DAY, "stage_since": now - DAY}
        | {"amount_minor": 100_000, "due_at": now + HOUR},
        deal | {"deal_id": "3", "manager": "a", "created_at": now - DAY, "stage_since": now},
        deal | {"deal_id": "4", "manager": "b", "created_at": now, "stage_since": now},
        deal | {"deal_id": "5", "manager": "a", "stage_kind": "won", "stage": "won"},
        deal | {"deal_id": "6", "manager": "a", "stage": "unmapped:crm:1", "created_at": now},
        deal | {"deal_id": "7", "manager": "a", "gone": 1},
    )
    found = tuples(
        centre,
        "SELECT stage, stage_name, position, manager, name, `group`, deals, toFloat64(amount), "
        "round(oldest_s / 86400, 2), round(longest_in_stage_s / 86400, 2), overdue "
        "FROM sales.pipeline_now ORDER BY stage, manager",
    )
    assert found == [
        ("talk", "Talk", 1, "a", "Anna", "sales", 3, 2500.5, 3.0, 1.0, 1),
        ("talk", "Talk", 1, "b", "Boris", "sales", 1, None, 0.0, 0.0, 0),
        ("unmapped:crm:1", None, None, "a", "Anna", "sales", 1, None, 0.0, None, 0),
    ]


def test_reasons_add_up_by_day(centre: Client, migrated: str) -> None:
    lost: dict[str, Any] = {"loss_reason": "price", "amount_minor": 100_000}
    put_named(
        migrated,
        "stage_stays",
        *stays("d1", EVENING - HOUR, ("new", 1), ("lost", 0), **lost),
        *stays("d2", EVENING - HOUR, ("new", 1), ("lost", 0), **lost),
        *stays("d3", EVENING - 2 * HOUR, ("lost", 0), **lost),  # the day before, in Moscow
        *stays("d4", EVENING, ("lost", 1), ("new", 1), ("lost", 0), manager="b"),  # lost twice
        *stays("d5", EVENING, ("new", 0), group="support", manager="c"),
        # given away after the loss: it stays with who lost it
        *stays(
            "d7", EVENING, ("lost", 0), loss_reason="given away",
            owners=[(EVENING, "a", "sales"), (EVENING + HOUR, "c", "support")], group="support", manager="c",
        ),
    )  # fmt: skip
    entered = "SELECT manager, manager_at_entry FROM sales.stage_stays WHERE deal_id IN ('d3', 'd7') ORDER BY deal_id"
    assert tuples(centre, entered) == [("a", "a"), ("c", "a")]
    also_lost = stays(
        "d5", EVENING - HOUR, ("new", 1), ("lost", 1), ("lost2", 0), group="support", manager="c"
    )
    put_named(migrated, "stage_stays", *(row | {"deal_id": "d6"} for row in also_lost[:2]))
    put_named(migrated, "stage_stays", also_lost[2] | {"deal_id": "d6", "stage_kind": "lost"})
    lead = {"source": "crm", "disqualified_at": EVENING, "manager": "a", "group": "sales"}
    put_named(
        migrated,
        "leads",
        lead | {"lead_id": "1", "disqualify_reason": "spam"},
        lead | {"lead_id": "2", "disqualify_reason": "spam", "manager": "b", "disqualified_of": "a"},
        {"source": "crm", "lead_id": "3", "group": "sales"},
    )
    columns = "toString(day), kind, reason, manager, `group`, n, toFloat64(amount)"
    found = tuples(centre, f"SELECT {columns} FROM sales.reasons")
    assert sorted(found, key=str) == sorted(
        [
            ("2026-01-12", "lost", "price", "a", "sales", 1, 1000.0),
            ("2026-01-13", "lost", "price", "a", "sales", 2, 2000.0),
            ("2026-01-13", "lost", None, "b", "sales", 2, None),
            ("2026-01-12", "lost", None, "c", "support", 1, None),
            ("2026-01-13", "disqualified", "spam", "a", "sales", 2, None),
            ("2026-01-13", "lost", "given away", "a", "sales", 1, None),
        ],
        key=str,
    )
