"""What is configured of pipelines, plans, bonuses and absences, as ClickHouse has it."""

from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from streams.clock import now_ms
from streams.config import config_of, load_config, load_planning
from streams.sinks.kpi_rows import write_kpis
from streams.sinks.planning_rows import write_planning
from tests.sinks.stored import put_named

SHIPPED = Path(__file__).parents[2] / "deploy" / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in SHIPPED.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def written(client: Client, folder: Path, now: int) -> dict[str, list[tuple[object, ...]]]:
    config = load_config(folder)
    write_planning(client, config.directory, load_planning(folder, config.directory), now)
    asked = {
        "funnel_stages": "pipeline, stage, position, kind, max_stay_ms",
        "plans": "subject, kpi, toString(period_end), value",
        "bonus_terms": "`group`, kpi, weight, target, cap, direction",
        "absences": "manager, toString(day), kind",
    }
    return {
        table: [
            tuple(row) for row in client.query(f"SELECT {columns} FROM sales_rows.{table} FINAL").result_rows
        ]
        for table, columns in asked.items()
    }


def test_what_is_listed_stands_there_and_what_is_not_goes(store: Client, migrated: str, folder: Path) -> None:
    first = written(store, folder, 1)
    assert ("main", "new", 0, "open", 86_400_000) in first["funnel_stages"]
    assert ("main", "won", 4, "won", None) in first["funnel_stages"]
    assert ("m001", "calls_handled", "2027-01-31", 420.0) in first["plans"]
    assert ("sales", "offers_missed_share", 0.2, 0.05, 1.5, "down") in first["bonus_terms"]
    assert min(first["absences"]) == ("m004", "2027-01-11", "vacation")
    assert len(first["absences"]) == 5
    assert written(store, folder, 2) == first

    (folder / "absences.csv").write_text("manager,from,to,kind\nm004,2027-01-12,2027-01-12,vacation\n")
    (folder / "plans.csv").unlink()
    second = written(store, folder, 3)
    assert second["absences"] == [("m004", "2027-01-12", "vacation")]
    assert second["plans"] == []
    assert second["bonus_terms"] == first["bonus_terms"]


def test_the_shipped_plans_and_stages_are_to_be_read(store: Client, folder: Path) -> None:
    written(store, folder, 1)
    stages = store.query(
        "SELECT pipeline, stage, position, kind, max_stay_s FROM sales.funnel_stages ORDER BY position"
    ).result_rows
    assert tuple(stages[0]) == ("main", "new", 0, "open", 86_400.0)
    assert tuple(stages[-1]) == ("main", "lost", 5, "lost", None)
    (plan,) = store.query(
        "SELECT plan FROM sales.plans WHERE subject_kind = 'group' AND subject = 'sales'"
    ).result_rows
    assert tuple(plan) == (60.0,)


def test_views_know_what_is_connected(store: Client, migrated: str) -> None:
    now = now_ms()
    for kpi in ("calls_in", "leads_new"):
        live = {"subject": "g:sales", "kpi": kpi, "window": "today", "as_of": now, "value": None, "n": 0}
        put_named(migrated, "kpi_now", live)
    write_kpis(store, config_of({"directory.yaml": "sources: {pbx: {provides: [inbound]}}"}).directory, 1)
    told = "SELECT kpi, connected FROM sales.kpi_now ORDER BY kpi"
    assert [tuple(row) for row in store.query(told).result_rows] == [("calls_in", True), ("leads_new", False)]
    asked = "SELECT kpi, needs, connected FROM sales.kpis WHERE kpi IN ('calls_in', 'leads_new') ORDER BY kpi"
    assert [tuple(row) for row in store.query(asked).result_rows] == [
        ("calls_in", ["inbound"], True),
        ("leads_new", ["leads"], False),
    ]
    write_kpis(store, config_of({"directory.yaml": "sources: {crm: {provides: [leads]}}"}).directory, 2)
    assert [tuple(row) for row in store.query(told).result_rows] == [("calls_in", False), ("leads_new", True)]
    sources = store.query("SELECT source, provides, calls FROM sales.sources").result_rows
    assert [tuple(row) for row in sources] == [("crm", ["leads"], "primary")]
