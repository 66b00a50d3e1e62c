"""Working days since the last win: of days against counting them one by one, and as they are now."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clickhouse_connect.driver.client import Client

from streams.directory import Directory
from streams.sinks.days import StateService
from streams.sinks.state_teller import StateTeller
from tests.sinks.random_records import DAY, HOUR, PEOPLE, Records, put_customer_fact, some_records, store_all
from tests.sinks.record_days import Days, keep, settle, shown
from tests.waiting import eventually

#: Clara began on 20 January and has won nothing; of Dora it is known what was first counted; nobody knows of Egor.
DIRECTORY = """
time_zone: UTC
groups:
  sales: {name: Sales, time_zone: Asia/Tokyo, hours: {mon-fri: "09:00-18:00"}}
  support: {name: Support, time_zone: America/New_York}
  desk: {name: Desk}
managers:
  anna: {name: Anna, group: sales}
  boris: {name: Boris, group: support}
  clara: {name: Clara, group: [{group: sales, from: 2026-01-20}]}
  dora: {name: Dora, group: support}
  egor: {name: Egor, group: sales}
  fedor: {name: Fedor, group: [{group: desk, from: 2026-01-20}]}
"""
GROUPS = {"anna": "sales", "boris": "support", "clara": "sales", "dora": "support", "egor": "sales"}
TIME_ZONES = {"sales": "Asia/Tokyo", "support": "America/New_York", "": "UTC"}
FIRST = {"clara": date(2026, 1, 20), "dora": date(2026, 2, 1)}
#: A week of Anna's.
AWAY = {"anna": [date(2026, 1, 19) + n * DAY for n in range(7)]}


def put_rows(store: Client, table: str, *rows: dict[str, Any]) -> None:
    columns = list(rows[0])
    store.insert(
        table, [[*row.values(), 1] for row in rows], column_names=[*columns, "version"], database="sales_rows"
    )


def counted(records: Records) -> Days:
    """Each day of each subject that has a value."""
    subjects = [(f"m:{who}", group) for who, group in GROUPS.items()]
    found: Days = {}
    for subject, group in [*subjects, ("g:sales", "sales"), ("g:support", "support"), ("a:all", "")]:
        zone, who = ZoneInfo(TIME_ZONES[group]), subject[2:]
        stays = [row["entered_at"] for row in records.stays if group in ("", row["group"])]
        piped = min(stays).astimezone(zone).date()
        marks = {
            at.astimezone(zone).date()
            for _, _, won_by, at in records.wins
            if subject in (f"m:{won_by}", f"g:{PEOPLE[won_by]}", "a:all")
        }
        marks |= {FIRST[who]} if who in FIRST else set()
        day = date(2026, 1, 1)
        since: int | None = None
        while day < datetime.now(zone).date():
            works = day.weekday() < 5 if group == "sales" else True
            if since is not None and works and day not in AWAY.get(who, []):
                since += 1
            since = 0 if day in marks else since
            if since is not None and day >= piped:
                found[str(day), subject] = float(since), 1
            day += DAY
    return found


@pytest.mark.parametrize("seed", [3, 9])
def test_each_day_counts_the_working_days_since_the_last_win(store: Client, migrated: str, seed: int) -> None:
    settle(store, DIRECTORY)
    records = some_records(seed)
    store_all(store, migrated, records)
    put_rows(store, "absences", *({"manager": who, "day": day} for who, days in AWAY.items() for day in days))
    put_rows(store, "kpi_days", {"kpi": "", "day": FIRST["dora"], "subject": "m:dora"})
    keep(store, DIRECTORY)
    found, wanted = shown(store, "days_since_win"), counted(records)
    assert found == wanted
    assert {"m:anna", "m:clara", "m:dora", "g:support", "a:all"} <= {subject for _, subject in wanted}


def now_told(store: Client, text: str = DIRECTORY) -> dict[tuple[str, str], tuple[float | None, int]]:
    StateTeller(store, Directory.from_text(text)).tell()
    rows = store.query(
        "SELECT kpi, subject_kind, subject, value, n FROM sales.kpi_now WHERE window = 'now'"
    ).result_rows
    return {(kpi, f"{kind[0]}:{subject}"): (value, n) for kpi, kind, subject, value, n in rows}


def put_deals(store: Client, url: str, now: datetime) -> None:
    """A win of Anna's nine days ago, and two open deals of hers, one of which has a task ahead."""
    put_customer_fact(url, "crm/d1", "deal_win", "anna", "sales", now - 9 * DAY, "c1")
    stay = {
        "source": "crm",
        "stage_kind": "open",
        "entered_at": now - 20 * DAY,
        "manager": "anna",
        "group": "sales",
    }
    put_rows(
        store,
        "stage_stays",
        stay | {"event_id": "e1", "deal_id": "d2", "customer": "c2"},
        stay | {"event_id": "e2", "deal_id": "d3", "customer": "c3"},
    )
    put_rows(
        store,
        "tasks",
        {"source": "crm", "task_id": "t1", "customer": "c3", "manager": "anna", "group": "sales",
         "created_at": now - HOUR, "due_at": now + HOUR},
    )  # fmt: skip


def test_states_of_now_are_told(store: Client, migrated: str) -> None:
    now = datetime.now(UTC)
    settle(store, DIRECTORY)
    put_deals(store, migrated, now)
    tokyo = now.astimezone(ZoneInfo("Asia/Tokyo")).date()
    since = (now - 9 * DAY).astimezone(ZoneInfo("Asia/Tokyo")).date()
    days = [since + number * DAY for number in range(1, (tokyo - since).days + 1)]
    weekdays = [day for day in days if day.weekday() < 5]
    put_rows(store, "absences", {"manager": "anna", "day": weekdays[0]})
    found = now_told(store)
    of_clara = [date(2026, 1, 20) + n * DAY for n in range(1, (tokyo - date(2026, 1, 20)).days + 1)]
    wanted: dict[str, tuple[float | None, int]] = {
        "m:anna": (len(weekdays) - 1, 1),
        "g:sales": (len(weekdays), 1),
        "a:all": (9, 1),  # support works every day
        "m:clara": (sum(day.weekday() < 5 for day in of_clara), 1),
    }
    # Nobody knows when Egor began, and no deals are of the other groups.
    wanted |= dict.fromkeys(("m:egor", "m:boris", "m:dora", "m:fedor", "g:support", "g:desk"), (None, 0))
    wins = {subject: told for (kpi, subject), told in found.items() if kpi == "days_since_win"}
    assert wins == wanted | {"g:unassigned": (None, 0)}
    assert found["deals_without_next_step", "m:anna"] == (1.0, 1)
    assert found["deals_without_next_step", "m:boris"] == (0.0, 0)
    keep(store, DIRECTORY)
    yesterday = shown(store, "days_since_win")[str(tokyo - DAY), "m:clara"]
    assert yesterday == (sum(day.weekday() < 5 for day in of_clara[:-1]), 1)


def test_a_state_that_is_not_connected_has_no_value(store: Client, migrated: str) -> None:
    """The CRM tells of deals, and of no tasks."""
    settle(store, DIRECTORY)
    put_deals(store, migrated, datetime.now(UTC))
    found = now_told(store, DIRECTORY + "sources: {crm: {provides: [deals]}}\n")
    assert found["deals_without_next_step", "m:anna"] == (None, 0)
    assert found["days_since_win", "a:all"] == (9, 1)


def test_the_service_tells_them_and_ends_when_told(store: Client, migrated: str) -> None:
    settle(store, DIRECTORY)
    put_deals(store, migrated, datetime.now(UTC))
    told = "SELECT value FROM sales.kpi_now WHERE kpi = 'days_since_win' AND subject = 'all'"

    async def run() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(StateService(migrated, Directory.from_text(DIRECTORY)).run(stop))
        await asyncio.to_thread(eventually, lambda: store.query(told).result_rows == [(9.0,)], 20)
        stop.set()
        await asyncio.wait_for(task, 5)

    asyncio.run(run())
