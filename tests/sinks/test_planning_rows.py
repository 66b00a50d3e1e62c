"""What is configured of pipelines, plans, bonuses and absences, as ClickHouse has it."""

from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from streams.config import load_config, load_planning
from streams.sinks.planning_rows import write_planning

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
