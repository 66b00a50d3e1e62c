"""What users do and see, on one installation: events in by every way, numbers, alerts, late events."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.feeding import SECRET, customer_key, message, write_config
from tests.e2e.installation import Installation
from tests.e2e.listener import Listener, listening
from tests.e2e.stored import rows
from tests.waiting import eventually

Json = dict[str, Any]
TOKEN = "a token for the tests alone"
RULES = """
rules:
  - name: missed-share
    kpi: missed_share
    window: 1h
    subjects: [night]
    above: 0.5
    min_n: 3
    hours: always
    summary: "{subject}: {value:.0%} of {n} calls missed"
  - name: missed-not-called-back
    kpi: uncalled_missed_oldest_s
    subjects: [night]
    above: 2s
    hours: always
    summary: "{subject}: {n} wait, the first for {value_text}"
"""


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("flow")
    config = write_config(folder / "config", RULES)
    made = Installation(
        folder / "data",
        config,
        SALESPULSE_SECRET=SECRET,
        SALESPULSE_TOKEN=TOKEN,
        SALESPULSE_WEBHOOK=listener.url,
    )
    made.start()
    yield made
    made.destroy()


def event(number: str, kind: str, at: datetime, customer: str, **fields: Any) -> Json:
    return {
        "event_id": number,
        "type": kind,
        "occurred_at": at.isoformat(timespec="milliseconds"),
        "source": "pbx",
        "customer": customer,
        **fields,
    }


def missed(name: str, end: datetime, customer: str, group: str = "night") -> list[Json]:
    begun = end - timedelta(seconds=30)
    return [
        event(f"{name}-1", "call.started", begun, customer, call_id=name, direction="in", group=group),
        event(f"{name}-2", "call.ended", end, customer, call_id=name, reason="hangup"),
    ]


def answered(name: str, at: datetime, customer: str, direction: str = "in") -> list[Json]:
    """A minute's call that m5 answers, or makes, after ten seconds."""
    common = {"call_id": name, "manager": "m5"}
    started = event(f"{name}-1", "call.started", at, customer, direction=direction, group="night", **common)
    if direction == "in":
        del started["manager"]
    return [
        started,
        event(f"{name}-2", "call.answered", at + timedelta(seconds=10), customer, **common),
        event(f"{name}-3", "call.ended", at + timedelta(seconds=70), customer, call_id=name),
    ]


def post(installation: Installation, body: Any, token: str = TOKEN) -> tuple[int, Json]:
    request = urllib.request.Request(
        installation.http("/events"),
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


def command(installation: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("salespulse")), *words],
        env=installation.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def now_value(installation: Installation, subject: str, kpi: str, window: str) -> list[str]:
    """Value and n of a live KPI."""
    found = installation.query(
        f"SELECT value, n FROM sales.kpi_now WHERE subject = '{subject}' AND kpi = '{kpi}'"
        f" AND `window` = '{window}'"
    )
    return found[0] if found else []


def test_missed_calls_are_seen_told_and_taken_back_when_called(
    installation: Installation, listener: Listener
) -> None:
    start = datetime.now(UTC)
    calls = [e for n in range(3) for e in missed(f"now-{n}", start, f"+7495124100{n}")]
    assert post(installation, calls)[0] == 202
    assert post(installation, calls, token="another")[0] == 401
    status, answer = post(installation, [*calls[:1], {"type": "call.sneezed"}])
    assert status == 400
    assert "call.sneezed" in json.dumps(answer)

    eventually(
        lambda: now_value(installation, "night", "calls_missed", "1h") == ["3", "3"],
        60,
        what="3 missed calls",
    )
    assert now_value(installation, "night", "missed_share", "15m") == ["1", "3"]
    assert now_value(installation, "night", "open_missed", "now") == ["3", "3"]
    (share,) = eventually(lambda: listener.told(rule="missed-share", state="firing"), 60)
    assert share["summary"] == "night: 100% of 3 calls missed"
    assert (share["subject_kind"], share["subject"], share["n"]) == ("group", "night", 3)
    (late,) = eventually(lambda: listener.told(rule="missed-not-called-back", state="firing"), 60)
    assert listener.refused == 1

    installation.kill("worker")  # whoever comes next knows from the topic what fires
    dials = [answered(f"back-{n}", datetime.now(UTC), f"+7495124100{n}", "out")[0] for n in range(3)]
    assert post(installation, dials)[0] == 202
    (over,) = eventually(lambda: listener.told(rule="missed-not-called-back", state="resolved"), 60)
    assert over["alert_id"] == late["alert_id"]
    stored = eventually(
        lambda: installation.query(
            "SELECT state, severity, ended_at > started_at FROM sales.alerts WHERE state = 'resolved'"
            f" AND alert_id = '{late['alert_id']}'"
        ),
        30,
    )
    assert stored == [["resolved", "warning", "1"]]


def test_a_queue_log_imported_twice_changes_nothing(installation: Installation, tmp_path: Path) -> None:
    second = int((datetime.now(UTC) - timedelta(hours=3)).timestamp())
    lines = [
        f"{second}|q-1.1|sales|NONE|ENTERQUEUE||84951230077|1",
        f"{second + 4}|q-1.1|sales|SIP/m1|RINGNOANSWER|3000",
        f"{second + 9}|q-1.1|sales|SIP/m2|CONNECT|9|q-1.2|4",
        f"{second + 69}|q-1.1|sales|SIP/m2|COMPLETECALLER|9|60|1",
        f"{second + 80}|q-2.1|sales|NONE|ENTERQUEUE||84951230078|1",
        f"{second + 120}|q-2.1|sales|NONE|ABANDON|1|1|40",
    ]
    file = tmp_path / "queue_log"
    file.write_text("\n".join(lines) + "\n")
    looks = []
    for _ in range(2):
        done = command(installation, "import", "queue_log", str(file))
        assert done.returncode == 0, done.stderr
        installation.wait_drained()
        looks.append(
            [
                rows(installation, f"SELECT * EXCEPT version FROM sales_rows.{table} FINAL ORDER BY ALL")
                for table in ("calls", "call_legs", "measurements", "kpi_minutes")
            ]
        )
    assert looks[0] == looks[1]
    found = installation.query(
        "SELECT call_id, outcome, wait_s, talk_s FROM sales.calls WHERE source = 'asterisk' ORDER BY call_id"
    )
    assert found == [["q-1.1", "answered", "9", "60"], ["q-2.1", "missed", "40", "\\N"]]
    wrong = tmp_path / "picture"
    wrong.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    refused = command(installation, "import", "queue_log", str(wrong))
    assert refused.returncode != 0
    assert "binary" in refused.stderr


def test_events_of_long_ago_make_calls_minutes_and_days_right(installation: Installation) -> None:
    """A customer is forgotten after a week; what comes then is folded with what is stored of him."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    old, later = noon - timedelta(days=30), noon - timedelta(days=10)
    customer = "+74951242000"
    first = answered("old-1", old, customer)
    installation.produce(map(message, first))
    crowd = [e for n in range(200) for e in answered(f"crowd-{n}", later, f"+7495125{n:04d}")]
    installation.produce(map(message, crowd))
    installation.wait_drained()

    rating = event(
        "old-rated", "call.rated", old + timedelta(hours=1), customer, call_id="old-1", manager="m5", score=4
    )
    second = missed("old-2", old + timedelta(minutes=30), customer)
    installation.produce(map(message, [rating, *second, *first]))
    installation.wait_drained()
    key = customer_key(customer)
    calls = installation.query(
        f"SELECT call_id, outcome, talk_s, rating FROM sales.calls WHERE customer = '{key}' ORDER BY call_id"
    )
    assert calls == [["old-1", "answered", "60", "4"], ["old-2", "missed", "\\N", "\\N"]]
    minute = (old + timedelta(minutes=30)).strftime("%Y-%m-%d %H:%M:00")
    counted = installation.query(
        "SELECT call_missed_n FROM sales.kpi_minutes WHERE subject_kind = 'group' AND subject = 'night'"
        f" AND minute = toDateTime('{minute}', 'UTC')"
    )
    assert counted == [["1"]]
    done = command(installation, "reconcile")
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_phone_stands_anywhere_but_in_customers(installation: Installation) -> None:
    tables = installation.query(
        "SELECT name FROM system.tables WHERE database = 'sales_rows'"
        " AND name NOT IN ('customers', 'dead_letters') AND engine LIKE '%MergeTree'"
    )
    assert len(tables) > 8
    for (table,) in tables:
        found = installation.query(
            f"SELECT count() FROM sales_rows.{table} WHERE toString(tuple(*)) LIKE '%49512%'"
        )
        assert found == [["0"]], table
    masked = installation.query("SELECT phone_masked FROM sales.customers_masked LIMIT 1")
    assert "*" in masked[0][0]


def test_doctor_finds_nothing_wrong(installation: Installation) -> None:
    done = command(installation, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
