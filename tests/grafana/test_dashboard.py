"""The dashboard: as the code makes it, well laid out, and every question has an answer."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from grafana.call_centre_now import UID, dashboard, panels
from grafana.panels import COLUMNS, DATASOURCE, Panel
from grafana.render import FOLDER, main, outdated
from streams.clock import now_ms
from streams.directory import Directory
from streams.kpis.declarations import KPIS
from streams.records import PaneState
from streams.sinks.connection import connect
from streams.sinks.directory_rows import write_directory
from tests.grafana.macros import expanded
from tests.sinks.conftest import empty
from tests.sinks.stored import put_named, put_panes

PANELS = {panel.title: panel for panel in panels()}
NOW = now_ms()
MINUTE = NOW // 60_000

DIRECTORY = """
groups:
  sales: {name: Sales, time_zone: Europe/Moscow}
managers:
  m1: {name: Anna Petrova, group: sales}
  m2: {name: Boris Orlov, group: sales}
"""


def test_the_committed_json_is_what_the_code_makes() -> None:
    assert outdated() == []
    assert main(["--check"]) == 0
    (path,) = FOLDER.glob("*.json")
    assert json.loads(path.read_text(encoding="utf-8"))["uid"] == UID == "salespulse-call-centre-now"


def test_panels_do_not_overlap_and_fit_the_grid() -> None:
    boxes = [panel["gridPos"] for panel in dashboard()["panels"]]
    for box in boxes:
        assert box["x"] + box["w"] <= COLUMNS
        assert box["w"] > 0
        assert box["h"] > 0
    for one, other in combinations(boxes, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y, (one, other)


def test_every_panel_says_what_it_shows_in_which_unit_from_the_provisioned_source() -> None:
    made = dashboard()
    assert len({panel["id"] for panel in made["panels"]}) == len(made["panels"])
    for panel in made["panels"]:
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"] == panel["targets"][0]["datasource"] == DATASOURCE
    for variable in made["templating"]["list"]:
        assert variable.get("datasource", DATASOURCE) == DATASOURCE


@pytest.fixture(scope="module")
def seeded(migrated: str) -> Iterator[Client]:
    """A small centre: two managers, live values of group and whole, three minutes of calls."""
    client, url = connect(migrated), migrated
    empty(client)
    write_directory(client, Directory.from_text(DIRECTORY), NOW)
    customer = {"customer": "c1", "phone": "+74951234567", "phone_masked": "+7 *** ***-**-67"}
    put_named(url, "customers", customer)
    put_named(url, "kpi_now", *_live_values(now_ms()))
    waits = {"wait_answered_hours": {10: 2, 30: 1}, "wait_abandoned_hours": {30: 1}}
    counted = {"call_in": [4, 0], "call_missed": [1, 0], "call_missed_hours": [1, 0]}
    pane = PaneState({}, counted, waits, {})
    pane.counters |= {"call_answered": [3, 9_000], "call_answered_hours": [3, 9_000]}
    put_panes(url, [(who, MINUTE - ago, pane) for who in ("g:sales", "a:all") for ago in (1, 2, 3)])
    put_named(
        url, "events", {"source": "pbx", "event_id": "e1", "at": now_ms() - 8_000, "logged_at": NOW, **_RAW}
    )
    put_named(url, "open_items", *(_missed(group, n) for n, group in enumerate(("sales", "support"))))
    raised = (("sales", "warning"), ("sales", "critical"), ("all", "warning"))
    put_named(url, "alerts", *(_alert(*each, age) for age, each in zip((2, 1, 3), raised, strict=True)))
    yield client
    client.close()


_RAW = {"raw_topic": 0, "raw_partition": 0, "raw_offset": 0, "place": 1, "item": 0}


def _live_values(as_of: int) -> list[dict[str, Any]]:
    found = []
    for kpi in KPIS.values():
        for subject in ("m:m1", "m:m2", "g:sales", "a:all"):
            if kpi.concerns(subject):
                value = {"m:m1": 7.0, "m:m2": 9.0, "g:sales": 0.25, "a:all": 0.5}[subject]
                found += [
                    {
                        "subject": subject,
                        "kpi": kpi.id,
                        "window": window,
                        "as_of": as_of,
                        "value": value,
                        "n": 12,
                    }
                    for window in kpi.windows
                ]
    return found


def _missed(group: str, number: int) -> dict[str, Any]:
    since = NOW - 600_000 + number
    common = {"source": "pbx", "kind": "missed_call", "customer": "c1", "state": "new", "misses": 1}
    return common | {"item_id": f"i{number}", "group": group, "since": since, "due_at": since + 300_000}


def _alert(subject: str, severity: str, number: int) -> dict[str, Any]:
    at = NOW - number * 60_000
    common = {"rule": "missed-share", "state": "firing", "summary": f"{subject} {severity}", "runbook": ""}
    return common | {
        "alert_id": f"a{number}",
        "subject": subject,
        "severity": severity,
        "at": at,
        "started_at": at,
    }


def answer(client: Client, panel: Panel, group: str = "sales") -> list[dict[str, Any]]:
    end = datetime.fromtimestamp(NOW / 1000, UTC)
    sql = expanded(panel.sql, end - timedelta(hours=6), end, {"group": group, "window": "1h"})
    return list(client.query(sql).named_results())


@pytest.mark.parametrize("group", ["sales", "all"])
def test_every_panel_has_an_answer(seeded: Client, group: str) -> None:
    for title, panel in PANELS.items():
        rows = answer(seeded, panel, group)
        assert rows, title
        assert any(value is not None for value in rows[-1].values()), title


def test_tiles_show_the_live_value_of_what_is_chosen_with_the_number_behind_a_share(seeded: Client) -> None:
    assert answer(seeded, PANELS["Missed share, $window"], "sales") == [{"Missed share": 0.25, "of": 12}]
    assert answer(seeded, PANELS["Missed share, $window"], "all") == [{"Missed share": 0.5, "of": 12}]


def test_the_line_of_freshness_tells_ages(seeded: Client) -> None:
    (row,) = answer(seeded, PANELS["Data as of"])
    assert 0 <= row["live values"] < 110
    assert 8 <= row["last event"] < 110


def test_lists_show_the_chosen_group_worst_or_oldest_first_and_no_phone(seeded: Client) -> None:
    assert [row["summary"] for row in answer(seeded, PANELS["Alerts firing"], "all")] == [
        "sales critical",
        "all warning",
        "sales warning",
    ]
    assert [row["summary"] for row in answer(seeded, PANELS["Alerts firing"])] == [
        "sales critical",
        "sales warning",
    ]
    missed = PANELS[KPIS["open_missed"].title]
    (row,) = answer(seeded, missed)
    assert (row["Group"], row["customer"], row["overdue"]) == ("Sales", "+7 *** ***-**-67", True)
    assert [row["Group"] for row in answer(seeded, missed, "all")] == ["Sales", "support"]


def test_managers_are_named_and_ordered_by_calls_handled(seeded: Client) -> None:
    rows = answer(seeded, PANELS["Managers today"])
    assert [(row["Manager"], row["Calls handled"]) for row in rows] == [
        ("Boris Orlov", 9.0),
        ("Anna Petrova", 7.0),
    ]


def test_charts_show_minutes_and_rolling_shares(seeded: Client) -> None:
    minutes = answer(seeded, PANELS["Calls per minute"])
    assert [(row["calls"], row["answered"], row["missed"]) for row in minutes] == [(4, 3, 1)] * 3
    shares = answer(seeded, PANELS["Missed share and service level, $window"])
    assert {row["missed share"] for row in shares} == {0.25}
    assert {row["service level"] for row in shares} == {0.5}


def test_the_choice_of_groups_is_that_of_the_directory(seeded: Client) -> None:
    query = next(each["query"] for each in dashboard()["templating"]["list"] if each["name"] == "group")
    assert seeded.query(query).result_rows == [
        ("all", "The whole centre"),
        ("sales", "Sales"),
        ("unassigned", "unassigned"),
    ]


def test_without_any_data_every_panel_is_empty_and_none_fails(store: Client) -> None:
    for panel in PANELS.values():
        assert all(value is None for row in answer(store, panel) for value in row.values()), panel.title
