"""The schema: applied once, in order, never changed behind our back; and the views of the contract."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from streams.kpis.sql import pane_arrays_sql
from streams.sinks.connection import ROWS, VIEWS, connect
from streams.sinks.generated import pane_column_names
from streams.sinks.migrations import (
    EditedHistory,
    Migration,
    applied_checksums,
    migrate,
    pending,
    read_migrations,
)
from streams.sinks.tables import LAYOUTS
from tests.sinks.conftest import drop
from tests.waiting import eventually

#: View -> columns that the contract promises (section 4).
PROMISED = {
    "calls": "call_id source direction customer group manager line started_at answered_at ended_at wait_s "
    "wait_total_s talk_s hold_s outcome in_hours excluded_reason offers offers_missed ended_by transferred "
    "recording recovered_by recovered_at recovery_s first_callback_at rating",
    "call_legs": "source call_id manager offered_at answered_at left_at ring_s talk_s end_reason",
    "customers": "customer phone phone_masked name kind flags",
    "customers_masked": "customer phone_masked",
    "leads": "lead_id source customer channel manager group created_at first_attempt_at first_attempt_s "
    "first_contact_at first_contact_s attempts disqualified_at disqualify_reason",
    "open_items": "source kind item_id customer manager group line state misses attempts last_attempt_at "
    "taken_by since due_at age_s age_work_s",
    "kpi_minutes": "subject_kind subject minute call_in_n call_answered_n call_answered_s handled_n talk_s",
    "kpi_rolling": "as_of subject_kind subject kpi window value n",
    "kpi_daily": "day subject_kind subject kpi value n num den mature revised_at",
    "call_classes": "day source class n",
    "leaderboard": "as_of window kpi manager group value n rank group_mean leader gap_to_leader",
    "kpi_now": "as_of subject_kind subject kpi window value n",
    "stage_stays": "source deal_id pipeline stage stage_kind entered_at left_at dwell_s manager customer amount "
    "currency loss_reason",
    "deals": "source deal_id pipeline stage stage_kind customer manager created_at closed_at amount currency "
    "loss_reason",
    "managers_now": "manager state since call_id",
    "pipeline_now": "pipeline stage manager deals amount oldest_s overdue",
    "reasons": "day kind reason manager group n",
    "funnel": "period pipeline stage manager entered left_forward won lost conversion dwell_p50_s",
    "plans": "subject_kind subject kpi period_start period_end plan",
    "plan_fact": "subject_kind subject kpi period_start period_end plan fact attainment remaining forecast "
    "needed_per_workday",
    "alerts": "alert_id rule severity state subject_kind subject kpi window value threshold n started_at "
    "ended_at summary",
    "managers": "manager name group time_zone active",
    "dead_letters": "origin topic partition offset received_at source reason detail payload",
    "measurements": "measured_at subject_kind subject name value entity customer",
    "bi_calls": "call_id group_name manager_name started_local outcome wait_s phone_masked",
    "bi_missed_now": "since waiting_minutes overdue group_name phone_masked",
    "bi_manager_day": "day manager manager_name calls_handled offers_missed talk_s",
}


@pytest.fixture
def empty(clickhouse: str) -> Iterator[Client]:
    """A ClickHouse without anything of ours."""
    client = connect(clickhouse)
    drop(client)
    yield client
    drop(client)  # other tests of this ClickHouse find no migrations but the project's
    client.close()


def columns_of(client: Client, database: str, table: str) -> dict[str, str]:
    rows = client.query(
        "SELECT name, type FROM system.columns WHERE database = {d:String} AND table = {t:String}",
        parameters={"d": database, "t": table},
    ).result_rows
    return {str(name): str(kind) for name, kind in rows}


def test_all_apply_to_an_empty_clickhouse_and_a_second_run_changes_nothing(empty: Client) -> None:
    waiting = pending(empty)
    assert migrate(empty) == waiting
    assert [name for name in waiting if name[0].isdigit()] == [m.name for m in read_migrations()]
    before = applied_checksums(empty)
    assert pending(empty) == []
    assert migrate(empty) == []
    assert applied_checksums(empty) == before


def test_tables_have_the_columns_that_are_written(store: Client) -> None:
    filled_in = {"kpi_minutes": {"inserted_at", "numbers", "spreads", "tag_sets"}, "calls": {"inserted_at"}}
    for table, layout in LAYOUTS.items():
        written = {*layout.columns, *filled_in.get(table, ())}
        assert set(columns_of(store, ROWS, table)) == written, table


def test_tables_replace_rows_by_the_keys_that_batches_use(store: Client) -> None:
    rows = store.query(
        "SELECT name, sorting_key, engine_full FROM system.tables WHERE database = {d:String}",
        parameters={"d": ROWS},
    ).result_rows
    found = {name: (key, engine) for name, key, engine in rows}
    for table, layout in LAYOUTS.items():
        key, engine = found[table]
        assert engine.startswith("ReplacingMergeTree(version, gone)"), table
        assert {part.strip(" `") for part in key.split(",")} == set(layout.columns[: layout.key]), table


@pytest.mark.parametrize("view", PROMISED)
def test_every_view_of_the_contract_can_be_read(store: Client, view: str) -> None:
    columns = columns_of(store, VIEWS, view)
    assert set(PROMISED[view].split()) <= set(columns)
    assert store.query(f"SELECT * FROM {VIEWS}.{view}").result_rows == []


def test_times_are_utc_with_milliseconds_and_durations_are_seconds(store: Client) -> None:
    rows = store.query(
        "SELECT table, name, type FROM system.columns WHERE database = {d:String}", parameters={"d": VIEWS}
    ).result_rows
    for table, name, kind in rows:
        if name.endswith(("_at", "as_of", "minute", "since")):
            assert "DateTime64(3, 'UTC')" in kind, (table, name, kind)
        if name.endswith("_s"):
            assert "Float64" in kind, (table, name, kind)


def test_a_measurement_declared_later_gets_its_column(store: Client) -> None:
    last = pane_column_names()[-1]
    arrays = ("numbers", "spreads", "tag_sets")
    for column in (*arrays, last):
        store.command(f"ALTER TABLE {ROWS}.kpi_minutes DROP COLUMN {column}")
    parts = ["generated_kpi_minutes_columns", "generated_kpi_minutes_arrays"]
    for part in parts:
        store.command(f"INSERT INTO {ROWS}.migrations (name, checksum) VALUES ('{part}', repeat('0', 64))")
    assert migrate(store) == parts
    assert {last, *arrays} <= columns_of(store, ROWS, "kpi_minutes").keys()


def test_arrays_of_panes_follow_their_declaration_for_rows_of_before_too(store: Client) -> None:
    name = pane_column_names()[0]
    store.command(
        f"INSERT INTO {ROWS}.kpi_minutes (subject, minute, {name}, version) VALUES ('a:all', '2026-01-05', 7, 1)"
    )
    assert store.query(f"SELECT numbers[1] FROM {ROWS}.kpi_minutes").result_rows == [(7,)]
    store.command(f"ALTER TABLE {ROWS}.kpi_minutes MODIFY COLUMN numbers Array(Int64) MATERIALIZED [1, 2]")
    for statement in pane_arrays_sql():
        store.command(statement)
    assert store.query(f"SELECT numbers[1] FROM {ROWS}.kpi_minutes").result_rows == [(7,)]


def test_rows_from_before_inserted_at_get_one_time_for_good(empty: Client) -> None:
    (migration,) = (found for found in read_migrations() if found.name.endswith("inserted_at"))
    for statement in (
        f"CREATE DATABASE {ROWS}",
        f"CREATE TABLE {ROWS}.kpi_minutes (a Int64) ENGINE = MergeTree ORDER BY a",
        f"CREATE TABLE {ROWS}.calls (a Int64) ENGINE = MergeTree ORDER BY a",
        f"INSERT INTO {ROWS}.kpi_minutes VALUES (1)",
        *migration.statements(),
    ):
        empty.command(statement)
    pending_mutations = f"SELECT count() FROM system.mutations WHERE database = '{ROWS}' AND NOT is_done"
    eventually(lambda: not empty.command(pending_mutations), within=10, what="written once")
    stored = f"SELECT inserted_at, now64(3, 'UTC') > inserted_at FROM {ROWS}.kpi_minutes"
    eventually(lambda: empty.query(stored).result_rows[0][1], within=10, what="a time that stays behind")


def test_an_edited_migration_is_refused(empty: Client, tmp_path: Path) -> None:
    path = tmp_path / "0001_one.sql"
    path.write_text(f"CREATE DATABASE IF NOT EXISTS {ROWS};\n")
    migrate(empty, tmp_path)
    path.write_text(f"CREATE DATABASE IF NOT EXISTS {ROWS} COMMENT 'other';\n")
    with pytest.raises(EditedHistory, match="0001_one was applied with another text"):
        migrate(empty, tmp_path)


def test_a_migration_that_is_missing_is_refused(empty: Client, tmp_path: Path) -> None:
    (tmp_path / "0001_one.sql").write_text("SELECT 1;\n")
    migrate(empty, tmp_path)
    (tmp_path / "0001_one.sql").rename(tmp_path / "0001_two.sql")
    with pytest.raises(EditedHistory, match="0001_one was applied, but"):
        pending(empty, tmp_path)


def test_a_failed_migration_is_tried_again(empty: Client, tmp_path: Path) -> None:
    path = tmp_path / "0001_one.sql"
    path.write_text("SELECT 1;\nSELECT nothing_of_that_name;\n")
    with pytest.raises(Exception, match="nothing_of_that_name"):
        migrate(empty, tmp_path)
    path.write_text("SELECT 1;\n")
    assert "0001_one" in migrate(empty, tmp_path)


@pytest.mark.parametrize("names", [["1_one.sql"], ["0001_One.sql"], ["0001_one.sql", "0001_two.sql"]])
def test_names_that_break_the_order_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;\n")
    with pytest.raises(ValueError, match="NNNN_what"):
        read_migrations(tmp_path)


def test_a_file_is_cut_into_statements_at_semicolons_that_end_a_line() -> None:
    migration = Migration("0001_x", "-- why\nSELECT ';' AS a;\n\n-- only words\n;\nSELECT 2\n")
    assert migration.statements() == ["-- why\nSELECT ';' AS a", "SELECT 2"]
    assert migration.checksum == hashlib.sha256(migration.text.encode()).hexdigest()
